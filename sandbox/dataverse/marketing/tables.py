"""The tables of marketing lists. An environment without a licence of Dynamics 365 Sales (the light edition) has none,
and no leads.

`list` is in the manifest with the columns that the connector uses; `listmember` is the intersect table of three N:N
relationships, one for each type of member.
"""

from dataclasses import replace
from typing import Final

from connector.dataverse.names import Lead, MarketingList
from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.relationships import ManyToMany

LIST: Final = MarketingList.TABLE
LIST_MEMBER: Final = "listmember"
#: The tables that the light edition lacks.
SALES_TABLES: Final = frozenset({LIST, LIST_MEMBER, Lead.TABLE})
#: `createdfromcode` and `membertype` of a list, with the table of its members.
MEMBER_TABLES: Final = {1: "account", 2: "contact", 4: "lead"}

#: What Dataverse has on `list` besides.
_LIST_COLUMNS: Final = (
    Column("membertype", Kind.INTEGER, "List Member Type", writable=False),
    Column("membercount", Kind.INTEGER, "No. of Members", writable=False),
    Column("donotsendonoptout", Kind.YES_NO, "Exclude Members Who Opt Out", default=True),
    Column("ignoreinactivelistmembers", Kind.YES_NO, "Ignore Inactive List Members", default=True),
    Column("lastusedon", Kind.DATE, "Last Used On", writable=False),
    Column("purpose", Kind.TEXT, "Purpose", length=512),
    Column("source", Kind.TEXT, "Source", length=128),
    Column("cost", Kind.MONEY, "Cost"),
    Column("description", Kind.MEMO, "Description", length=2000),
    Column("processfetchxml", Kind.MEMO, "Process Fetch XML", length=10_000, writable=False),
    Column("processedmembercount", Kind.INTEGER, "Processed Member Count", writable=False),
)

_MEMBER_COLUMNS: Final = (
    Column("listmemberid", Kind.ID, "List Member"),
    Column("name", Kind.TEXT, "Name", writable=False),
    Column("listid", Kind.LOOKUP, "List", targets=(LIST,), navigation={LIST: "listid"}, required=True),
    Column(
        "entityid",
        Kind.LOOKUP,
        "Member",
        targets=tuple(MEMBER_TABLES.values()),
        navigation={table: f"entityid_{table}" for table in MEMBER_TABLES.values()},
        required=True,
    ),
    Column("entitytype", Kind.TEXT, "Member Type", length=64, writable=False),
    Column("createdon", Kind.DATE_TIME, "Created On", writable=False),
    Column("modifiedon", Kind.DATE_TIME, "Modified On", writable=False),
    Column("versionnumber", Kind.BIG_INTEGER, "Version Number", writable=False),
)

_MEMBER: Final = Table(
    name=LIST_MEMBER,
    set_name="listmembers",
    label="Marketing List Member",
    id_column="listmemberid",
    name_column="name",
    columns=_MEMBER_COLUMNS,
    # No key of Dataverse's that clients can use: it only says that nobody is a member twice.
)

RELATIONSHIPS: Final = tuple(
    ManyToMany(f"list{table}_association", LIST_MEMBER, {LIST: "listid", table: "entityid"})
    for table in MEMBER_TABLES.values()
)


def with_list_tables(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables of an environment with marketing lists; what the manifest has of them is kept."""
    columns = {LIST: _LIST_COLUMNS, LIST_MEMBER: _MEMBER_COLUMNS}
    completed = tuple(_completed(table, columns.get(table.name, ())) for table in tables)
    return completed if any(table.name == LIST_MEMBER for table in tables) else (*completed, _MEMBER)


def _completed(table: Table, columns: tuple[Column, ...]) -> Table:
    known = {column.name for column in table.columns}
    return replace(table, columns=(*table.columns, *(column for column in columns if column.name not in known)))
