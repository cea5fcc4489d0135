"""The tables of the connector's solution about what people do: interactions and website visitors."""

from typing import Final


class Interaction:
    """Marketing Interaction: one event of one record, such as an opened e-mail or a visit of the website."""

    TABLE: Final = "dh_marketinginteraction"
    SET: Final = "dh_marketinginteractions"
    ID: Final = "dh_marketinginteractionid"
    NAME: Final = "dh_name"
    CONTACT: Final = "dh_contactid"
    LEAD: Final = "dh_leadid"
    ACCOUNT: Final = "dh_accountid"
    VISITOR: Final = "dh_websitevisitorid"
    TYPE: Final = "dh_type"
    #: When it happened.
    ON: Final = "dh_on"
    #: The name of the mailing, and its id in Spotler.
    MAILING: Final = "dh_mailing"
    MAILING_ID: Final = "dh_mailingid"
    #: The page that was visited, or the link that was clicked.
    URL: Final = "dh_url"
    #: The same for the same event, so that it is kept once.
    KEY: Final = "dh_key"

    CONTACT_NAVIGATION: Final = "dh_ContactId"
    LEAD_NAVIGATION: Final = "dh_LeadId"
    ACCOUNT_NAVIGATION: Final = "dh_AccountId"
    VISITOR_NAVIGATION: Final = "dh_WebsiteVisitorId"


class Visitor:
    """Website Visitor: a company that visited the website."""

    TABLE: Final = "dh_websitevisitor"
    SET: Final = "dh_websitevisitors"
    ID: Final = "dh_websitevisitorid"
    NAME: Final = "dh_name"
    EXTERNAL_ID: Final = "dh_externalid"
    DOMAIN: Final = "dh_domain"
    CITY: Final = "dh_city"
    COUNTRY: Final = "dh_country"
    PHONE: Final = "dh_phone"
    INDUSTRY: Final = "dh_industry"
    EMPLOYEES: Final = "dh_employees"
    #: The total score in Spotler Leads, and whether it is high enough for the hot list.
    RATING: Final = "dh_rating"
    HOT: Final = "dh_hot"
    VISITOR_STATUS: Final = "dh_status"
    TYPE: Final = "dh_type"
    ACCOUNT: Final = "dh_accountid"
    LEAD: Final = "dh_leadid"
    FIRST_VISIT: Final = "dh_firstvisit"
    LAST_VISIT: Final = "dh_lastvisit"
    #: Viewed pages that are kept as Marketing Interactions.
    VISITS: Final = "dh_visits"
    #: The job that promotes the visitor, and when it was promoted.
    PROMOTED_BY: Final = "dh_promotedby"
    PROMOTED_ON: Final = "dh_promotedon"
    STATE: Final = "statecode"
    STATUS: Final = "statuscode"

    ACCOUNT_NAVIGATION: Final = "dh_AccountId"
    LEAD_NAVIGATION: Final = "dh_LeadId"
