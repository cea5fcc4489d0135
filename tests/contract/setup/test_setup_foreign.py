"""What others have made under names of ours is named by the plan, which is refused before anything is written."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.setup.component import SetupPhase, full_name
from connector.setup.components import components
from connector.setup.errors import SetupRefused
from connector.setup.plan import Adoption
from tests.contract.setup.drifts import CHOICE, CRM, VISITOR, WRONG, of_column, of_table, relationship_of, remove_key
from tests.setup_world import SMALL, SetupWorld, named

ACCOUNT_RELATIONSHIP = f"dh_account_{VISITOR}"
FOUNDATION = (SetupPhase.FOUNDATION, SetupPhase.END)


def installed(world: SetupWorld) -> None:
    world.applied()
    world.environment.clock.move(60)


def solution_of_others(version: str) -> Callable[[SetupWorld], None]:
    def act(world: SetupWorld) -> None:
        prefix = {"customizationprefix": "xx", "customizationoptionvalueprefix": 20000}
        publisher = world.make("publishers", {"uniquename": "other", "friendlyname": "Other", **prefix})
        values = {"uniquename": "SpotlerConnector", "friendlyname": "Mine", "version": version}
        world.make("solutions", {**values, "publisherid@odata.bind": f"/publishers({publisher})"})

    return act


def key_of_the_same_column(world: SetupWorld) -> None:
    installed(world)
    remove_key(world)
    body = {"@odata.type": f"{CRM}EntityKeyMetadata", "SchemaName": "new_key", "DisplayName": WRONG}
    world.make(f"{of_table(VISITOR)}/Keys", {**body, "KeyAttributes": ["dh_externalid"]})


def relationship_of_the_same_name(world: SetupWorld) -> None:
    lookup = {"@odata.type": f"{CRM}LookupAttributeMetadata", "SchemaName": "new_MainId", "DisplayName": WRONG}
    body = {"@odata.type": f"{CRM}OneToManyRelationshipMetadata", "SchemaName": ACCOUNT_RELATIONSHIP, "Lookup": lookup}
    world.make("RelationshipDefinitions", {**body, "ReferencedEntity": "account", "ReferencingEntity": "lead"})


def choice_of_yes_and_no(world: SetupWorld) -> None:
    wanted, world.parts = world.parts, named()
    installed(world)
    world.parts = wanted
    options = {f"{name}Option": {"Value": value, "Label": WRONG} for value, name in enumerate(("False", "True"))}
    body = {"@odata.type": f"{CRM}BooleanOptionSetMetadata", "Name": CHOICE, "IsGlobal": True, **options}
    world.make("GlobalOptionSetDefinitions", {**body, "OptionSetType": "Boolean", "DisplayName": WRONG})


def column_for_files(world: SetupWorld) -> None:
    installed(world)
    world.calls.delete(of_column(VISITOR, "dh_rating"))
    body = {"@odata.type": f"{CRM}FileAttributeMetadata", "SchemaName": "dh_Rating", "DisplayName": WRONG}
    world.make(f"{of_table(VISITOR)}/Attributes", body)


def lookup_to_several_tables(world: SetupWorld) -> None:
    installed(world)
    world.calls.delete(relationship_of(world, VISITOR, "dh_accountid"))
    lookup = {"@odata.type": f"{CRM}ComplexLookupAttributeMetadata", "SchemaName": "dh_AccountId", "DisplayName": WRONG}
    relationships = [
        {
            "@odata.type": f"{CRM}ComplexOneToManyRelationshipMetadata",
            "SchemaName": f"dh_{table}_{VISITOR}",
            "ReferencedEntity": table,
            "ReferencingEntity": VISITOR,
        }
        for table in ("account", "lead")
    ]
    body = {"Lookup": lookup, "OneToManyRelationships": relationships}
    world.calls.act("CreatePolymorphicLookupAttribute", body)


def another_base_language(world: SetupWorld) -> None:
    """One that the environment does not list; an environment without any is in test_setup_odd_answers."""
    data = world.environment.store.tables["organization"]
    for row in list(data.rows.values()):  # a row is never changed where it is
        data.put(replace(row, values={**row.values, "languagecode": 1036}))


@pytest.mark.parametrize(
    ("act", "names"),
    [
        (solution_of_others("1.0.0.0"), "belongs to the publisher other"),
        (solution_of_others("0.1"), "belongs to the publisher other"),
        (key_of_the_same_column, "the key new_key has the same columns"),
        (
            relationship_of_the_same_name,
            f"another relationship with the name {ACCOUNT_RELATIONSHIP}, of the table lead",
        ),
        (choice_of_yes_and_no, f"choice {CHOICE}: OptionSetType is Boolean"),
        (column_for_files, f"column {VISITOR}.dh_rating: type is"),
        (lookup_to_several_tables, f"lookup {VISITOR}.dh_accountid: navigation to account"),
        (another_base_language, "The base language of the environment (1036)"),
    ],
)
def test_what_stands_in_the_way_is_named_and_nothing_is_written(world, act, names):
    world.parts = named(*SMALL)
    act(world)
    world.calls = world.administrator()
    sent = len(world.sent)
    plan = world.planned()

    assert any(names in str(each) for each in plan.refusals), plan.refusals
    with pytest.raises(SetupRefused):
        world.applied(plan)
    assert len(world.sent) == sent


def test_a_publisher_that_is_not_there_adopts_nothing(world):
    every = components("nobody")
    world.parts = [each for each in every if each.phase in FOUNDATION or full_name(each) in SMALL]
    plan = world.planned(Adoption(publisher="nobody", components=()))

    assert ["the publisher nobody" in str(each) for each in plan.refusals] == [True]
    with pytest.raises(SetupRefused):
        world.applied(plan)
    assert world.sent == []


def test_what_lost_its_relationship_only_can_be_made_again(world):
    """Of ours, nothing is in the way of itself."""
    world.parts = named(*SMALL)
    installed(world)
    world.calls.delete(relationship_of(world, VISITOR, "dh_accountid"))
    remove_key(world)
    world.calls = world.administrator()
    world.applied()

    assert world.planned().writes == ()
