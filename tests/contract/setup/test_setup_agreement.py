"""A plan is applied as it was read: what would be done beside it, or not at all, stops the run before it writes."""

import pytest
from pydantic import SecretStr

from connector.setup.component import full_name
from connector.setup.components import components
from connector.setup.errors import SetupPlanOutdated, SetupRefused
from connector.setup.inputs import EndpointInputs, SetupInputs
from connector.setup.plan import plan_as_json, read_plan
from tests.contract.setup.drifts import WRONG, delete, of_column, put
from tests.setup_world import Death, named

VISITOR = "dh_websitevisitor"
COLUMN, VIEW, SYNC = f"column {VISITOR}.dh_domain", f"view {VISITOR}.all", "column list.dh_spotlersync"
RENAMED = put(of_column(VISITOR, "dh_domain"), "StringAttributeMetadata", DisplayName=WRONG)
SHORTENED = put(of_column(VISITOR, "dh_domain"), "StringAttributeMetadata", MaxLength=5)
ENDPOINT = "service endpoint SpotlerAutomate"
OLD_KEY, NEW_KEY = SecretStr("a" * 44), SecretStr("b" * 44)


def another_command(world, **given):
    """The next command: it remembers nothing, and the endpoint is given this."""
    inputs = SetupInputs(endpoint=EndpointInputs("sb://contoso.servicebus.windows.net/", **given), steps=())
    wanted = {*map(full_name, named()), ENDPOINT}
    world.calls = world.administrator()
    world.parts = [each for each in components(inputs=inputs) if full_name(each) in wanted]
    world.sent.clear()


@pytest.fixture
def installed(world):
    """A table with its columns and a view, and a column of a standard table."""
    every = map(full_name, components())
    columns = [each for each in every if each.startswith((f"column {VISITOR}.", f"lookup {VISITOR}."))]
    world.parts = named(f"table {VISITOR}", *columns, VIEW, SYNC)
    world.applied()
    return world


@pytest.fixture
def endpoint(world):
    """The endpoint, with a key."""
    another_command(world, key=OLD_KEY)
    world.applied()
    return world


def test_a_property_that_was_changed_after_the_plan_is_not_set_back_with_the_others(installed):
    RENAMED(installed)
    plan = installed.planned()
    SHORTENED(installed)
    installed.sent.clear()

    with pytest.raises(SetupPlanOutdated, match=rf"{COLUMN} \(MaxLength\)") as error:
        installed.applied(plan)
    assert installed.sent == []
    assert "make a new plan" in error.value.what_to_do
    installed.applied()
    assert installed.planned().writes == ()


def test_what_was_to_be_changed_and_is_gone_is_not_made_anew(installed):
    put(of_column("list", "dh_spotlersync"), "BooleanAttributeMetadata", DisplayName=WRONG)(installed)
    delete(VIEW)(installed)
    plan = installed.planned()
    installed.calls.delete(of_column("list", "dh_spotlersync"))
    installed.sent.clear()

    assert {each.component: each.is_new for each in plan.writes} == {VIEW: True, SYNC: False}
    with pytest.raises(SetupPlanOutdated, match=SYNC):
        installed.applied(plan)
    assert installed.sent == []


def test_a_run_that_is_interrupted_later_and_later_goes_on_with_its_plan(installed):
    RENAMED(installed)
    SHORTENED(installed)
    delete(VIEW)(installed)
    installed.environment.clock.move(60)
    plan, number = installed.planned(), 0
    installed.sent.clear()

    def die(now, _method, _path):
        if now == number:
            raise Death

    installed.after = die
    for number in range(1, 20):  # noqa: B007 - `die` looks at it
        installed.calls = installed.administrator()
        installed.sent.clear()
        try:
            installed.applied(plan)
        except Death:
            continue
        break
    assert number > 2
    assert installed.planned().writes == ()


def test_a_key_that_a_plan_replaces_is_not_left_as_it_is(endpoint, tmp_path):
    another_command(endpoint, key=NEW_KEY, replaces_key=True)
    (tmp_path / "plan.json").write_text(plan_as_json(endpoint.planned()), encoding="utf-8")
    plan = read_plan(tmp_path / "plan.json")
    for given in ({}, {"key": NEW_KEY}):
        another_command(endpoint, **given)
        with pytest.raises(SetupPlanOutdated, match="replaces the key") as error:
            endpoint.applied(plan)
        assert "--replace-key" in error.value.what_to_do
        assert endpoint.sent == []

    another_command(endpoint, key=NEW_KEY, replaces_key=True)
    assert endpoint.applied(plan).done == (ENDPOINT,)
    assert endpoint.body is not None


def test_a_key_is_replaced_by_one_that_is_given(endpoint):
    another_command(endpoint, replaces_key=True)
    plan = endpoint.planned()
    with pytest.raises(SetupRefused, match="SERVICE_ENDPOINT_KEY"):
        endpoint.applied(plan)

    assert "SERVICE_ENDPOINT_KEY" in plan.refusals[0]
    assert endpoint.sent == []


def test_a_key_that_was_missing_and_is_set_by_now_is_done(endpoint):
    address = f"serviceendpoints({endpoint.rows('serviceendpoint')[0]['serviceendpointid']})"
    endpoint.calls.patch(address, {"saskey": None})
    another_command(endpoint, key=NEW_KEY)
    plan = endpoint.planned()
    endpoint.calls.patch(address, {"saskey": NEW_KEY.get_secret_value()})
    another_command(endpoint, key=NEW_KEY)

    assert [each.component for each in plan.writes] == [ENDPOINT]
    assert endpoint.applied(plan).done == ()


def test_without_the_key_of_its_plan_a_run_says_what_to_give_it(world):
    another_command(world, key=OLD_KEY)
    plan = world.planned()
    another_command(world)

    with pytest.raises(SetupPlanOutdated, match="SERVICE_ENDPOINT_KEY") as error:
        world.applied(plan)
    assert "options and settings that the plan was made with" in error.value.what_to_do
    assert "environment changed" not in error.value.sentence
