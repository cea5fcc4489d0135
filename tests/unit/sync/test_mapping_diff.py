"""What another mapping would change, found with records of a stand-in."""

import pytest

from connector.dataverse.names import Info
from connector.mapping import Mapping, parse_mapping
from connector.sync import all_records, mapping_diff
from connector.sync.mapping_diff import Effect, MappingDiff, TableDiff, both

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}
FIRST = {"contact": "firstname", "direction": "->", "spotler": "firstName"}
PERMISSIONS = {"contact": "@map(permissions)", "direction": "<->", "spotler": "permissions"}


def mapping(*rows: dict, email: dict = EMAIL) -> Mapping:
    return parse_mapping({"rows": [email, *rows]})


@pytest.fixture
def compare(world):
    """Compares two mappings of contacts, or of another table."""
    from dataclasses import replace

    def _compare(old: Mapping, new: Mapping, table: str = "contact", **options) -> TableDiff:
        seen = options.pop("seen", lambda _: None)
        services = replace(world.services, mapping=both(old, new))
        return MappingDiff(services, old, new).compare(table, seen=seen, **options)

    return _compare


def counts(diff: TableDiff) -> dict[tuple[Effect, str], int]:
    return {(effect, field): affected.count for effect, field, affected in diff.in_order()}


def test_the_same_mapping_changes_nothing(world, compare):
    world.contact(firstname="Ann")

    diff = compare(mapping(FIRST), mapping(FIRST))

    assert (diff.read, diff.changed, counts(diff)) == (1, 0, {})


def test_another_column_changes_empties_or_leaves_a_field_by_what_each_record_has(world, compare):
    changed = world.contact("ann", firstname="Ann", middlename="Annie")
    emptied = world.contact("bob", firstname="Bob")
    world.contact("cas", firstname="Cas", middlename="Cas")
    other = {"contact": "middlename", "direction": "->", "spotler": "firstName"}

    diff = compare(mapping(FIRST), mapping(other))

    assert counts(diff) == {(Effect.BLANKED, "firstName"): 1, (Effect.CHANGED, "firstName"): 1}
    assert diff.effects[Effect.CHANGED, "firstName"].sample == [changed.id]
    assert diff.effects[Effect.BLANKED, "firstName"].sample == [emptied.id]
    assert (diff.read, diff.changed) == (3, 2)


def test_a_field_that_is_new_empties_what_spotler_may_have(world, compare):
    world.contact("ann", jobtitle="Baker")
    world.contact("bob")
    title = {"contact": "jobtitle", "direction": "->", "spotler": "scoreNote1"}

    assert counts(compare(mapping(), mapping(title))) == {
        (Effect.BLANKED, "scoreNote1"): 1,
        (Effect.CHANGED, "scoreNote1"): 1,
    }
    assert counts(compare(mapping(title), mapping())) == {(Effect.LEFT, "scoreNote1"): 2}


def test_a_filter_silences_those_whom_it_excludes_and_brings_back_the_others(world, compare):
    world.contact("ann", donotphone=True)
    world.contact("bob", donotphone=False)
    wanted = {"contact": "donotphone", "direction": "->", "filter": "false"}

    assert counts(compare(mapping(), mapping(wanted))) == {(Effect.SILENCED, ""): 1}
    assert counts(compare(mapping(wanted), mapping())) == {(Effect.SENT, ""): 1}


def test_another_column_for_the_address_anonymises_those_who_have_none_there(world, compare):
    lost = world.contact("ann")
    world.contact("bob", emailaddress2="bob@work.example")
    other = {**EMAIL, "contact": "emailaddress2"}

    diff = compare(mapping(), mapping(email=other))

    assert counts(diff) == {(Effect.REMOVED, ""): 1, (Effect.CHANGED, "email"): 1}
    assert diff.effects[Effect.REMOVED, ""].sample == [lost.id]


def test_a_table_that_is_not_sent_any_more_loses_its_permissions_and_its_strangers_are_left_alone(world, compare):
    both_tables = {**EMAIL, "lead": "emailaddress1"}
    world.lead("lars", known=True)
    nobody = world.lead("lotte", emailaddress1=None)

    gone = compare(mapping(email=both_tables), mapping(), "lead")
    back = compare(mapping(), mapping(email=both_tables), "lead")

    assert counts(gone) == {(Effect.SILENCED, ""): 1}
    assert counts(back) == {(Effect.SENT, ""): 1}
    assert all(nobody.id not in affected.sample for _, _, affected in (*gone.in_order(), *back.in_order()))


def test_permissions_count_as_the_field_that_holds_them(world, compare):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.permission(record, "Events", subscribed=False)
    fewer = {**PERMISSIONS, "items": ["Events"]}

    assert counts(compare(mapping(), mapping(PERMISSIONS))) == {(Effect.CHANGED, "permissions"): 1}
    assert counts(compare(mapping(PERMISSIONS), mapping(fewer))) == {(Effect.BLANKED, "permissions"): 1}


def test_deactivated_records_and_those_with_keep_out_do_not_change(world, compare):
    world.contact("ann", firstname="Ann", statecode=1, statuscode=2)
    kept_out = world.contact("bob", firstname="Bob", known=True)
    world.services.dataverse.update(Info.SET, world.info(kept_out)[Info.ID], {Info.KEEP_OUT: True})

    diff = compare(mapping(FIRST), mapping())

    assert (diff.read, counts(diff)) == (1, {})


def test_an_address_that_cannot_be_sent_is_named(world, compare):
    world.contact("ann", emailaddress2="an\u200bn@example.org")

    diff = compare(mapping(), mapping(email={**EMAIL, "contact": "emailaddress2"}))

    assert counts(diff) == {(Effect.REFUSED, ""): 1}


def test_columns_that_spotler_may_write_from_now_on_are_named(compare):
    two_way = {"contact": "mobilephone", "direction": "<->", "spotler": "mobileNumber"}
    back = {"contact": "jobtitle", "direction": "<-", "spotler": "scoreNote1"}

    assert compare(mapping(two_way), mapping(back)).written == (("jobtitle",), ("mobilephone",))


def test_records_are_read_chunk_by_chunk_up_to_the_limit_and_their_number_is_told(world, compare, monkeypatch):
    monkeypatch.setattr(all_records, "PAGE", 2)
    monkeypatch.setattr(mapping_diff, "CHUNK", 2)
    for number in range(7):
        world.contact(f"ann{number}", firstname="Ann")
    told: list[int] = []

    whole = compare(mapping(FIRST), mapping(), seen=told.append)
    part = compare(mapping(FIRST), mapping(), limit=3)

    assert (whole.read, whole.changed, told) == (7, 7, [2, 4, 6, 7])
    assert (part.read, part.changed) == (3, 3)
    assert len(whole.effects[Effect.LEFT, "firstName"].sample) == mapping_diff.SAMPLE


def test_nothing_is_written_anywhere(world, compare):
    world.contact("ann", firstname="Ann", known=True)
    before = world.effects(), world.rows(Info.TABLE)

    compare(mapping(FIRST), mapping(PERMISSIONS))

    assert (world.effects(), world.rows(Info.TABLE)) == before
