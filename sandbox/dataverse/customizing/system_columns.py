"""The columns that Dataverse gives every new table."""

from typing import Final

from connector.dataverse.schema import Column, Kind

#: The status and the status reasons of a new table.
STATES: Final = {0: "Active", 1: "Inactive"}
STATUSES: Final = {1: "Active", 2: "Inactive"}
STATUS_STATE: Final = {1: 0, 2: 1}


def _lookup(name: str, *targets: str, writable: bool = False) -> Column:
    return Column(name, Kind.LOOKUP, targets=targets, navigation=dict.fromkeys(targets, name), writable=writable)


_EVERYWHERE: Final = (
    Column("createdon", Kind.DATE_TIME, "Created On", writable=False),
    _lookup("createdby", "systemuser"),
    _lookup("createdonbehalfby", "systemuser"),
    Column("modifiedon", Kind.DATE_TIME, "Modified On", writable=False),
    _lookup("modifiedby", "systemuser"),
    _lookup("modifiedonbehalfby", "systemuser"),
    Column("statecode", Kind.STATE, "Status", options=STATES, default=0),
    Column("statuscode", Kind.STATUS, "Status Reason", options=STATUSES),
    Column("versionnumber", Kind.BIG_INTEGER, "Version Number", writable=False),
    Column("importsequencenumber", Kind.INTEGER, "Import Sequence Number"),
    Column("overriddencreatedon", Kind.DATE_TIME, "Record Created On", is_day=True),
    Column("timezoneruleversionnumber", Kind.INTEGER, "Time Zone Rule Version Number"),
    Column("utcconversiontimezonecode", Kind.INTEGER, "UTC Conversion Time Zone Code"),
)
_OWNED: Final = (
    _lookup("ownerid", "systemuser", "team", writable=True),
    _lookup("owningbusinessunit", "businessunit"),
    _lookup("owninguser", "systemuser"),
    _lookup("owningteam", "team"),
)
_ORGANIZATION: Final = (_lookup("organizationid", "organization"),)


def system_columns(id_column: str, label: str, *, owned: bool) -> tuple[Column, ...]:
    """The columns beside the primary name; the primary id first."""
    return (Column(id_column, Kind.ID, label), *_EVERYWHERE, *(_OWNED if owned else _ORGANIZATION))
