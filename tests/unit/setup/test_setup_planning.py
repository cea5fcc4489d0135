"""What a plan says: create, change, leave alone, drift, adopt; what it refuses; and its form for machines."""

import json

import pytest

from connector.dataverse.schema import TABLES
from connector.setup.columns import ColumnPart
from connector.setup.errors import PlanNotValid
from connector.setup.labels import Languages
from connector.setup.plan import Adoption, SetupAction, plan_as_json, read_adoption, read_plan
from connector.setup.planning import make_plan
from connector.setup.removal import RemovalPlan, read_removal, removal_as_json
from connector.setup.tables import TablePart
from tests.unit.setup.recorded import VERSION, label, target

JOB = TABLES["dh_spotlerjob"]
TABLE, TAG = TablePart(JOB), ColumnPart(JOB, JOB.column("dh_tag"))
TABLE_ADDRESS = "EntityDefinitions(LogicalName='dh_spotlerjob')"
TAG_ADDRESS = f"{TABLE_ADDRESS}/Attributes(LogicalName='dh_tag')"
TABLE_ID = "44444444-0000-4000-8000-000000000000"


def environment(*, table=None, tag=None, **others):
    answers = {}
    if table is not None:
        answers[TABLE_ADDRESS] = {
            "MetadataId": TABLE_ID.upper(),
            "OwnershipType": "UserOwned",
            "IsActivity": False,
            "EntitySetName": "dh_spotlerjobs",
            "PrimaryIdAttribute": "dh_spotlerjobid",
            "PrimaryNameAttribute": "dh_name",
            "DisplayName": label(en="Spotler Job", nl="Spotler-taak"),
            "DisplayCollectionName": label(en="Spotler Jobs", nl="Spotler-taken"),
            **table,
        }
    if tag is not None:
        answers[TAG_ADDRESS] = {
            "@odata.type": "#Microsoft.Dynamics.CRM.StringAttributeMetadata",
            "MaxLength": 1000,
            "RequiredLevel": {"Value": "None"},
            "DisplayName": label(en="Tag", nl="Tag"),
            **tag,
        }
    return target(answers, **others)


def actions(plan):
    return [each.action for each in plan.components]


def test_what_is_not_there_is_created():
    plan = make_plan(environment(), [TABLE, TAG])

    assert actions(plan) == [SetupAction.CREATE, SetupAction.CREATE]
    assert plan.refusals == ()


def test_what_is_as_it_should_be_is_left_alone():
    plan = make_plan(environment(table={}, tag={}, members=[TABLE_ID], version=VERSION), [TABLE, TAG])

    assert actions(plan) == [SetupAction.LEAVE, SetupAction.LEAVE]
    assert plan.writes == ()


def test_what_an_older_manifest_installed_is_changed():
    plan = make_plan(environment(table={}, tag={"MaxLength": 100}, members=[TABLE_ID], version="0.9.0.0"), [TABLE, TAG])

    assert actions(plan) == [SetupAction.LEAVE, SetupAction.CHANGE]


def test_what_this_manifest_installed_and_is_otherwise_now_is_drift():
    changed = environment(table={}, tag={"MaxLength": 100}, members=[TABLE_ID], version=VERSION)
    removed = environment(table={}, members=[TABLE_ID], version=VERSION)

    (_, drift), (_, gone) = (make_plan(each, [TABLE, TAG]).components for each in (changed, removed))

    assert (drift.action, [each.property for each in drift.differences]) == (SetupAction.DRIFT, ["MaxLength"])
    assert (gone.action, gone.why) == (SetupAction.DRIFT, "Somebody removed it. It is made again.")


def test_a_table_of_our_name_that_is_not_ours_is_refused():
    plan = make_plan(environment(table={}), [TABLE])

    assert actions(plan) == [SetupAction.LEAVE]
    (refusal,) = plan.refusals
    assert refusal == (
        "table dh_spotlerjob: it exists already, not in our solution, and nothing of others is overwritten. "
        "Use another environment, or adopt it: docs/administrators/dataverse.md."
    )


def test_it_becomes_ours_only_where_the_file_of_what_to_adopt_names_it():
    theirs = environment(table={}, publishers=[{"uniquename": "vendor", "customizationprefix": "dh"}])
    named = make_plan(theirs, [TABLE], Adoption(publisher="vendor", components=("table dh_spotlerjob",)))
    other = make_plan(theirs, [TABLE], Adoption(publisher="vendor"))

    assert (actions(named), named.refusals, named.mode) == ([SetupAction.ADOPT], (), "adopt")
    assert len(other.refusals) == 1


def test_what_was_installed_and_is_not_in_our_solution_any_more_is_drift():
    plan = make_plan(environment(table={}, version=VERSION), [TABLE])

    (table,) = plan.components
    assert (table.action, plan.refusals) == (SetupAction.DRIFT, ())
    assert [(each.property, each.expected) for each in table.differences] == [("solution", "SpotlerConnector")]


def test_a_managed_table_is_never_adopted():
    adoption = Adoption(publisher="vendor", components=("table dh_spotlerjob",))

    plan = make_plan(environment(table={"IsManaged": True}), [TABLE], adoption)

    assert any("managed solution" in refusal for refusal in plan.refusals)


def test_the_file_of_what_to_adopt_may_name_only_components_of_ours():
    plan = make_plan(environment(), [TABLE], Adoption(components=("table new_other",)))

    assert plan.refusals == ("The file of what to adopt names table new_other, which is no component of ours.",)


def test_our_prefix_of_another_publisher_is_refused_unless_it_is_adopted():
    theirs = {"uniquename": "vendor", "customizationprefix": "dh"}

    assert "vendor" in make_plan(environment(publishers=[theirs]), [TABLE]).refusals[0]
    assert make_plan(environment(publishers=[theirs]), [TABLE], Adoption(publisher="vendor")).refusals == ()


def test_a_change_that_dataverse_does_not_allow_is_refused_with_both_values():
    plan = make_plan(environment(table={"OwnershipType": "OrganizationOwned"}, members=[TABLE_ID]), [TABLE])

    (refusal,) = plan.refusals
    assert "OwnershipType is OrganizationOwned and must be UserOwned" in refusal


def test_an_environment_without_a_known_base_language_is_refused():
    plan = make_plan(environment(languages=Languages(1036, frozenset({1033}))), [TABLE])

    assert plan.refusals == ("The base language of the environment (1036) is not among its languages.",)


def test_nothing_is_written_while_a_plan_is_made():
    place = environment(table={}, tag={"MaxLength": 100}, members=[TABLE_ID])

    make_plan(place, [TABLE, TAG])

    assert place.calls.writes == 0


# The form for machines


def test_a_plan_is_read_back_as_it_was_written(tmp_path):
    adoption = Adoption(publisher="vendor", components=("table dh_spotlerjob",))
    plan = make_plan(environment(table={}, tag={"MaxLength": 100}), [TABLE, TAG], adoption)
    file = tmp_path / "plan.json"

    file.write_text(plan_as_json(plan), encoding="utf-8")

    assert read_plan(file) == plan
    assert json.loads(file.read_text(encoding="utf-8"))["mode"] == "adopt"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "components": 3}'])
def test_another_file_is_no_plan(tmp_path, text):
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(PlanNotValid):
        read_plan(file)


def test_a_file_of_what_to_adopt_with_unknown_members_is_refused(tmp_path):
    file = tmp_path / "adopt.json"
    file.write_text('{"tables": []}', encoding="utf-8")

    with pytest.raises(PlanNotValid, match="tables"):
        read_adoption(file)


@pytest.mark.parametrize("read", [read_plan, read_adoption, read_removal])
def test_a_file_that_an_editor_of_windows_saved_is_read(tmp_path, read):
    plan = make_plan(environment(), [TABLE])
    removal = RemovalPlan(plan.organization, plan.organization_id, plan.manifest, (), ())
    content = {
        read_plan: plan_as_json(plan),
        read_adoption: '{"components": []}',
        read_removal: removal_as_json(removal),
    }
    file = tmp_path / "file.json"
    file.write_text(content[read], encoding="utf-8-sig")

    assert read(file) in (plan, Adoption(), removal)


@pytest.mark.parametrize(
    ("read", "option"),
    [(read_plan, "plan --out"), (read_adoption, "plan --propose"), (read_removal, "remove --out")],
)
def test_a_file_of_another_form_is_refused_with_how_to_write_it(tmp_path, read, option):
    file = tmp_path / "file.json"
    for text in ("no JSON", "[]", '{"format": 7}'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(PlanNotValid) as error:
            read(file)
        assert option in error.value.what_to_do


@pytest.mark.parametrize("form", ["contact", "contact:", "list:11111111-0000-4000-8000-000000000000", "lead:../../x"])
def test_a_form_that_somebody_wrote_into_a_plan_is_of_a_table_and_has_an_id(tmp_path, form):
    content = {**json.loads(plan_as_json(make_plan(environment(), [TABLE]))), "extras": {"forms": [form]}}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(PlanNotValid, match="forms"):
        read_plan(file)
