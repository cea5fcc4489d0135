"""Standard tables of Dataverse, with only the columns that the connector uses."""

from connector.dataverse.names import (
    MEMBER_TABLES,
    Account,
    Contact,
    EnvironmentVariable,
    EnvironmentVariableValue,
    Flags,
    Lead,
    ListMember,
    MarketingList,
    Post,
    SystemUser,
)
from connector.dataverse.schema.model import Column, Kind, Table, lookup, text

ACTIVE_INACTIVE = {0: "Active", 1: "Inactive"}


def _system_columns(states: dict[int, str], statuses: dict[int, str]) -> tuple[Column, ...]:
    return (
        Column(Flags.STATE, Kind.STATE, "Status", options=states, default=0),
        Column(Flags.STATUS, Kind.STATUS, "Status Reason", options=statuses),
        Column("createdon", Kind.DATE_TIME, "Created On", writable=False),
        Column("modifiedon", Kind.DATE_TIME, "Modified On", writable=False),
        Column("versionnumber", Kind.BIG_INTEGER, "Version Number", writable=False),
        lookup("ownerid", "Owner", {"systemuser": "ownerid", "team": "ownerid"}),
    )


def _flags(table: str) -> tuple[Column, ...]:
    return (
        Column(
            Flags.MASTER, Kind.LOOKUP, "Master ID", targets=(table,), navigation={table: Flags.MASTER}, writable=False
        ),
        Column(Flags.DO_NOT_EMAIL, Kind.YES_NO, "Do not allow Emails", default=False),
        Column(Flags.DO_NOT_BULK_EMAIL, Kind.YES_NO, "Do not allow Bulk Emails", default=False),
        Column(Flags.MERGED, Kind.YES_NO, "Merged", default=False, writable=False),
        Column("donotphone", Kind.YES_NO, "Do not allow Phone Calls", default=False),
    )


def _address() -> tuple[Column, ...]:
    return (
        text("address1_line1", "Street 1", 250),
        text("address1_line2", "Street 2", 250),
        text("address1_postalcode", "ZIP/Postal Code", 20),
        text("address1_city", "City", 80),
        text("address1_stateorprovince", "State/Province", 50),
        text("address1_country", "Country/Region", 80),
    )


def _person() -> tuple[Column, ...]:
    return (
        text("salutation", "Salutation"),
        text("firstname", "First Name", 50),
        text("middlename", "Middle Name", 50),
        text("lastname", "Last Name", 50),
        text("jobtitle", "Job Title"),
        Column("fullname", Kind.TEXT, "Full Name", length=160, writable=False),
        text("emailaddress1", "Email"),
        text("emailaddress2", "Email 2"),
        text("telephone1", "Business Phone", 50),
        text("mobilephone", "Mobile Phone", 50),
    )


CONTACT = Table(
    name=Contact.TABLE,
    set_name=Contact.SET,
    label="Contact",
    id_column=Contact.ID,
    name_column="fullname",
    columns=(
        Column(Contact.ID, Kind.ID, "Contact"),
        *_person(),
        Column("gendercode", Kind.CHOICE, "Gender", options={1: "Male", 2: "Female"}),
        Column("birthdate", Kind.DATE, "Birthday"),
        Column("creditlimit", Kind.MONEY, "Credit Limit"),
        Column("numberofchildren", Kind.INTEGER, "No. of Children"),
        lookup(
            "parentcustomerid",
            "Company Name",
            {"account": "parentcustomerid_account", "contact": "parentcustomerid_contact"},
        ),
        lookup("originatingleadid", "Originating Lead", {"lead": "originatingleadid"}),
        *_address(),
        *_flags(Contact.TABLE),
        *_system_columns(ACTIVE_INACTIVE, {1: "Active", 2: "Inactive"}),
    ),
    status_state={1: 0, 2: 1},
)

LEAD = Table(
    name=Lead.TABLE,
    set_name=Lead.SET,
    label="Lead",
    id_column=Lead.ID,
    name_column="fullname",
    columns=(
        Column(Lead.ID, Kind.ID, "Lead"),
        text("subject", "Topic", 300),
        *_person(),
        text(Lead.COMPANY, "Company Name"),
        text(Lead.WEBSITE, "Website", 200),
        Column(Lead.SOURCE, Kind.CHOICE, "Lead Source", options={8: "Web", 9: "Word of Mouth", 10: "Other"}),
        *_address(),
        *_flags(Lead.TABLE),
        *_system_columns(
            {0: "Open", 1: "Qualified", 2: "Disqualified"},
            {1: "New", 2: "Contacted", 3: "Qualified", 4: "Lost", 5: "Cannot Contact", 7: "Canceled"},
        ),
    ),
    status_state={1: 0, 2: 0, 3: 1, 4: 2, 5: 2, 7: 2},
)

ACCOUNT = Table(
    name=Account.TABLE,
    set_name=Account.SET,
    label="Account",
    id_column=Account.ID,
    name_column="name",
    columns=(
        Column(Account.ID, Kind.ID, "Account"),
        text(Account.NAME, "Account Name", 160, required=True),
        text("accountnumber", "Account Number", 20),
        text("emailaddress1", "Email"),
        text("telephone1", "Main Phone", 50),
        text(Account.WEBSITE, "Website", 200),
        Column(
            "industrycode",
            Kind.CHOICE,
            "Industry",
            options={1: "Accounting", 2: "Agriculture", 7: "Consulting"},
        ),
        lookup("primarycontactid", "Primary Contact", {"contact": "primarycontactid"}),
        lookup("parentaccountid", "Parent Account", {"account": "parentaccountid"}),
        lookup("originatingleadid", "Originating Lead", {"lead": "originatingleadid"}),
        *_address(),
        *_flags(Account.TABLE),
        *_system_columns(ACTIVE_INACTIVE, {1: "Active", 2: "Inactive"}),
    ),
    status_state={1: 0, 2: 1},
)

MARKETING_LIST = Table(
    name=MarketingList.TABLE,
    set_name=MarketingList.SET,
    label="Marketing List",
    id_column=MarketingList.ID,
    name_column="listname",
    columns=(
        Column(MarketingList.ID, Kind.ID, "List"),
        text(MarketingList.NAME, "Name", 128, required=True),
        Column("type", Kind.YES_NO, "Type", default=False),
        Column(
            "createdfromcode",
            Kind.CHOICE,
            "List Member Type",
            options={1: "Account", 2: "Contact", 4: "Lead"},
            required=True,
        ),
        Column("query", Kind.MEMO, "Query", length=1_073_741_823),
        Column("lockstatus", Kind.YES_NO, "Locked", default=False),
        Column(MarketingList.SYNCED, Kind.YES_NO, "Sync to Spotler", default=False),
        Column(MarketingList.LAST_SYNC, Kind.DATE_TIME, "Last Sync to Spotler"),
        *_system_columns(ACTIVE_INACTIVE, {0: "Active", 1: "Inactive"}),
    ),
    status_state={0: 0, 1: 1},
)

LIST_MEMBER = Table(
    name=ListMember.TABLE,
    set_name=ListMember.SET,
    label="Marketing List Member",
    id_column=ListMember.ID,
    name_column="name",
    columns=(
        Column(ListMember.ID, Kind.ID, "List Member"),
        Column("name", Kind.TEXT, "Name", writable=False),
        lookup(ListMember.LIST, "List", {MarketingList.TABLE: ListMember.LIST}, required=True),
        lookup(
            ListMember.MEMBER,
            "Member",
            {table: f"{ListMember.MEMBER}_{table}" for table in MEMBER_TABLES.values()},
            required=True,
        ),
        Column("createdon", Kind.DATE_TIME, "Created On", writable=False),
    ),
)

SYSTEM_USER = Table(
    name=SystemUser.TABLE,
    set_name=SystemUser.SET,
    label="User",
    id_column=SystemUser.ID,
    name_column="fullname",
    columns=(
        Column(SystemUser.ID, Kind.ID, "User"),
        Column("fullname", Kind.TEXT, "Full Name", length=200, writable=False),
        text("applicationid", "Application ID", 36),
        text(SystemUser.EMAIL, "Primary Email"),
        Column(SystemUser.DISABLED, Kind.YES_NO, "Disabled", default=False),
    ),
)

POST = Table(
    name=Post.TABLE,
    set_name=Post.SET,
    label="Post",
    id_column=Post.ID,
    name_column=Post.TEXT,
    columns=(
        Column(Post.ID, Kind.ID, "Post"),
        text(Post.TEXT, "Text", 2000),
        Column(Post.SOURCE, Kind.CHOICE, "Source", options={1: "Auto Post", 2: "Manual Post", 3: "ActionHub Post"}),
        lookup(Post.REGARDING, "Regarding", {table: Post.regarding(table) for table in ("contact", "lead", "account")}),
        Column("createdon", Kind.DATE_TIME, "Created On", writable=False),
    ),
)

ENVIRONMENT_VARIABLE = Table(
    name=EnvironmentVariable.TABLE,
    set_name=EnvironmentVariable.SET,
    label="Environment Variable Definition",
    id_column=EnvironmentVariable.ID,
    name_column=EnvironmentVariable.SCHEMA_NAME,
    columns=(
        Column(EnvironmentVariable.ID, Kind.ID, "Environment Variable Definition"),
        text(EnvironmentVariable.SCHEMA_NAME, "Schema Name", required=True),
        text("displayname", "Display Name", required=True),
        Column("type", Kind.CHOICE, "Type", options={100000000: "String", 100000003: "JSON"}, required=True),
        Column(EnvironmentVariable.DEFAULT, Kind.MEMO, "Default Value", length=2000),
    ),
    keys={"schemaname_key": (EnvironmentVariable.SCHEMA_NAME,)},
)

ENVIRONMENT_VARIABLE_VALUE = Table(
    name=EnvironmentVariableValue.TABLE,
    set_name=EnvironmentVariableValue.SET,
    label="Environment Variable Value",
    id_column=EnvironmentVariableValue.ID,
    name_column="schemaname",
    columns=(
        Column(EnvironmentVariableValue.ID, Kind.ID, "Environment Variable Value"),
        text("schemaname", "Name"),
        Column(EnvironmentVariableValue.VALUE, Kind.MEMO, "Value", length=2000),
        lookup(
            EnvironmentVariableValue.DEFINITION,
            "Environment Variable Definition",
            {EnvironmentVariable.TABLE: EnvironmentVariableValue.DEFINITION_NAVIGATION},
            required=True,
        ),
    ),
)

STANDARD_TABLES = (
    CONTACT,
    LEAD,
    ACCOUNT,
    MARKETING_LIST,
    LIST_MEMBER,
    SYSTEM_USER,
    POST,
    ENVIRONMENT_VARIABLE,
    ENVIRONMENT_VARIABLE_VALUE,
)
