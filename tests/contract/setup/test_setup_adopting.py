"""What others made with the names of ours: refused, or adopted where a file says so. And what is ours, put back."""

import pytest

from connector.setup.components import components
from connector.setup.errors import SetupRefused
from connector.setup.plan import Adoption, SetupAction
from connector.setup.planning import propose_adoption
from tests.setup_world import SMALL, Death, named

VISITOR = "table dh_websitevisitor"
DEFINITION = "EntityDefinitions(LogicalName='dh_websitevisitor')"


@pytest.fixture
def vendor(world):
    """An environment with a solution of somebody else: one of our tables, a choice, and a row."""
    world.parts = named(*SMALL)
    publisher = {
        "uniquename": "vendor",
        "friendlyname": "Vendor",
        "customizationprefix": "dh",
        "customizationoptionvalueprefix": 10_000,
    }
    publisher_id = world.make("publishers", publisher)
    solution = {"uniquename": "Theirs", "friendlyname": "Theirs", "version": "1.0.0.0"}
    world.make("solutions", {**solution, "publisherid@odata.bind": f"/publishers({publisher_id})"})
    for part in world.parts:
        if f"{part.kind} {part.name}" in (VISITOR, "choice dh_spotlerinteractiontype"):
            part.create(_Theirs(world))
    world.environment.clock.move(60)
    world.load("dh_websitevisitor", dh_name="Contoso")
    world.sent.clear()
    return world


class _Theirs:
    """The environment, as if it were for their solution."""

    def __init__(self, world):
        self.languages, self.calls = world.target().languages, self
        self._make = world.make

    def post(self, path, body, _solution):
        return self._make(path, body, "Theirs")


def definitions(world):
    """Everything that is defined, but for what marks a change."""
    return {
        name: dict(each.properties) for name, each in world.environment.customizing.parts.definitions.tables.items()
    }


def test_nothing_of_others_is_overwritten(vendor):
    before = definitions(vendor)

    plan = vendor.planned()
    with pytest.raises(SetupRefused):
        vendor.applied(plan)

    refused = [each for each in plan.refusals if each.startswith((VISITOR, "choice", "The prefix"))]
    assert len(refused) == len(plan.refusals) == 3
    assert "docs/administrators/dataverse.md" in refused[-1]
    assert (vendor.sent, definitions(vendor)) == ([], before)


def test_what_could_be_adopted_is_proposed(vendor):
    proposed = propose_adoption(vendor.planned(), vendor.target())

    assert proposed == Adoption(publisher="vendor", components=("choice dh_spotlerinteractiontype", VISITOR))


def test_what_the_file_names_becomes_ours_with_its_rows_and_the_next_plan_needs_no_file(vendor):
    adoption = propose_adoption(vendor.planned(), vendor.target())
    names = {f"{each.kind} {each.name}" for each in vendor.parts}
    vendor.parts = [each for each in components("vendor") if f"{each.kind} {each.name}" in names]

    plan = vendor.planned(adoption)
    report = vendor.applied(plan)

    adopted = {each.component for each in plan.components if each.action is SetupAction.ADOPT}
    assert adopted == set(adoption.components)
    assert adopted <= set(report.done)
    assert [row["dh_name"] for row in vendor.rows("dh_websitevisitor")] == ["Contoso"]
    assert vendor.planned().refusals == ()
    assert vendor.planned().writes == ()
    assert [row["uniquename"] for row in vendor.rows("publisher") if row["customizationprefix"] == "dh"] == ["vendor"]


def test_what_somebody_took_out_of_our_solution_is_put_back_also_after_a_death(world):
    world.parts = named(*SMALL)
    world.applied()
    for path in (DEFINITION, "EntityDefinitions(LogicalName='list')/Attributes(LogicalName='dh_spotlersync')"):
        found = world.calls.get(path)
        kind = 1 if path == DEFINITION else 2
        member = {
            "@odata.type": "Microsoft.Dynamics.CRM.solutioncomponent",
            "solutioncomponentid": found["MetadataId"],
        }
        world.calls.act(
            "RemoveSolutionComponent",
            {"SolutionComponent": member, "ComponentType": kind, "SolutionUniqueName": "SpotlerConnector"},
        )
    plan = world.planned()

    def die(_number, _method, path):
        if path == "AddSolutionComponent":
            raise Death

    world.after = die
    with pytest.raises(Death):
        world.applied(plan)
    world.after = lambda *_: None
    world.applied(plan)

    assert plan.refusals == ()
    assert {each.component: each.action for each in plan.writes} == {
        VISITOR: SetupAction.DRIFT,
        "column list.dh_spotlersync": SetupAction.DRIFT,
    }
    assert world.planned().writes == ()


def test_an_upgrade_from_an_older_manifest_adds_and_never_drops(world):
    """The older one had fewer columns and options; and one column that the new one has not."""
    new = named(*SMALL)
    world.parts = named(*SMALL[:4])
    world.applied()
    old = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "dh_Old",
        "DisplayName": {"LocalizedLabels": [{"Label": "Old", "LanguageCode": 1033}]},
        "RequiredLevel": {"Value": "None"},
        "MaxLength": 50,
        "FormatName": {"Value": "Text"},
    }
    world.make(f"{DEFINITION}/Attributes", old, "SpotlerConnector")
    world.environment.clock.move(60)
    world.calls.act("DeleteOptionValue", {"OptionSetName": "dh_spotlerinteractiontype", "Value": 100000001})
    world.calls.patch(f"solutions({world.target().solution_id})", {"version": "0.9.0.0"})
    world.load("dh_websitevisitor", dh_name="Contoso", dh_old="x")
    world.parts = new

    plan = world.planned()
    report = world.applied(plan)

    actions = {each.component: each.action for each in plan.writes}
    assert actions["choice dh_spotlerinteractiontype"] is SetupAction.CHANGE
    assert set(actions.values()) == {SetupAction.CREATE, SetupAction.CHANGE}
    assert set(SMALL[4:]) < set(report.done)
    assert [(row["dh_name"], row["dh_old"]) for row in world.rows("dh_websitevisitor")] == [("Contoso", "x")]
    assert world.planned().writes == ()


@pytest.mark.parametrize("languages", [[1043], [1043, 1033], [1033], [1031, 1043]])
def test_labels_are_in_the_languages_that_the_environment_has(world, languages):
    world.parts = named(*SMALL[:2])
    world.environment.customizing.knobs.languages = languages
    world.environment.follow_languages()

    world.applied()

    label = world.calls.get(f"{DEFINITION}?$select=DisplayName")["DisplayName"]
    shown = {each["LanguageCode"]: each["Label"] for each in label["LocalizedLabels"]}
    texts = {1033: "Website Visitor", 1043: "Websitebezoeker", 1031: "Website Visitor"}
    assert shown == {language: texts[language] for language in languages}
    assert world.planned().writes == ()
