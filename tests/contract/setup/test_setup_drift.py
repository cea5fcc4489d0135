"""What somebody did to a component after a set-up is set back, may stay, or is refused with its name; by every kind."""

import pytest

from connector.setup.component import full_name
from connector.setup.components import components
from connector.setup.errors import SetupRefused
from connector.setup.inputs import SetupInputs
from connector.setup.plan import Extras, SetupAction
from tests import setup_installed
from tests.contract.setup.app_drifts import APP_CHANGES, APP_KINDS, NOT_OF_APPS
from tests.contract.setup.drift_additions import ADDITIONS, WITHOUT_ADDITIONS
from tests.contract.setup.drift_cases import CHANGES, IMPOSSIBLE
from tests.contract.setup.drifts import HOWS, Drift, Ends
from tests.setup_world import STEPS

CASES = (*CHANGES, *ADDITIONS, *APP_CHANGES)
IMPOSSIBLE_ALL = {**IMPOSSIBLE, **WITHOUT_ADDITIONS, **NOT_OF_APPS}


def change_of(drift: Drift) -> list[Drift]:
    """A change of what somebody added something to, where what was added stays and the change is set back."""
    if (drift.how, drift.ends) != ("added", Ends.KEPT):
        return []
    return [each for each in CASES if (each.kind, each.how, each.ends) == (drift.kind, "changed", Ends.SET_BACK)][:1]


@pytest.fixture
def world(world, drift: Drift):
    """One component of every kind is installed, or a small app with all that it shows."""
    return world.once(setup_installed.hub if drift.kind in APP_KINDS else setup_installed.each)


def test_every_kind_of_component_has_a_case_or_a_reason_for_everything_that_can_be_done_to_it():
    inputs = SetupInputs(steps=STEPS, values={"dh_any": "A"})
    every = components(extras=Extras(buttons=True, forms=("contact:any",)), inputs=inputs)
    wanted = {(kind, how) for kind in {each.kind for each in every} for how in HOWS}
    cases = {(each.kind, each.how) for each in CASES}

    assert cases | set(IMPOSSIBLE_ALL) == wanted
    assert cases & set(IMPOSSIBLE_ALL) == set()


@pytest.mark.parametrize("drift", CASES, ids=lambda each: f"{each.kind} {each.how}")
def test_drift_is_set_back_or_may_stay_or_is_refused(world, drift: Drift):
    drift.act(world)
    world.calls = world.administrator()
    sent = len(world.sent)
    plan = world.planned()
    named = {each.component: each for each in plan.writes}
    name = drift.named or next(full_name(each) for each in world.parts if each.kind == drift.kind)

    if drift.ends is Ends.REFUSED:
        assert any(name in refusal for refusal in plan.refusals), plan.refusals
        with pytest.raises(SetupRefused):
            world.applied(plan)
        assert len(world.sent) == sent
        drift.undo(world)
        world.calls = world.administrator()
        assert world.planned().refusals == ()
        return
    assert plan.refusals == ()
    assert len(world.sent) == sent
    if drift.ends is Ends.KEPT:
        assert plan.writes == ()
        for change in change_of(drift):
            change.act(world)
            world.calls = world.administrator()
            world.applied()
        assert drift.remains(world)
        return
    assert name in named
    assert {each.action for each in plan.writes} <= {SetupAction.DRIFT, SetupAction.CHANGE}
    world.applied(plan)
    again = world.planned()

    assert (again.writes, again.refusals) == ((), ())
