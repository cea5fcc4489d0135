"""Permissions that are kept in Marketing Lists: the lists, and who is put on them."""

from datetime import timedelta

from connector.dataverse.names import MEMBER_TABLES, ListMember, MarketingList

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
