"""Every Dataverse name that the connector uses, once.

An installation that calls its tables or columns otherwise changes this module and the manifest in `schema`, which is
written in these names, and nothing else.

A lookup column `x` is read as `_x_value` and written through a navigation property with one name per target table;
`lookup_value` and the `*_NAVIGATION` constants hold both spellings. The case of navigation properties of own columns
follows their schema name; docs/to-verify.md lists it for confirmation.
"""

from typing import Final


def lookup_value(column: str) -> str:
    """The property under which the Web API shows the id of a lookup column."""
    return f"_{column}_value"


class Job:
    """Spotler Job: a row that orders one piece of work."""

    TABLE: Final = "dh_spotlerjob"
    SET: Final = "dh_spotlerjobs"
    ID: Final = "dh_spotlerjobid"
    NAME: Final = "dh_name"
    NUMBER: Final = "dh_number"
    OPERATION: Final = "dh_operation"
    CUSTOMER: Final = "dh_customerid"
    LEAD: Final = "dh_leadid"
    LIST: Final = "dh_listid"
    AUTOMATION: Final = "dh_spotlerautomationid"
    AUTOMATION_FIELDS: Final = "dh_automationfields"
    AUTOMATION_CONTACT_ID: Final = "dh_automationcontactid"
    TAG: Final = "dh_tag"
    SCORE: Final = "dh_score"
    AUDIENCE: Final = "dh_audience"
    FIELD_NAME: Final = "dh_fieldname"
    FIELD_VALUE: Final = "dh_fieldvalue"
    RESULT_CODE: Final = "dh_resultcode"
    RESULT_MESSAGE: Final = "dh_resultmessage"
    STARTED_ON: Final = "dh_startedon"
    COMPLETED_ON: Final = "dh_completedon"
    LEASE_UNTIL: Final = "dh_leaseuntil"
    CLAIM: Final = "dh_claim"
    ATTEMPTS: Final = "dh_attempts"
    STATE: Final = "statecode"
    STATUS: Final = "statuscode"
    MODIFIED_ON: Final = "modifiedon"

    CUSTOMER_ACCOUNT_NAVIGATION: Final = "dh_CustomerId_account"
    CUSTOMER_CONTACT_NAVIGATION: Final = "dh_CustomerId_contact"
    LEAD_NAVIGATION: Final = "dh_LeadId"
    LIST_NAVIGATION: Final = "dh_ListId"
    AUTOMATION_NAVIGATION: Final = "dh_SpotlerAutomationId"


class Info:
    """Spotler Info: the state of synchronisation of one contact, lead or account."""

    TABLE: Final = "dh_spotlerinfo"
    SET: Final = "dh_spotlerinfos"
    ID: Final = "dh_spotlerinfoid"
    NAME: Final = "dh_name"
    RECORD: Final = "dh_recordid"
    CONTACT: Final = "dh_contactid"
    LEAD: Final = "dh_leadid"
    ACCOUNT: Final = "dh_accountid"
    ACTIVE: Final = "dh_active"
    CONTACT_STATUS: Final = "dh_status"
    LAST_STATUS: Final = "dh_laststatus"
    LAST_SYNC_ON: Final = "dh_lastsyncon"
    LAST_ERROR: Final = "dh_lasterror"
    SENT_HASH: Final = "dh_senthash"
    MODIFIED_ON: Final = "modifiedon"
    #: Whether the contact was anonymised in Spotler, or is not there; empty or no: it may be there.
    GONE: Final = "dh_gone"
    #: Whether the record may not be in Spotler, until somebody clears it.
    KEEP_OUT: Final = "dh_keepout"
    #: Since when the contact has its status.
    STATUS_ON: Final = "dh_statuson"
    #: Soft bounces in a row.
    SOFT_BOUNCES: Final = "dh_softbounces"
    #: Whether the cause of the status was inferred from the contact: Spotler has not said it.
    STATUS_INFERRED: Final = "dh_statusinferred"
    #: What both systems last agreed on, as fingerprints (`connector.sync.last_common`).
    LAST_COMMON: Final = "dh_lastcommon"
    #: Which fields were sent with a value, and by which mapping (`connector.sync.brake.sent_fields`).
    SENT_FIELDS: Final = "dh_sentfields"

    CONTACT_NAVIGATION: Final = "dh_ContactId"
    LEAD_NAVIGATION: Final = "dh_LeadId"
    ACCOUNT_NAVIGATION: Final = "dh_AccountId"


class Permission:
    """Spotler Permission: one subscription of one contact, lead or account."""

    TABLE: Final = "dh_spotlerpermission"
    SET: Final = "dh_spotlerpermissions"
    ID: Final = "dh_spotlerpermissionid"
    NAME: Final = "dh_name"
    SUBSCRIBED: Final = "dh_subscribed"
    CONTACT: Final = "dh_contactid"
    LEAD: Final = "dh_leadid"
    ACCOUNT: Final = "dh_accountid"
    CHANGED_ON: Final = "dh_changedon"
    CHANGED_BY: Final = "dh_changedby"
    #: The bit of the permission in Spotler, which stays when it is renamed there.
    BIT: Final = "dh_bit"
    STATE: Final = "statecode"
    STATUS: Final = "statuscode"
    MODIFIED_ON: Final = "modifiedon"
    MODIFIED_BY: Final = "modifiedby"

    CONTACT_NAVIGATION: Final = "dh_ContactId"
    LEAD_NAVIGATION: Final = "dh_LeadId"
    ACCOUNT_NAVIGATION: Final = "dh_AccountId"


class Consent:
    """Consent History: one change of one permission of one record. Rows are added, and never changed."""

    TABLE: Final = "dh_spotlerconsent"
    SET: Final = "dh_spotlerconsents"
    ID: Final = "dh_spotlerconsentid"
    NAME: Final = "dh_name"
    #: The id and the table of the record as text, which stay when the record is deleted.
    RECORD: Final = "dh_recordid"
    RECORD_TABLE: Final = "dh_recordtable"
    CONTACT: Final = "dh_contactid"
    LEAD: Final = "dh_leadid"
    ACCOUNT: Final = "dh_accountid"
    PERMISSION: Final = "dh_permission"
    #: Whether the permission was on, and is on now; before is empty where it was not known.
    BEFORE: Final = "dh_before"
    AFTER: Final = "dh_after"
    ON: Final = "dh_on"
    SOURCE: Final = "dh_source"
    #: What shows it: the id of a row, a job or a run, never an address.
    EVIDENCE: Final = "dh_evidence"
    #: The same for the same change, so that it is kept once.
    KEY: Final = "dh_key"

    CONTACT_NAVIGATION: Final = "dh_ContactId"
    LEAD_NAVIGATION: Final = "dh_LeadId"
    ACCOUNT_NAVIGATION: Final = "dh_AccountId"


class Automation:
    """Spotler Automation: the trigger of an automation or campaign, as users pick it in a job."""

    TABLE: Final = "dh_spotlerautomation"
    SET: Final = "dh_spotlerautomations"
    ID: Final = "dh_spotlerautomationid"
    NAME: Final = "dh_name"
    TRIGGER_CODE: Final = "dh_triggercode"
    KIND: Final = "dh_kind"
    AUTOMATION_ID: Final = "dh_automationid"
    FIELDS: Final = "dh_fields"
    STATE: Final = "statecode"
    STATUS: Final = "statuscode"


class Interaction:
    """Marketing Interaction: an activity such as an opened or clicked e-mail; shown on the timeline."""

    TABLE: Final = "dh_marketinginteraction"
    SET: Final = "dh_marketinginteractions"
    ID: Final = "activityid"
    SUBJECT: Final = "subject"
    REGARDING: Final = "regardingobjectid"
    TYPE: Final = "dh_type"
    ON: Final = "dh_on"
    MAILING: Final = "dh_mailing"
    URL: Final = "dh_url"
    KEY: Final = "dh_key"
    VISITOR: Final = "dh_websitevisitorid"


class Visitor:
    """Website Visitor: a company that visited the website."""

    TABLE: Final = "dh_websitevisitor"
    SET: Final = "dh_websitevisitors"
    ID: Final = "dh_websitevisitorid"
    NAME: Final = "dh_name"
    EXTERNAL_ID: Final = "dh_externalid"
    DOMAIN: Final = "dh_domain"
    RATING: Final = "dh_rating"
    VISITOR_STATUS: Final = "dh_status"
    TYPE: Final = "dh_type"
    ACCOUNT: Final = "dh_accountid"
    LEAD: Final = "dh_leadid"
    FIRST_VISIT: Final = "dh_firstvisit"
    LAST_VISIT: Final = "dh_lastvisit"
    VISITS: Final = "dh_visits"


class Contact:
    """The standard table of persons."""

    TABLE: Final = "contact"
    SET: Final = "contacts"
    ID: Final = "contactid"
    LAST_NAME: Final = "lastname"


class Lead:
    """The standard table of prospects."""

    TABLE: Final = "lead"
    SET: Final = "leads"
    ID: Final = "leadid"
    LAST_NAME: Final = "lastname"
    TOPIC: Final = "subject"


class Account:
    """The standard table of organisations."""

    TABLE: Final = "account"
    SET: Final = "accounts"
    ID: Final = "accountid"


class MarketingList:
    """The standard table of marketing lists; it needs a Dynamics 365 Sales licence."""

    TABLE: Final = "list"
    SET: Final = "lists"
    ID: Final = "listid"
    NAME: Final = "listname"
    STATE: Final = "statecode"
    #: Columns that the connector's solution adds: whether Spotler has the list, and since when it is as it is.
    SYNCED: Final = "dh_spotlersync"
    LAST_SYNC: Final = "dh_spotlerlastsync"


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


#: The service endpoint that posts messages to the queue.
SERVICE_ENDPOINT: Final = "SpotlerAutomate"

#: The environment variable with the permissions that a new record gets.
PERMISSIONS_VARIABLE: Final = "dh_spotlerpermissions"

#: The environment variable with those of them that start as subscribed.
ENABLED_VARIABLE: Final = "dh_spotlerpermissionsenabledbydefault"

#: The text that the connector's own writes carry (`?tag=`), so that its messages are recognised as its own.
OWN_TAG: Final = "spotler-connector"
