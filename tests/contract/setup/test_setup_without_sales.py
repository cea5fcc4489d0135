"""The set-up of an environment without Dynamics 365 Sales, which has no leads that our tables could point to."""

from tests.setup_world import SMALL, named


def test_an_environment_without_leads_is_refused_before_anything_is_written(world):
    world.environment.light, world.environment.has_leads = True, False
    world.parts = named(*SMALL)

    plan = world.planned()

    assert plan.refusals == ("The environment has no leads: the set-up needs a licence of Dynamics 365 Sales.",)
    assert world.sent == []
