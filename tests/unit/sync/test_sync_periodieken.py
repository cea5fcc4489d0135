"""Permissions that are kept as Periodieken, a table whose names are a setting."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connector.consent import KnownState, PermissionReport, Presence, SpotlerReport
from connector.dataverse.names import Consent, Permission
from connector.dataverse.permission_tables import periodiek
from connector.errors import Misconfigured
from connector.mapping import parse_mapping
from connector.pulls.permission_rows import update_rows
from connector.routing.record_item import RecordItem
from connector.spotler import Option
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record, RecordReader
from sandbox.spotler.seed import NEWSLETTER_BIT

NEWSLETTER, EVENTS, RENAMED = Option(1, "Newsletter"), Option(2, "Events"), Option(1, "News")
TABLE = "new_periodiek"
NAMES = {
    "table": TABLE,
    "set": "new_periodieken",
    "id": "new_periodiekid",
    "name": "new_name",
    "subscribed": "new_subscribed",
    "changed_on": "new_changedon",
    "lookups": {"contact": {"column": "new_contactid", "navigation": "new_ContactId"}},
}
ROWS = [
    {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
    {"contact": "@map(periodiek)", "direction": "<->", "spotler": "permissions"},
]


@pytest.fixture
def use(world):
    """Keeps permissions of contacts as Periodieken, with these names."""

    def _use(**names):
        setting = json.dumps(NAMES | names)
        settings = world.services.settings.model_copy(update={"periodiek": setting})
        world.services = replace(world.services, settings=settings, mapping=parse_mapping({"rows": ROWS}))

    return _use


def subscription(world, record, name="Newsletter", *, subscribed=True):
    early = (world.now - timedelta(days=3)).isoformat()
    columns = {"new_name": name, "new_subscribed": subscribed, "_new_contactid_value": record.id, "modifiedon": early}
    world.load(TABLE, **columns)


def states(world):
    return {row["new_name"]: row["new_subscribed"] for row in world.rows(TABLE)}


@pytest.mark.parametrize("changed_on", ["new_changedon", None])
def test_periodieken_reach_spotler_and_nothing_is_kept_in_spotler_permission(world, use, send, changed_on):
    use(changed_on=changed_on)
    record = world.contact()
    subscription(world, record)
    subscription(world, record, "Events", subscribed=False)

    (result,) = send(record)

    assert result.code == "OK"
    assert world.in_spotler(record)["permissions"] == [NEWSLETTER_BIT]
    assert world.rows(Permission.TABLE) == []


@pytest.mark.parametrize("changed_on", ["new_changedon", None])
def test_an_opt_out_in_spotler_switches_the_periodiek_off_with_an_entry_in_the_history(world, use, changed_on):
    use(changed_on=changed_on)
    record = world.contact()
    subscription(world, record)
    read = RecordReader(world.services).read([record])[record]
    report = PermissionReport("Newsletter", NEWSLETTER_BIT, on=False, at=world.now)
    rows = PermissionRows(world.services)

    (ensured,) = rows.ensure([read], reported={record: SpotlerReport(Presence.KNOWN, (report,))}).values()
    (after,) = rows.apply([ensured]).values()

    assert isinstance(after, Record)
    assert states(world) == {"Newsletter": False}
    assert [row[Consent.AFTER] for row in world.rows(Consent.TABLE)] == [True, False]


def test_an_opt_in_in_spotler_switches_the_periodiek_on(world, use):
    use()
    record = world.contact()
    subscription(world, record, subscribed=False)
    read = RecordReader(world.services).read([record])[record]
    report = PermissionReport("Newsletter", NEWSLETTER_BIT, on=True, at=world.now)

    known = {record: {NEWSLETTER_BIT: KnownState(on=False, at=world.now)}}
    rows = PermissionRows(world.services)
    (ensured,) = rows.ensure([read], reported={record: SpotlerReport(Presence.KNOWN, (report,))}, known=known).values()
    rows.apply([ensured])

    assert states(world) == {"Newsletter": True}


def test_do_not_bulk_email_switches_periodieken_off(world, use, send):
    use()
    record = world.contact(donotbulkemail=True)
    subscription(world, record)

    send(record)

    assert states(world) == {"Newsletter": False}


def test_a_periodiek_gets_the_new_name_of_its_permission_and_keeps_its_time(world, use):
    use()
    record = world.contact()
    subscription(world, record)
    subscription(world, record, "Fax")
    update_rows(world.services, [NEWSLETTER, EVENTS])

    assert update_rows(world.services, [RENAMED, EVENTS]) == 1

    assert states(world) == {"News": True, "Fax": True}
    (changed,) = [row["new_changedon"] for row in world.rows(TABLE) if row["new_name"] == "News"]
    assert datetime.fromisoformat(changed) == world.now - timedelta(days=3)
    renamed = [row for row in world.rows(Consent.TABLE) if "Renamed" in str(row[Consent.EVIDENCE])]
    assert [row[Consent.PERMISSION] for row in renamed] == ["News"]


def test_a_periodiek_without_a_time_of_its_own_keeps_its_name(world, use):
    use(changed_on=None)
    subscription(world, world.contact())
    update_rows(world.services, [NEWSLETTER, EVENTS])

    assert update_rows(world.services, [RENAMED, EVENTS]) == 0, "a write would look like a newer consent"

    assert states(world) == {"Newsletter": True}


def test_the_record_of_a_periodiek_is_found_where_a_message_names_only_the_row(world, use, changes):
    use()
    record = world.contact()
    subscription(world, record)
    (row,) = world.rows(TABLE)

    changes.run(RecordItem(permission=row["new_periodiekid"], first_seen=world.now))

    assert world.in_spotler(record)["permissions"] == [NEWSLETTER_BIT]


def test_a_table_that_is_not_there_is_an_error_of_the_configuration(world, use):
    use(table="new_absent", set="new_absents")
    record = world.contact()

    with pytest.raises(Misconfigured):
        RecordReader(world.services).read([record])


@pytest.mark.parametrize(
    "setting", [None, "", "{", "[]", "{}", json.dumps(NAMES | {"name": "x y"}), json.dumps({"a": 1})]
)
def test_a_setting_that_is_missing_or_wrong_is_an_error_of_the_configuration(setting):
    with pytest.raises(Misconfigured, match="PERIODIEK"):
        periodiek(setting)


def test_a_table_of_records_without_a_lookup_is_an_error_of_the_configuration():
    with pytest.raises(Misconfigured, match="lead"):
        periodiek(json.dumps(NAMES)).lookup("lead")
