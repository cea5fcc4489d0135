"""What the plan of a removal takes away, what it keeps, what it refuses; and its form for machines."""

from dataclasses import dataclass

import pytest

from connector.dataverse.schema import TABLES
from connector.dataverse.schema.installation import SOLUTION
from connector.setup.choices import ChoicePart
from connector.setup.columns import ColumnPart
from connector.setup.component import Part, Removal, SetupPhase, full_name
from connector.setup.components import components
from connector.setup.dependants import Dependant, described
from connector.setup.errors import PlanNotValid
from connector.setup.publisher import PublisherPart, SolutionPart
from connector.setup.removal import RemovalAction, plan_removal, read_removal, removal_as_json
from connector.setup.tables import TablePart
from tests.unit.setup.recorded import OUR_PUBLISHER, VERSION, target

AUTOMATION = TABLES["dh_spotlerautomation"]
TABLE, CODE = TablePart(AUTOMATION), ColumnPart(AUTOMATION, AUTOMATION.column("dh_triggercode"))
DEFINITION = "EntityDefinitions(LogicalName='dh_spotlerautomation')"
TABLE_ID, STEP_ID, COLUMN_ID, VIEW_ID = (f"{number}0000000-0000-4000-8000-000000000000" for number in (4, 5, 6, 7))


@dataclass(frozen=True, slots=True)
class Step(Part):
    """A component that is a row."""

    kind = "step"
    phase = SetupPhase.STEPS
    solution_type = 92
    name: str = "Create of contact"

    def read(self, target):
        return target.calls.find(self.name)

    def object_id(self, found):
        return found["id"]


def environment(answers=None, members=(TABLE_ID, STEP_ID), dependants=(), **others):
    """The table and the step are there; `dependants` need the table."""
    needs = f"RetrieveDependenciesForDelete(ObjectId={TABLE_ID},ComponentType=1)"
    return target(
        {
            DEFINITION: {"MetadataId": TABLE_ID},
            f"{DEFINITION}/Attributes": [{"LogicalName": "dh_name", "IsCustomAttribute": True}],
            Step().name: {"id": STEP_ID},
            needs: list(dependants),
            **(answers or {}),
        },
        members=members,
        version=VERSION,
        **others,
    )


def actions(plan):
    return {each.component: each.action for each in plan.components}


TABLE_NAME = full_name(TABLE)


def test_a_step_is_taken_away_and_a_table_with_its_rows_stays():
    plan = plan_removal(environment(), [TABLE, CODE, Step()])

    assert actions(plan) == {"step Create of contact": RemovalAction.REMOVE, TABLE_NAME: RemovalAction.KEEP}
    assert plan.removed == ("step Create of contact",)
    assert plan.refusals == ()


def test_a_table_goes_where_it_is_named_and_last_made_is_first_removed():
    plan = plan_removal(environment(), [TABLE, CODE, Step()], [TABLE_NAME])

    assert plan.removed == ("step Create of contact", TABLE_NAME)
    assert plan.refusals == ()


def test_what_is_not_there_is_not_in_the_plan():
    assert plan_removal(target(), components()).components == ()


def test_what_is_not_in_our_solution_is_not_removed_and_refused_where_it_is_named():
    foreign = environment(members=())

    assert plan_removal(foreign, [TABLE, Step()]).removed == ()
    assert plan_removal(foreign, [TABLE], [TABLE_NAME]).refusals == (
        "table dh_spotlerautomation: It is not in our solution, so it is not ours to remove.",
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [("table nosuch", "no component of ours"), (full_name(CODE), "part of table dh_spotlerautomation")],
)
def test_only_components_that_go_by_themselves_can_be_named(name, reason):
    (refusal,) = plan_removal(environment(), [TABLE, CODE], [name]).refusals

    assert reason in refusal


def test_a_table_to_which_others_added_columns_is_refused_with_their_names():
    answers = {
        f"{DEFINITION}/Attributes": [
            {"LogicalName": "new_colour", "IsCustomAttribute": True, "AttributeOf": None},
            {"LogicalName": "dh_kind", "IsCustomAttribute": True, "AttributeOf": None},
            {"LogicalName": "dh_kindname", "IsCustomAttribute": True, "AttributeOf": "dh_kind"},
            {"LogicalName": "createdon", "IsCustomAttribute": False, "AttributeOf": None},
        ]
    }

    (refusal,) = plan_removal(environment(answers), [TABLE], [TABLE_NAME]).refusals

    assert "(column dh_spotlerautomation.new_colour)" in refusal


def test_what_others_need_is_refused_with_their_names():
    view = {"dependentcomponenttype": 26, "dependentcomponentobjectid": VIEW_ID.upper()}

    (refusal,) = plan_removal(
        environment({f"savedqueries({VIEW_ID})": {"name": "My contacts"}}, dependants=[view]), [TABLE], [TABLE_NAME]
    ).refusals

    assert "others need it (view My contacts)" in refusal


def test_what_goes_too_and_what_is_part_of_it_does_not_stand_in_the_way():
    step = {"dependentcomponenttype": 92, "dependentcomponentobjectid": STEP_ID}
    column = {
        "dependentcomponenttype": 2, "dependentcomponentobjectid": COLUMN_ID, "dependentcomponentparentid": TABLE_ID
    }  # fmt: skip

    assert plan_removal(environment(dependants=[step, column]), [TABLE, Step()], [TABLE_NAME]).refusals == ()


def test_a_solution_stays_while_something_of_ours_is_in_it():
    solution = {"uniquename": SOLUTION.name, "ismanaged": False}
    place = environment({"solutions": [solution]})

    (refusal,) = plan_removal(place, [SolutionPart(), TABLE], [full_name(SolutionPart())]).refusals
    both = plan_removal(place, [SolutionPart(), TABLE], [TABLE_NAME, full_name(SolutionPart())])

    assert "what is in it stays (table dh_spotlerautomation)" in refusal
    assert (both.removed, both.refusals) == ((TABLE_NAME, "solution SpotlerConnector"), ())


def test_a_publisher_stays_while_its_solution_does():
    solution = {"uniquename": SOLUTION.name, "ismanaged": False}
    place = environment({"solutions": [solution]}, publishers=[OUR_PUBLISHER])

    (refusal,) = plan_removal(place, [PublisherPart(), SolutionPart()], [full_name(PublisherPart())]).refusals

    assert "solution SpotlerConnector" in refusal


def test_a_managed_solution_is_left_to_power_apps():
    place = environment({"solutions": [{"uniquename": SOLUTION.name, "ismanaged": True}]})

    assert "it is managed" in plan_removal(place, [Step()]).refusals[0]


def test_nothing_is_written_while_a_plan_is_made():
    place = environment()

    plan_removal(place, [TABLE, Step()], [TABLE_NAME])

    assert place.calls.writes == 0


def test_everything_that_goes_by_itself_has_a_way_to_be_deleted():
    found = {
        "MetadataId": TABLE_ID, "publisherid": TABLE_ID, "solutionid": TABLE_ID, "Relationships": [], "id": TABLE_ID
    }  # fmt: skip
    for component in components():
        if not component.part_of and component.removal is not Removal.STAYS:
            place = target()
            component.remove(found, place)

            assert [call[0] for call in place.calls.sent].count("DELETE") >= 1, full_name(component)


def test_what_something_is_part_of_is_a_component_that_goes_by_itself():
    by_name = {full_name(each): each for each in components()}

    for component in by_name.values():
        assert not component.part_of or not by_name[component.part_of].part_of


def test_tables_are_removed_before_those_that_their_lookups_point_to():
    order = [each.table for each in components() if isinstance(each, TablePart)]

    for number, table in enumerate(order):
        pointed_to = {target for column in table.columns for target in column.targets}
        assert pointed_to.isdisjoint(later.name for later in order[number + 1 :])


def test_choices_are_removed_after_the_tables_that_use_them():
    kinds = [type(each) for each in components() if isinstance(each, (ChoicePart, TablePart))]

    assert kinds == sorted(kinds, key=lambda kind: kind is TablePart)


# Dependants, in words


@pytest.mark.parametrize(
    ("kind", "answers", "text"),
    [
        (1, {f"EntityDefinitions({VIEW_ID})": {"LogicalName": "new_x"}}, "table new_x"),
        (9, {f"GlobalOptionSetDefinitions({VIEW_ID})": {"Name": "new_y"}}, "choice new_y"),
        (60, {f"systemforms({VIEW_ID})": {"name": "Main"}}, "form Main"),
        (26, {}, f"view {VIEW_ID}"),
        (10_343, {}, f"component of type 10343 {VIEW_ID}"),
    ],
)
def test_a_dependant_is_told_by_kind_and_name_and_by_its_id_where_it_has_none(kind, answers, text):
    assert described(target(answers), Dependant(kind, VIEW_ID, "")) == text


def test_a_column_and_a_form_are_told_with_their_table():
    answers = {
        f"systemforms({VIEW_ID})": {"name": "Information"},
        f"EntityDefinitions({TABLE_ID})/Attributes({COLUMN_ID})": {"LogicalName": "new_x"},
        f"EntityDefinitions({TABLE_ID})": {"LogicalName": "contact"},
    }

    assert described(target(answers), Dependant(2, COLUMN_ID, TABLE_ID)) == "column contact.new_x"
    assert described(target(answers), Dependant(60, VIEW_ID, TABLE_ID)) == "form contact.Information"


# The form for machines


def test_a_plan_is_read_back_as_it_was_written(tmp_path):
    plan = plan_removal(environment(), [TABLE, Step()], [TABLE_NAME])
    file = tmp_path / "plan.json"

    file.write_text(removal_as_json(plan), encoding="utf-8")

    assert read_removal(file) == plan


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1, "mode": "new"}', '{"format": 1, "mode": "remove"}'])
def test_another_file_is_no_plan_of_a_removal(tmp_path, text):
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(PlanNotValid):
        read_removal(file)
