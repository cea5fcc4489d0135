"""Answers that Dataverse does not give, lists of several pages, and others' things beside ours of the same name."""

import json
from uuid import uuid4

import pytest

from connector.dataverse.api.errors import NotDataverse
from connector.setup.component import SetupPhase, full_name
from connector.setup.components import components
from connector.setup.endpoints import our_endpoint
from connector.setup.errors import SetupRefused
from connector.setup.inputs import SetupInputs
from connector.setup.roles import root_unit
from connector.setup.target import read_target
from tests.in_process import response
from tests.setup_world import ENDPOINT, STEPS, named

OTHER_ID = "00000000-0000-4000-8000-000000000001"


def answering(world, beginning, content):
    """Whoever asks for what begins so gets this."""
    usual = world.send

    def send(request, **options):
        if request.method == "GET" and f"/api/data/v9.2/{beginning}" in request.url:
            return response(request, 200, {"OData-Version": "4.0"}, json.dumps(content).encode())
        return usual(request, **options)

    world.send = send


@pytest.fixture
def world(world):
    """As elsewhere; what `answering` did is undone."""
    yield world
    vars(world).pop("send", None)


@pytest.mark.parametrize(
    ("beginning", "content"),
    [
        ("WhoAmI", {}),
        ("WhoAmI", {"OrganizationId": None}),
        ("organizations", {"value": []}),
        ("organizations", {"value": [{"name": "", "languagecode": 1033}]}),
        ("organizations", {"value": [{"name": "Contoso", "languagecode": None}]}),
        ("RetrieveProvisionedLanguages", {"RetrieveProvisionedLanguages": []}),
    ],
)
def test_an_environment_that_does_not_say_which_it_is_gets_neither_plan_nor_removal(world, beginning, content):
    answering(world, beginning, content)

    with pytest.raises(NotDataverse):
        read_target(world.calls)


def test_an_environment_without_any_business_unit_is_none(world):
    target = world.target()
    answering(world, "businessunits", {"value": []})

    with pytest.raises(NotDataverse):
        root_unit(target)


def test_a_table_without_any_column_is_none_so_that_nothing_of_others_is_lost_with_it(world):
    world.parts = named("table dh_websitevisitor")
    world.applied()
    answering(world, "EntityDefinitions(LogicalName=%27dh_websitevisitor%27)/Attributes", {"value": []})
    answering(world, "EntityDefinitions(LogicalName='dh_websitevisitor')/Attributes", {"value": []})

    with pytest.raises(NotDataverse):
        world.removal("table dh_websitevisitor")


def test_a_list_is_read_to_its_last_page(world):
    for number in range(5_001):
        world.load("contact", contactid=str(uuid4()), lastname=f"{number}")

    assert len(world.calls.rows("contacts?$select=lastname")) == 5_001


def test_pages_that_go_round_in_a_circle_are_no_answer(world):
    link = "https://dataverse.localhost/api/data/v9.2/publishers?$skiptoken=1"
    answering(world, "publishers", {"value": [{"uniquename": "a"}], "@odata.nextLink": link})

    with pytest.raises(NotDataverse):
        world.calls.rows("publishers?$select=uniquename")


def test_another_endpoint_of_the_same_name_is_neither_taken_for_ours_nor_given_our_steps(world):
    inputs = SetupInputs(endpoint=ENDPOINT, steps=STEPS)
    kinds = ("service endpoint", "step", "step image", "switch of step")
    tables = {full_name(each) for each in named("table dh_spotlerjob", "table dh_websitevisitor")}
    lookup = "lookup dh_websitevisitor.dh_accountid"
    world.parts = [
        each for each in components(inputs=inputs) if each.kind in kinds or full_name(each) in (*tables, lookup)
    ]
    world.applied()
    (ours,) = world.rows("serviceendpoint")
    values = {name: value for name, value in ours.items() if not name.startswith(("_", "version", "created", "modif"))}
    world.load("serviceendpoint", **{**values, "serviceendpointid": OTHER_ID})
    rows = world.environment.store.tables["serviceendpoint"].rows
    rows[ours["serviceendpointid"]] = rows.pop(ours["serviceendpointid"])  # the other one is listed first
    world.calls = world.administrator()

    assert next(row["serviceendpointid"] for row in world.calls.rows("serviceendpoints?$select=name")) == OTHER_ID
    assert world.planned().writes == ()
    assert our_endpoint(world.calls)["serviceendpointid"] == ours["serviceendpointid"]


def test_an_installation_of_a_newer_connector_is_neither_changed_nor_removed(world):
    world.parts = named("choice dh_spotlerinteractiontype")
    world.applied()
    world.calls.patch(f"solutions({world.target().solution_id})", {"version": "99.0.0.0"})
    world.calls = world.administrator()
    named_ones = [full_name(each) for each in world.parts if each.phase is not SetupPhase.END]
    world.sent.clear()

    plan, removal = world.planned(), world.removal(*named_ones)
    with pytest.raises(SetupRefused, match=r"99\.0\.0\.0"):
        world.removed(plan=removal)
    assert [("99.0.0.0" in one, "newer connector" in one) for one in (*plan.refusals, *removal.refusals)] == [
        (True, True),
        (True, True),
    ]
    assert world.sent == []
