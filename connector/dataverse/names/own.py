"""The tables of the connector's solution about jobs and consent."""

from typing import Final


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
    VISITOR: Final = "dh_websitevisitorid"
    PROMOTE_TO: Final = "dh_promoteto"
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
    VISITOR_NAVIGATION: Final = "dh_WebsiteVisitorId"


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
    #: When the last message was sent to the person, opened and clicked, as far as the feeds of interactions said.
    LAST_MAILED_ON: Final = "dh_lastmailedon"
    LAST_OPENED_ON: Final = "dh_lastopenedon"
    LAST_CLICKED_ON: Final = "dh_lastclickedon"

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


#: The service endpoint that posts messages to the queue.
SERVICE_ENDPOINT: Final = "SpotlerAutomate"
#: The message by which Dataverse tests a service endpoint: an action on it, and what the action posts.
ENDPOINT_CHECK: Final = "TriggerServiceEndpointCheck"

#: The environment variable with the permissions that a new record gets.
PERMISSIONS_VARIABLE: Final = "dh_spotlerpermissions"

#: The environment variable with those of them that start as subscribed.
ENABLED_VARIABLE: Final = "dh_spotlerpermissionsenabledbydefault"

#: The text that the connector's own writes carry (`?tag=`), so that its messages are recognised as its own.
OWN_TAG: Final = "spotler-connector"
