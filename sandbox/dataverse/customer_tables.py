"""Tables of the sandbox's customer: one that people are written into when they subscribe, and one of subscriptions.

The names of Engage 365's own table of Periodieken are not published; these are invented.
"""

from connector.dataverse.schema import Column, Kind, Table

MEMBERSHIP_ENTRY = Table(
    name="new_membershipentry",
    set_name="new_membershipentries",
    label="Membership Entry",
    id_column="new_membershipentryid",
    name_column="new_name",
    columns=(
        Column("new_membershipentryid", Kind.ID, "Membership Entry"),
        Column("new_name", Kind.TEXT, "Name", length=100),
        Column("new_email", Kind.TEXT, "Email", length=100),
        Column("new_origin", Kind.TEXT, "Origin", length=50),
        Column("statecode", Kind.STATE, "Status", options={0: "Active", 1: "Inactive"}, default=0),
        Column("statuscode", Kind.STATUS, "Status Reason", options={1: "Active", 2: "Inactive"}),
        Column("createdon", Kind.DATE_TIME, "Created On", writable=False),
        Column("modifiedon", Kind.DATE_TIME, "Modified On", writable=False),
        Column("versionnumber", Kind.BIG_INTEGER, "Version Number", writable=False),
    ),
    status_state={1: 0, 2: 1},
)

PERIODIEK = Table(
    name="new_periodiek",
    set_name="new_periodieken",
    label="Periodiek",
    id_column="new_periodiekid",
    name_column="new_name",
    columns=(
        Column("new_periodiekid", Kind.ID, "Periodiek"),
        Column("new_name", Kind.TEXT, "Name", length=200),
        Column("new_subscribed", Kind.YES_NO, "Subscribed", default=False),
        Column("new_changedon", Kind.DATE_TIME, "Changed On"),
        Column(
            "new_contactid",
            Kind.LOOKUP,
            "Contact",
            targets=("contact",),
            navigation={"contact": "new_ContactId"},
        ),
        Column("statecode", Kind.STATE, "Status", options={0: "Active", 1: "Inactive"}, default=0),
        Column("statuscode", Kind.STATUS, "Status Reason", options={1: "Active", 2: "Inactive"}),
        Column("createdon", Kind.DATE_TIME, "Created On", writable=False),
        Column("modifiedon", Kind.DATE_TIME, "Modified On", writable=False),
        Column("versionnumber", Kind.BIG_INTEGER, "Version Number", writable=False),
    ),
    status_state={1: 0, 2: 1},
)

CUSTOMER_TABLES = (MEMBERSHIP_ENTRY, PERIODIEK)
