"""The tables of the connector's solution about what people do: interactions and website visitors."""

from typing import Final


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
