"""A mapping held against the tables of Dataverse and the fields of the Spotler account."""

import pytest

from connector.dataverse.schema import TABLES
from connector.mapping import parse_mapping
from connector.mapping.check import check_columns, check_conversions, check_fields
from connector.spotler import Fields

from .conftest import spotler_field

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}


def mapping(*rows: dict, **settings: object):
    return parse_mapping({"rows": [EMAIL, *rows], **settings})


def test_the_default_mapping_fits_the_standard_tables(default_mapping, fields):
    assert check_columns(default_mapping, TABLES) == ()
    assert check_conversions(default_mapping, TABLES, fields) == ()
    assert check_fields(default_mapping, fields) == ()


@pytest.mark.parametrize(
    ("column", "direction", "problem"),
    [
        ("firstnam", "->", "there is no column firstnam"),
        ("fullname", "<->", "fullname cannot be written, so its direction must be ->"),
        ("fullname", "->", None),
        ("regionid(account).name", "->", "there is no lookup regionid"),
        ("firstname(account).name", "->", "there is no lookup firstname"),
        ("parentcustomerid(lead).fullname", "->", "parentcustomerid does not refer to lead but to account, contact"),
        ("parentcustomerid(account).nam", "->", "the table account has no column nam"),
        ("parentcustomerid(account)", "->", None),
        ("ownerid", "->", None),
        ("$value:x", "->", None),
    ],
)
def test_columns_are_held_against_the_tables(column, direction, problem):
    found = check_columns(mapping({"contact": column, "direction": direction, "spotler": "text"}), TABLES)

    assert found == ((f"Row 2, contact: {problem}.",) if problem else ())


def test_a_lookup_must_be_written_as_one():
    from connector.dataverse.schema.model import lookup

    table = TABLES["contact"]
    region = lookup("new_regionid", "Region", {"new_region": "new_RegionId"})
    tables = {"contact": type(table)(**{**_parts(table), "columns": (*table.columns, region)})}

    plain = mapping({"contact": "new_regionid", "direction": "->", "spotler": "text"})
    path = {"contact": "new_regionid(new_region).new_code", "direction": "->", "spotler": "text"}

    assert "write new_regionid(new_region)" in check_columns(plain, tables)[0]
    assert 'add "new_regionid(new_region)": "new_RegionId"' in check_columns(mapping(path), tables)[0]
    assert check_columns(mapping(path, navigation={"new_regionid(new_region)": "new_RegionId"}), tables) == ()


def _parts(table) -> dict:
    return {name: getattr(table, name) for name in table.__dataclass_fields__}


def test_columns_that_start_a_sync_must_exist():
    found = check_columns(mapping(triggers={"contact": ["firstname", "nonsense"]}), TABLES)

    assert found == ("Triggers of contact: there is no column nonsense.",)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"contact": "firstname", "spotler": "gone"}, "Spotler has no field gone, or it is not visible"),
        ({"contact": "$CustomerType", "spotler": "points"}, "points is of type int, and $CustomerType is a text"),
        ({"contact": "$value:x", "spotler": "points"}, "the constant cannot be sent to points, which is of type int"),
        ({"contact": "$value:5", "spotler": "points"}, None),
        ({"contact": "$value:ja", "spotler": "interests:Garden"}, None),
        ({"contact": "$value:Attic", "spotler": "interests"}, "the constant cannot be sent to interests"),
        ({"contact": "$value:garden;kitchen", "spotler": "interests"}, None),
        ({"contact": "donotphone", "spotler": "interests:Attic"}, "interests has no item Attic"),
        ({"contact": "donotphone", "spotler": "text:Attic"}, "text is not a list field and has no items"),
        ({"contact": "@map(permissions)", "spotler": "text"}, "text is not a list field, which @map(...) needs"),
        (
            {"contact": "@map(permissions)", "spotler": "permissions", "items": ["Newsletter", "Nothing"]},
            "permissions has no item Nothing",
        ),
    ],
)
def test_fields_are_held_against_the_account(fields, row, problem):
    found = check_fields(mapping({"direction": "->", **row}), fields)

    assert bool(problem) is bool(found)
    assert not problem or found[0].startswith(f"Row 2: {problem}")


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
    assert not kind or found[0].startswith(f"Row 2, contact: a {kind} column cannot be sent to {spotler.split(':')[0]}")


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
    problem = "Row 2, contact: the filter can be read as two numbers; write it without a separator between thousands."

    assert check_columns(mapping(row), TABLES) == ((problem,) if is_refused else ())


def test_what_is_not_known_is_not_judged():
    fields = Fields([spotler_field("email"), spotler_field("points")])
    row = {"contact": "new_own(new_table).new_column", "direction": "->", "spotler": "points"}

    assert check_conversions(mapping(row), {}, fields) == ()
    assert check_columns(mapping(row), {}) == ()
