"""What must be read of a table, and what starts a sync."""

import pytest

from connector.mapping import parse_mapping, plan

from .conftest import decision_of, formatted

FLAGS = {"donotemail", "donotbulkemail", "statecode", "statuscode"}
EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}


def planned(*rows: dict, **settings: object):
    return plan(parse_mapping({"rows": [EMAIL, *rows], **settings}), "contact")


def test_the_key_and_the_columns_that_forbid_mail_are_always_read(default_mapping):
    for table in ("contact", "lead", "account"):
        assert {f"{table}id", *FLAGS} <= set(plan(default_mapping, table).select)


def test_every_column_is_asked_for_once_under_its_name_in_the_web_api():
    found = planned(
        {"contact": "telephone1", "direction": "->", "spotler": "a"},
        {"contact": "telephone1", "direction": "->", "spotler": "b"},
        {"contact": "ownerid", "direction": "->", "spotler": "c"},
        {"contact": "parentcustomerid(account).name", "direction": "->", "spotler": "d"},
        {"contact": "parentcustomerid(account).telephone1", "direction": "->", "spotler": "e"},
        {"contact": "birthdate", "direction": "<-", "spotler": "f"},
        {"contact": "jobtitle", "direction": "->", "filter": "Boss"},
    )

    assert found.select[6:] == ("emailaddress1", "telephone1", "_ownerid_value", "jobtitle")
    assert found.expand == {"parentcustomerid_account": ("name", "telephone1")}


def test_the_navigation_of_a_lookup_of_ones_own_stands_in_the_mapping():
    row = {"contact": "new_regionid(new_region).new_code", "direction": "->", "spotler": "a"}

    assert planned(row).expand == {"new_regionid": ("new_code",)}
    assert planned(row, navigation={"new_regionid(new_region)": "new_RegionId"}).expand == {
        "new_RegionId": ("new_code",)
    }


def test_a_change_of_what_is_sent_of_filters_and_of_flags_starts_a_sync():
    rows = (
        {"contact": "parentcustomerid(account).name", "direction": "->", "spotler": "a"},
        {"contact": "birthdate", "direction": "<-", "spotler": "b"},
        {"contact": "jobtitle", "direction": "<-", "spotler": "c", "filter": "Boss"},
        {"contact": "$CustomerType", "direction": "->", "spotler": "d"},
    )

    assert FLAGS | {"emailaddress1", "parentcustomerid", "jobtitle"} == planned(*rows).triggers


def test_the_columns_that_start_a_sync_can_be_chosen():
    row = {"contact": "jobtitle", "direction": "->", "filter": "Boss"}

    assert FLAGS | {"jobtitle", "fax"} == planned(row, triggers={"contact": ["fax"]}).triggers


def test_a_plan_is_made_once_per_mapping_and_table(default_mapping):
    assert plan(default_mapping, "contact") is plan(default_mapping, "contact")
    assert plan(default_mapping, "contact") is not plan(default_mapping, "lead")


def test_a_table_that_the_mapping_leaves_out_is_not_synced(fields):
    leads = plan(parse_mapping({"rows": [EMAIL]}), "lead")
    row = {"emailaddress1": "a@example.org"}
    outcome = leads.contact(row, decision_of(leads, row), fields)

    assert (leads.synced, leads.admits(row), leads.has_address(row)) == (False, False, True)
    assert {"permissions"} == outcome.properties.keys()


@pytest.mark.parametrize(
    ("record", "admitted"),
    [
        ({"kind": 3, **formatted("kind", "Gold"), "active": True}, True),
        ({"kind": 4, **formatted("kind", "gold"), "active": True}, True),
        ({"kind": 3, **formatted("kind", "Silver"), "active": True}, False),
        ({"kind": 3, **formatted("kind", "Gold"), "active": False}, False),
        ({"kind": None, "active": True}, False),
        ({"active": True}, False),
    ],
)
def test_a_record_is_synced_only_if_every_filter_of_its_table_admits_it(send, record, admitted):
    outcome = send(
        {"contact": "kind", "direction": "->", "filter": "Gold"},
        {"contact": "active", "direction": "->", "filter": "true", "spotler": "text"},
        {"lead": "other", "direction": "->", "filter": "never"},
        **record,
    )

    assert admitted is ("email" in outcome.properties)
