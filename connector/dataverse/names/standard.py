"""The tables that an environment of Dynamics 365 has."""

from typing import Final


class Contact:
    """The standard table of persons."""

    TABLE: Final = "contact"
    SET: Final = "contacts"
    ID: Final = "contactid"
    LAST_NAME: Final = "lastname"


class SystemUser:
    """The standard table of users."""

    TABLE: Final = "systemuser"
    SET: Final = "systemusers"
    ID: Final = "systemuserid"
    EMAIL: Final = "internalemailaddress"
    DISABLED: Final = "isdisabled"


class Lead:
    """The standard table of prospects."""

    TABLE: Final = "lead"
    SET: Final = "leads"
    ID: Final = "leadid"
    LAST_NAME: Final = "lastname"
    TOPIC: Final = "subject"
    COMPANY: Final = "companyname"
    WEBSITE: Final = "websiteurl"
    SOURCE: Final = "leadsourcecode"


class Account:
    """The standard table of organisations."""

    TABLE: Final = "account"
    SET: Final = "accounts"
    ID: Final = "accountid"
    NAME: Final = "name"
    WEBSITE: Final = "websiteurl"
    STATE: Final = "statecode"
    OWNER: Final = "ownerid"


class MarketingList:
    """The standard table of marketing lists; it needs a Dynamics 365 Sales licence."""

    TABLE: Final = "list"
    SET: Final = "lists"
    ID: Final = "listid"
    NAME: Final = "listname"
    STATE: Final = "statecode"
    #: Whether the members are found by a query, and that query.
    DYNAMIC: Final = "type"
    QUERY: Final = "query"
    #: The table of the members, as a number: `MEMBER_TABLES`.
    MEMBER_TYPE: Final = "createdfromcode"
    #: Columns that the connector's solution adds: whether Spotler has the list, and since when it is as it is.
    SYNCED: Final = "dh_spotlersync"
    LAST_SYNC: Final = "dh_spotlerlastsync"


#: The table that each number of `MarketingList.MEMBER_TYPE` stands for.
MEMBER_TABLES: Final = {1: Account.TABLE, 2: Contact.TABLE, 4: Lead.TABLE}


class ListMember:
    """Who is on a marketing list that people keep."""

    TABLE: Final = "listmember"
    SET: Final = "listmembers"
    ID: Final = "listmemberid"
    LIST: Final = "listid"
    MEMBER: Final = "entityid"


class Post:
    """An entry on the timeline of a record."""

    TABLE: Final = "post"
    SET: Final = "posts"
    ID: Final = "postid"
    TEXT: Final = "text"
    SOURCE: Final = "source"
    REGARDING: Final = "regardingobjectid"

    @staticmethod
    def regarding(table: str) -> str:
        """The navigation property through which a post is hung on a record of that table."""
        return f"regardingobjectid_{table}"


class EnvironmentVariable:
    """The definition of an environment variable, with its default value."""

    TABLE: Final = "environmentvariabledefinition"
    SET: Final = "environmentvariabledefinitions"
    ID: Final = "environmentvariabledefinitionid"
    SCHEMA_NAME: Final = "schemaname"
    DEFAULT: Final = "defaultvalue"


class EnvironmentVariableValue:
    """The current value of an environment variable, if an operator gave it one."""

    TABLE: Final = "environmentvariablevalue"
    SET: Final = "environmentvariablevalues"
    ID: Final = "environmentvariablevalueid"
    VALUE: Final = "value"
    DEFINITION: Final = "environmentvariabledefinitionid"
    DEFINITION_NAVIGATION: Final = "EnvironmentVariableDefinitionId"


class Flags:
    """Columns that contacts, leads and accounts share and that decide whether somebody may be mailed."""

    DO_NOT_EMAIL: Final = "donotemail"
    DO_NOT_BULK_EMAIL: Final = "donotbulkemail"
    STATE: Final = "statecode"
    STATUS: Final = "statuscode"
    #: Whether the record was merged into another one, which deactivates it too.
    MERGED: Final = "merged"
    #: The record that it was merged into.
    MASTER: Final = "masterid"
