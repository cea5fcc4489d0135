"""The columns that Dataverse gives every table of the solution."""

from connector.dataverse.schema.model import Column, Kind, lookup

ACTIVE_INACTIVE = {0: "Active", 1: "Inactive"}


def system_columns(statuses: dict[int, str] | None = None) -> tuple[Column, ...]:
    """Status, times, owner; `statuses` names the status reasons where they are not Active and Inactive."""
    return (
        Column("statecode", Kind.STATE, "Status", options=ACTIVE_INACTIVE, default=0),
        Column("statuscode", Kind.STATUS, "Status Reason", options=statuses or {1: "Active", 2: "Inactive"}),
        Column("createdon", Kind.DATE_TIME, "Created On", writable=False),
        Column("modifiedon", Kind.DATE_TIME, "Modified On", writable=False),
        Column(
            "modifiedby",
            Kind.LOOKUP,
            "Modified By",
            targets=("systemuser",),
            navigation={"systemuser": "modifiedby"},
            writable=False,
        ),
        Column("versionnumber", Kind.BIG_INTEGER, "Version Number", writable=False),
        lookup("ownerid", "Owner", {"systemuser": "ownerid", "team": "ownerid"}),
    )
