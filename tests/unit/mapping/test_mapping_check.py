"""A mapping held against the tables of Dataverse and the fields of the Spotler account."""

from dataclasses import replace

import pytest

from connector.dataverse.schema import TABLES, Column, Kind
from connector.mapping import Direction, Mapping, MappingRow, parse_mapping
from connector.mapping.check import check, check_columns, check_conversions, check_fields, check_tables
from connector.mapping.columns import Plain
from connector.spotler import Fields

from .conftest import spotler_field

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}


def mapping(*rows: dict, **settings: object):
    return parse_mapping({"rows": [EMAIL, *rows], **settings})


def texts(findings) -> list[str]:
    return [str(finding) for finding in findings]


def test_the_default_mapping_fits_the_standard_tables(default_mapping, fields):
    assert check(default_mapping, TABLES, fields) == ()


@pytest.mark.parametrize(
    ("column", "direction", "problem"),
    [
        ("firstnam", "->", "there is no column firstnam. Did you mean firstname?"),
        ("qqq", "<-", "there is no column qqq. Write the logical name of a column that the connector's user may read."),
        ("fullname", "<->", "fullname cannot be written. Its direction must be ->."),
        ("createdon", "<-", "createdon cannot be written. Its direction must be ->."),
        ("fullname", "->", None),
        ("parentcustomeri(account).name", "->", "there is no lookup parentcustomeri. Did you mean parentcustomerid?"),
        (
            "firstname(account).name",
            "->",
            "there is no lookup firstname. Write the logical name of a column that the connector's user may read.",
        ),
        (
            "parentcustomerid(lead).fullname",
            "->",
            "parentcustomerid does not refer to lead but to account, contact. Correct the table in the brackets.",
        ),
        ("parentcustomerid(account).nam", "->", "the table account has no column nam. Did you mean name?"),
        ("parentcustomerid(account)", "->", None),
        ("ownerid", "->", None),
        ("$value:x", "->", None),
    ],
)
def test_columns_are_held_against_the_tables(column, direction, problem):
    found = check_columns(mapping({"contact": column, "direction": direction, "spotler": "text"}), TABLES)

    assert texts(found) == ([f"Row 2, contact: {problem}"] if problem else [])
    assert all(finding.is_fatal for finding in found)


def test_a_lookup_must_be_written_as_one():
    from connector.dataverse.schema.model import lookup

    table = TABLES["contact"]
    region = lookup("new_regionid", "Region", {"new_region": "new_RegionId"})
    tables = {"contact": type(table)(**{**_parts(table), "columns": (*table.columns, region)})}

    plain = mapping({"contact": "new_regionid", "direction": "->", "spotler": "text"})
    path = {"contact": "new_regionid(new_region).new_code", "direction": "->", "spotler": "text"}

    back = mapping({"contact": "new_regionid", "direction": "<-", "spotler": "text"})

    assert "Write new_regionid(new_region)." in texts(check_columns(plain, tables))[0]
    assert "A lookup cannot be written" in texts(check_columns(back, tables))[0]
    assert 'Add "new_regionid(new_region)": "new_RegionId"' in texts(check_columns(mapping(path), tables))[0]
    assert check_columns(mapping(path, navigation={"new_regionid(new_region)": "new_RegionId"}), tables) == ()


def _parts(table) -> dict:
    return {name: getattr(table, name) for name in table.__dataclass_fields__}


def test_columns_that_start_a_sync_must_exist():
    found = check_columns(mapping(triggers={"contact": ["firstname", "nonsense"]}), TABLES)

    assert texts(found)[0].startswith("Triggers of contact: there is no column nonsense. ")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"contact": "firstname", "spotler": "gone"}, "Warning: Spotler has no field gone, or it is not visible"),
        (
            {"contact": "@map(permissions)", "spotler": "permission"},
            "Spotler has no field permission, or it is not visible. Did you mean permissions?",
        ),
        ({"contact": "$CustomerType", "spotler": "points"}, "$CustomerType cannot be sent to points, which is of type"),
        ({"contact": "$value:x", "spotler": "points"}, "the constant cannot be sent to points, which is of type int"),
        ({"contact": "$value:5", "spotler": "points"}, None),
        ({"contact": "$value:ja", "spotler": "interests:Garden"}, None),
        ({"contact": "$value:Attic", "spotler": "interests"}, "the constant cannot be sent to interests"),
        ({"contact": "$value:garden;kitchen", "spotler": "interests"}, None),
        ({"contact": "donotphone", "spotler": "interests:Attic"}, "Warning: interests has no item Attic"),
        ({"contact": "donotphone", "spotler": "text:Attic"}, "text is not a list field and has no items"),
        ({"contact": "@map(permissions)", "spotler": "text"}, "@map(permissions) cannot be sent to text"),
        (
            {"contact": "@map(permissions)", "spotler": "permissions", "items": ["Newsletter", "Nothing"]},
            "Warning: permissions has no item Nothing",
        ),
    ],
)
def test_fields_are_held_against_the_account(fields, row, problem):
    found = check_fields(mapping({"direction": "->", **row}), fields)

    warning, _, why = (problem or "").rpartition("Warning: ")
    assert len(found) == bool(problem)
    assert not problem or texts(found)[0].startswith(f"{'Warning: ' if problem != why else ''}{warning}Row 2: {why}")


@pytest.mark.parametrize(
    ("column", "spotler", "kind"),
    [
        ("firstname", "points", "String"),
        ("creditlimit", "turnover", None),
        ("creditlimit", "text", "Money"),
        ("numberofchildren", "points", None),
        ("numberofchildren", "text", None),
        ("numberofchildren", "zip", "Integer"),
        ("birthdate", "lastOrder", None),
        ("birthdate", "text", "DateOnly"),
        ("gendercode", "text", None),
        ("donotphone", "interests:Garden", None),
        ("donotphone", "interests", "Boolean"),
        ("firstname", "interests:Garden", "String"),
        ("parentcustomerid(account).createdon", "text", "DateTime"),
        ("parentcustomerid(account)", "text", None),
    ],
)
def test_a_column_that_can_never_be_sent_to_its_field_is_named(fields, column, spotler, kind):
    found = check_conversions(mapping({"contact": column, "direction": "->", "spotler": spotler}), TABLES, fields)

    assert bool(kind) is bool(found)
    place = f"Row 2, contact: a {kind} column does not go with {spotler.split(':')[0]}"
    assert not kind or texts(found)[0].startswith(place)


@pytest.mark.parametrize("direction", ["<-", "<->"])
@pytest.mark.parametrize(
    ("column", "spotler", "fits"),
    [
        ("jobtitle", "text", True),
        ("jobtitle", "interests", False),
        ("jobtitle", "interests:Garden", False),
        ("donotphone", "interests:Garden", True),
        ("numberofchildren", "points", True),
        ("statuscode", "text", False),
        ("creditlimit", "points", False),
        ("birthdate", "birthday", True),
        ("birthdate", "lastSeen", True),
    ],
)
def test_a_column_that_can_never_be_written_from_its_field_is_named(fields, column, spotler, fits, direction):
    row = MappingRow({"contact": Plain(column)}, Direction(direction), *spotler.partition(":")[::2])

    assert (check_conversions(Mapping((row,)), TABLES, fields) == ()) is fits


def test_a_column_of_the_table_for_new_subscribers_is_compared_like_others(fields):
    table = replace(TABLES["lead"], name="new_entry")
    rows = [
        {"entity": "firstname", "direction": "->", "spotler": "firstName"},
        {"entity": "firstnam", "direction": "->", "spotler": "lastName"},
        {"entity": "donotphone", "direction": "->", "spotler": "points"},
    ]
    checked = mapping(*rows, tables={"entity": "new_entry"})

    found = texts(check(checked, TABLES | {"new_entry": table}, fields))

    assert [each.partition(".")[0] for each in found] == [
        "Row 3, new_entry: there is no column firstnam",
        "Row 4, new_entry: a Boolean column does not go with points of type int",
    ]
    assert texts(check_tables(checked, TABLES)) == [
        "Dataverse has no table new_entry. Correct its name, or install the solution that brings it."
    ]


@pytest.mark.parametrize(
    ("column", "text", "problem"),
    [
        ("leadsourcecode", "web", None),
        ("leadsourcecode", "8", None),
        ("leadsourcecode", "Wep", "leadsourcecode has no choice Wep. Did you mean Web?"),
        ("donotphone", "ja", None),
        ("donotphone", "perhaps", "the text cannot be written to donotphone. Write true or false."),
        ("numberofchildren", "2", None),
        ("numberofchildren", "two", "the text cannot be written to numberofchildren. Write a number."),
        ("jobtitle", "anything", None),
        ("fullname", "anything", "fullname cannot be written. Its direction must be ->."),
        ("nonsense", "anything", "there is no column nonsense. "),
    ],
)
def test_a_text_for_new_records_is_compared_with_its_column(column, text, problem):
    row = {"contact": column, "direction": "<-", "spotler": f"$value:{text}"}
    contact = TABLES["contact"]
    source = Column("leadsourcecode", Kind.CHOICE, options={8: "Web", 9: "Word of Mouth"})
    tables = {"contact": replace(contact, columns=(*contact.columns, source))}

    found = texts(check_columns(mapping(row), tables))

    assert len(found) == bool(problem)
    assert not problem or found[0].startswith(f"Row 2, contact: {problem}")


@pytest.mark.parametrize(
    ("column", "wanted", "is_refused"),
    [
        ("numberofchildren", "1.000", True),
        ("creditlimit", "12,345", True),
        ("creditlimit", "1.234,50", False),
        ("numberofchildren", "1000", False),
        ("firstname", "1.000", False),
    ],
)
def test_a_filter_that_can_be_read_as_two_numbers_is_named(column, wanted, is_refused):
    row = {"contact": column, "direction": "->", "filter": wanted}
    problem = "Row 2, contact: the filter can be read as two numbers. Write it without a separator between thousands."

    assert texts(check_columns(mapping(row), TABLES)) == ([problem] if is_refused else [])


@pytest.mark.parametrize(
    ("column", "wanted", "fits"),
    [
        ("new_kind", "member", True),
        ("new_kind", "2", True),
        ("new_kind", "Membr", False),
        ("new_kind", "3", False),
        ("new_hobbies", "Garden", True),
        ("new_hobbies", "7", True),
        ("new_hobbies", "Food; drinks", True),
        ("new_hobbies", "Attic", False),
        ("new_unknown", "whatever", True),
    ],
)
def test_a_filter_for_a_choice_that_does_not_exist_is_named(column, wanted, fits):
    contact = TABLES["contact"]
    own = (
        Column("new_kind", Kind.CHOICE, options={1: "Member", 2: "Friend"}),
        Column("new_hobbies", Kind.CHOICES, options={7: "Garden", 8: "Food; drinks"}),
        Column("new_unknown", Kind.CHOICE),
    )
    tables = {"contact": replace(contact, columns=(*contact.columns, *own))}

    found = check_columns(mapping({"contact": column, "direction": "->", "filter": wanted}), tables)

    assert (found == ()) is fits


def test_what_is_not_known_is_not_judged():
    fields = Fields([spotler_field("email"), spotler_field("points")])
    row = {"contact": "new_own(new_table).new_column", "direction": "->", "spotler": "points"}

    assert check_conversions(mapping(row), {}, fields) == ()
    assert check_columns(mapping(row), {}) == ()
