"""How records and contacts are kept in step."""

from typing import Annotated

from pydantic import Field

from connector.settings.kinds import SettingsGroup, TimeZone


class ConsentSettings(SettingsGroup):
    """Consent."""

    #: Seconds for which the two environment variables about permissions of new records are remembered.
    permission_variables_seconds: Annotated[float, Field(ge=0)] = 300
    #: Whether somebody who opts out of everything in Spotler gets Do Not Bulk Email in Dataverse too.
    opt_out_sets_do_not_bulk_email: bool = True


class NewSubscriberSettings(SettingsGroup):
    """New subscribers."""

    #: What somebody becomes who subscribed in Spotler: contact, lead, or the table that the mapping names in
    #: tables.entity (Membership Entry); empty: nothing.
    new_subscribers: str = ""
    #: Columns by which a subscriber is found among the contacts: with + together, with ; one after the other, e.g.
    #: emailaddress1;lastname+birthdate. Empty: the column of the address.
    new_subscriber_match: str = ""
    #: The topic of a lead that is made for a subscriber.
    new_subscriber_lead_topic: Annotated[str, Field(min_length=1, max_length=300)] = "New subscriber"
    #: Whether contacts of Spotler's test group are taken as subscribers too.
    new_subscriber_test_contacts: bool = False


class PlanSettings(SettingsGroup):
    """Plans, the brake, undo, and dates."""

    #: The share of the records that a changed mapping, or a read that lacks something, may silence, anonymise or
    #: empty a field of, before the brake holds back the rest; 1 switches the brake off.
    brake_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    #: So many records never need the brake.
    brake_least: Annotated[int, Field(ge=0)] = 20
    #: Days for which the old values of what came from Spotler are kept, so that a run can be undone; 0 keeps none.
    undo_days: Annotated[int, Field(ge=0)] = 14

    #: The time zone in which a date-time becomes a date.
    time_zone: TimeZone = "Europe/Amsterdam"
