"""Permissions that are kept in Marketing Lists: the lists, who is put on them, and what became of them."""

from datetime import timedelta

from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import MEMBER_TABLES, Consent, ListMember, MarketingList
from connector.sync.records import RecordReader

ROWS = [
    {"contact": "emailaddress1", "lead": "emailaddress1", "direction": "->", "spotler": "email"},
]
CODES = {table: code for code, table in MEMBER_TABLES.items()}
#: A dynamic list of contacts.
IN_UTRECHT = {
    "type": True,
    "query": '<fetch><entity name="contact"><filter>'
    '<condition attribute="address1_city" operator="eq" value="Utrecht"/></filter></entity></fetch>',
}
#: When people joined, where a test does not say it.
BEFORE = timedelta(days=3)


def add_list(world, name, table="contact", **columns):
    return world.load(MarketingList.TABLE, **{MarketingList.NAME: name, "createdfromcode": CODES[table], **columns})


def join(world, about, record, before=BEFORE):
    """Somebody adds the record to the list, so long ago."""
    world.load(
        ListMember.TABLE,
        **{
            "listid@odata.bind": f"/lists({about})",
            f"entityid_{record.table}@odata.bind": f"/{record.table}s({record.id})",
            "createdon": (world.now - before).isoformat(),
        },
    )


def leave(world, about, record):
    """Somebody removes the record from the list."""
    world.services.dataverse.act(
        f"lists({about})/Microsoft.Dynamics.CRM.RemoveMemberList", {"EntityId": record.id}, repeatable=False
    )


def members(world, about):
    return {row["_entityid_value"] for row in world.rows(ListMember.TABLE) if row["_listid_value"] == about}


def history(world, record):
    rows = [row for row in world.rows(Consent.TABLE) if row[Consent.RECORD] == record.id]
    ordered = sorted(rows, key=lambda row: (row[Consent.ON], row["versionnumber"]))
    return [(row[Consent.PERMISSION], row[Consent.AFTER], ConsentCause(row[Consent.SOURCE])) for row in ordered]


def note(world, record, *, on, before, cause=ConsentCause.FEED, written=None):
    """The history has an entry about the newsletter."""
    at = (world.now - before).isoformat()
    world.load(
        Consent.TABLE,
        **{
            Consent.RECORD: record.id,
            Consent.RECORD_TABLE: record.table,
            Consent.PERMISSION: "Newsletter",
            Consent.AFTER: on,
            Consent.BEFORE: not on,
            Consent.ON: at,
            Consent.SOURCE: cause.value,
            Consent.KEY: f"{record.id}{on}{at}",
            "createdon": (world.now - (before if written is None else written)).isoformat(),
        },
    )


def read(world, record):
    return RecordReader(world.services).read([record])[record]


def on_in_spotler(world, record):
    return world.in_spotler(record)["permissions"]
