"""A record becomes a Spotler contact."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from connector.consent import Facts, decide
from connector.errors import Invalid
from connector.mapping import Times, parse_mapping, plan
from connector.spotler import Fields

from .conftest import formatted, spotler_field

CONTACT = {
    "contactid": "1",
    "emailaddress1": "ann@example.org",
    "firstname": " Ann ",
    "middlename": None,
    "lastname": "Jansen",
    "parentcustomerid_account": {"name": "Voorbeeld BV"},
    "telephone1": "020 1234567",
    "mobilephone": "",
    "address1_line1": "Dam 1",
    "address1_postalcode": "1012 JS",
    "address1_city": "Amsterdam",
    "address1_country": "Nederland",
    "gendercode": 2,
    **formatted("gendercode", "Female"),
    "birthdate": "1984-02-29",
    "donotbulkemail": False,
}


def test_a_contact_through_the_default_mapping(default_mapping, fields):
    outcome = plan(default_mapping, "contact").contact(CONTACT, decide(Facts()), fields)

    assert outcome.properties == {
        "email": "ann@example.org",
        "firstName": "Ann",
        "infix": "",
        "lastName": "Jansen",
        "organisation": "Voorbeeld BV",
        "phoneNumber": "020 1234567",
        "mobileNumber": "",
        "address": "Dam 1",
        "postalCode": "1012 JS",
        "city": "Amsterdam",
        "country": "Nederland",
        "gender": "F",
        "birthday": "1984-02-29",
        "externalType": "Contact",
    }
    assert outcome.warnings == ()


def test_an_account_has_only_the_fields_that_are_mapped_for_it(default_mapping, fields):
    columns = dict.fromkeys(plan(default_mapping, "account").select, "x")
    outcome = plan(default_mapping, "account").contact(
        columns | {"name": "Voorbeeld BV", "emailaddress1": "info@example.org"}, decide(Facts()), fields
    )

    assert outcome.properties.keys() == {
        "email", "organisation", "phoneNumber", "address", "postalCode", "city", "country", "externalType"
    }  # fmt: skip
    assert (outcome.properties["organisation"], outcome.properties["externalType"]) == ("Voorbeeld BV", "Account")


@pytest.mark.parametrize(
    ("record", "has"),
    [
        ({"emailaddress1": None}, False),
        ({"emailaddress1": ""}, False),
        ({"emailaddress1": "  "}, False),
        ({"emailaddress1": "nobody at home"}, True),
        ({}, True),
    ],
    ids=["nothing", "empty", "blank", "malformed", "not read"],
)
def test_a_record_has_an_address_unless_its_column_is_empty(default_mapping, record, has):
    assert plan(default_mapping, "contact").has_address(record) is has


def test_a_malformed_address_is_sent_so_that_spotler_refuses_it_by_name(send):
    outcome = send(emailaddress1="nobody at home")

    assert outcome.properties == {"email": "nobody at home"}


def test_an_address_loses_what_nobody_sees_at_its_ends(send):
    outcome = send(emailaddress1="\u200b zoe\u0308@example.org\ufeff")

    assert outcome.properties == {"email": "zoë@example.org"}


def test_an_address_of_invisible_characters_is_no_address():
    contacts = plan(
        parse_mapping({"rows": [{"contact": "emailaddress1", "direction": "->", "spotler": "email"}]}), "contact"
    )

    assert not contacts.has_address({"emailaddress1": "\u200b\ufeff"})
    assert contacts.has_address({"emailaddress1": "\u200bann@example.org"})


def test_an_address_with_an_invisible_character_in_it_is_refused_by_its_name(send):
    with pytest.raises(Invalid) as refusal:
        send(emailaddress1="zoe\u00ad@example.org")

    assert "soft hyphen (U+00AD)" in refusal.value.sentence
    assert "zoe" not in refusal.value.for_people


def test_names_are_sent_in_one_form(send):
    assert send(("firstname", "firstName"), firstname="Zoe\u0308\u200b").properties["firstName"] == "Zoë"


def test_whole_numbers_reach_text_fields_as_digits_and_choices_as_labels(send):
    number = {"a": 12345, **formatted("a", "12,345")}
    choice = {"b": 100000001, **formatted("b", "Gold")}
    outcome = send(("a", "text"), ("b", "other"), **number, **choice)

    assert (outcome.properties["text"], outcome.properties["other"]) == ("12345", "Gold")


def test_a_value_that_does_not_fit_is_left_out_with_a_warning_that_does_not_quote_it(send):
    outcome = send(("a", "points"), ("b", "zip"), ("c", "text"), a="SECRET", b="SECRET", c="fine")

    assert outcome.properties == {"email": "ann@example.org", "text": "fine"}
    assert outcome.warnings == (
        "Column a was left out of Points: The field takes a whole number, such as 1234.",
        (
            "Column b was left out of Zip: "
            "The field takes Dutch postal codes only (1234 AB); use a text field for foreign ones."
        ),
    )


def test_a_number_that_can_be_read_in_two_ways_is_left_out_with_a_warning(send):
    outcome = send(("a", "turnover"), ("b", "points"), ("c", "text"), a="1.000", b="1,000", c="1.000")

    assert outcome.properties == {"email": "ann@example.org", "text": "1.000"}
    assert [
        "can be read in two ways; write it without a separator between thousands." in each for each in outcome.warnings
    ] == [True, True]


def test_a_field_that_spotler_does_not_show_is_left_out_with_one_warning(send):
    outcome = send(("a", "gone"), a="x")

    assert outcome.properties == {"email": "ann@example.org"}
    assert outcome.warnings == ("The field gone does not exist in Spotler or is not visible, so it was not sent.",)


def test_the_name_of_a_field_is_sent_in_the_spelling_of_spotler(send):
    assert "text" in send(("a", "TEXT"), a="x").properties


def test_a_column_that_was_not_read_does_not_clear_its_field(send):
    outcome = send(("a", "text"), ("p(account).name", "other"))

    assert outcome.properties == {"email": "ann@example.org"}
    assert len(outcome.warnings) == 2


def test_money_and_moments_go_over_the_wire_as_spotler_wants_them(send):
    outcome = send(("a", "turnover"), ("b", "lastSeen"), ("c", "lastOrder"), a=12.5, b="2024-06-30T22:30:00Z", c=None)

    assert outcome.properties["turnover"] == 1250
    assert outcome.properties["lastSeen"].startswith("2024-06-30T22:30:00")
    assert outcome.properties["lastOrder"] == ""


def test_a_date_time_becomes_the_day_of_the_time_zone(fields):
    mapping = parse_mapping(
        {
            "rows": [
                {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
                {"contact": "a", "direction": "->", "spotler": "lastOrder"},
            ]
        }
    )
    record = {"emailaddress1": "a@example.org", "a": "2024-06-30T22:30:00Z"}

    def day(zone: str) -> object:
        placed = replace(mapping, times=Times(ZoneInfo(zone)))
        return plan(placed, "contact").contact(record, decide(Facts()), fields).properties["lastOrder"]

    assert (day("Europe/Amsterdam"), day("America/New_York")) == ("2024-07-01", "2024-06-30")


def test_a_date_time_without_a_time_zone_keeps_its_day_and_only_a_date_time_asks_for_it(fields):
    asked = []

    def is_wall_clock(table: str, column: str) -> bool:
        asked.append((table, column))
        return column == "slot"

    mapping = parse_mapping(
        {
            "rows": [
                {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
                {"contact": "slot", "direction": "->", "spotler": "lastOrder"},
                {"contact": "birthdate", "direction": "->", "spotler": "birthday"},
                {"contact": "p(account).createdon", "direction": "->", "spotler": "lastSeen"},
            ]
        }
    )
    record = {
        "emailaddress1": "a@example.org",
        "slot": "2024-06-30T22:30:00Z",
        "birthdate": "1984-02-29",
        "p": {"createdon": "2024-06-30T22:30:00Z"},
    }
    placed = replace(mapping, times=Times(is_wall_clock=is_wall_clock))
    outcome = plan(placed, "contact").contact(record, decide(Facts()), fields)

    assert outcome.properties["lastOrder"] == "2024-06-30"
    assert outcome.properties["birthday"] == "1984-02-29"
    assert outcome.properties["lastSeen"] == "2024-06-30T22:30:00.000+00:00"
    assert asked == [("contact", "slot"), ("account", "createdon")]


def test_constants_and_the_customer_type_can_be_chosen(fields):
    mapping = parse_mapping(
        {
            "customer_type": {"lead": "Prospect"},
            "rows": [
                {"lead": "emailaddress1", "direction": "->", "spotler": "email"},
                {"lead": "$CustomerType", "direction": "->", "spotler": "text"},
                {"lead": "$value:PRD", "direction": "->", "spotler": "other"},
                {"lead": "$value:5", "direction": "->", "spotler": "points"},
                {"lead": "$value:ja", "direction": "->", "spotler": "interests:Garden"},
            ],
        }
    )
    outcome = plan(mapping, "lead").contact({"emailaddress1": "a@example.org"}, decide(Facts()), fields)

    assert outcome.properties == {
        "email": "a@example.org",
        "text": "Prospect",
        "other": "PRD",
        "points": 5,
        "interests": [{"bit": 1, "enabled": True}],
    }


def test_lookups_are_sent_as_names(send):
    lookup = {
        "_p_value": "00000000-0000-0000-0000-000000000001",
        **formatted("_p_value", "Voorbeeld BV"),
        "_p_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
    }

    assert send(("_p_value", "text"), **lookup).properties["text"] == "Voorbeeld BV"
    assert send(("p(account)", "text"), **lookup).properties["text"] == "Voorbeeld BV"
    assert send(("p(contact)", "text"), **lookup).properties["text"] == ""
    assert send(("_p_value", "text"), _p_value=None).properties["text"] == ""
    assert "text" not in send(("_p_value", "text"), _p_value="an id without a name").properties


def test_an_empty_lookup_clears_what_is_read_through_it(send):
    assert send(("p(account).name", "text"), p=None).properties.get("text") == ""


def test_an_unknown_type_of_field_is_left_out(default_mapping):
    from connector.spotler import Field

    fields = Fields([spotler_field("email"), Field("firstName", "First name", None)])
    outcome = plan(default_mapping, "contact").contact(CONTACT, decide(Facts()), fields)

    assert {"email"} == outcome.properties.keys()
    assert any("Column firstname was left out of First name: " in warning for warning in outcome.warnings)


def test_a_column_that_only_comes_from_spotler_is_not_sent(send):
    outcome = send({"contact": "birthdate", "direction": "<-", "spotler": "birthday"}, birthdate="1984-02-29")

    assert {"email"} == outcome.properties.keys()
