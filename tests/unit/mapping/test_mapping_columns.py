"""What may stand in a column of a mapping row."""

import re

import pytest

from connector.mapping.columns import (
    Collection,
    Constant,
    CustomerType,
    Mapped,
    Name,
    Path,
    Plain,
    column_text,
    parse_column,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("firstname", Plain("firstname")),
        (" firstname ", Plain("firstname")),
        ("parentcustomerid(account).name", Path("parentcustomerid", "account", "name")),
        ("parentcustomerid(account)", Name("parentcustomerid", "account")),
        ("_new_regionid_value", Name("new_regionid")),
        ("ownerid", Name("ownerid")),
        ("$CustomerType", CustomerType()),
        ("$customertype", CustomerType()),
        ("$value:PRD", Constant("PRD")),
        ("$value: a:b ", Constant("a:b")),
        ("@map(permissions)", Mapped(Collection.PERMISSIONS)),
        ("@map(list)", Mapped(Collection.LIST)),
        ("@map(periodiek)", Mapped(Collection.PERIODIEK)),
    ],
)
def test_every_documented_form_is_read(text, expected):
    assert expected == parse_column(text)


@pytest.mark.parametrize(
    "text", ["firstname", "$CustomerType", "$value:a:b", *(f"@map({each})" for each in Collection)]
)
def test_what_an_expression_begins_with_is_written_as_the_mapping_has_it(text):
    assert column_text(parse_column(text)) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("FirstName", "lower case"),
        ("parentcustomerid.name", "needs the table of the lookup"),
        ("parentcustomerid(account).ownerid(systemuser).fullname", "deeper than one level"),
        ("parentcustomerid(account).primarycontactid.fullname", "deeper than one level"),
        ("first name", "is not a column name"),
        ("$value:", "needs a text"),
        ("$value:  ", "needs a text"),
        ("$customer", "is not a special value"),
        ("@map(tags)", "@map(permissions), @map(list), @map(periodiek)"),
        ("@map", "is not a special value"),
    ],
)
def test_anything_else_is_refused_with_a_reason(text, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_column(text)
