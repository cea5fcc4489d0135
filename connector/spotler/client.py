"""The client of Spotler Mail+.

One object per process, used by all threads. Contacts, campaigns and the start of automations are methods here; those
that are not published (tags, scores, the list of automations) come from `Extensions`; `audiences`, `feeds` and
`mailings` are parts of their own.

A start is never repeated: the contact would enter twice and be mailed twice. When the answer to a start is lost,
`connector.errors.Unclear` says so and somebody has to look.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from connector.errors import Invalid, Unclear
from connector.http import SYSTEM_CLOCK, CallRecord, Clock, Transport
from connector.http.single_flight import SingleFlight
from connector.settings import Settings
from connector.spotler.audiences import Audiences
from connector.spotler.batches import upsert
from connector.spotler.calls import Calls, Route, list_of, some_of, unclear_unless
from connector.spotler.clock import SpotlerClock
from connector.spotler.errors import AnswerUnreadable, ContactUnknown, error_for
from connector.spotler.extensions import Extensions
from connector.spotler.feeds import Feeds
from connector.spotler.fields import Fields
from connector.spotler.mailings import Mailings
from connector.spotler.models import (
    OK,
    Campaign,
    ContactData,
    ContactResult,
    FieldType,
    PersonalValue,
    SpotlerContact,
    TriggerResult,
)
from connector.spotler.paths import Paths
from connector.spotler.readers import read_campaigns, read_contact, read_trigger_result
from connector.spotler.signature import OAuth1
from connector.spotler.wire import objects

#: Seconds for which the account's fields are cached: they change when somebody edits the account, so rarely.
FIELDS_TTL: Final = 24 * 3600.0
#: Seconds after which they are worth asking for again when a field is missed, which somebody may just have added, or
#: named as people see it, which somebody may just have renamed. A flood of such jobs costs one call a minute.
FIELDS_MISSED_TTL: Final = 60.0
#: Contacts asked for in a search by e-mail: one, or a few where the account allows doubles.
_SEARCH_PAGE: Final = 100

_PUT: Final = Route("PUT", "/contact/{contact}")
_ANONYMIZE: Final = Route("PUT", "/contact/anonymize/{contact}")
_SEARCH: Final = Route("GET", "/contact/search")
_CAMPAIGNS: Final = Route("GET", "/campaign/list")
_START_CAMPAIGN: Final = Route("POST", "/campaign/trigger/{trigger}", repeatable=False)
_STOP_CAMPAIGN: Final = Route("POST", "/campaign/{campaign}/stop")
_START_AUTOMATION: Final = Route("POST", "/automation/trigger/{trigger}", licensed=True, repeatable=False)


class Spotler(Extensions):
    """Everything the connector asks of Spotler.

    Every method may raise `Transient` (Spotler cannot do it now), `Misconfigured` (key, secret, address) and `Refused`
    (under Spotler's own code); their docstrings name only what is particular.
    """

    def __init__(self, calls: Calls, *, paths: Paths | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        paths = paths or Paths()
        super().__init__(calls, paths, clock=clock)
        self.audiences = Audiences(calls)
        self.feeds = Feeds(calls)
        self.mailings = Mailings(calls)
        self._fields_member = paths.automation_fields_member
        self._clock = clock
        self._fields: tuple[float, Fields] | None = None
        self._fields_request = SingleFlight[Fields]()

    def fields(self, *, max_age: float = FIELDS_TTL) -> Fields:
        """The account's contact fields ("properties" in the API), cached for a day.

        Args:
            max_age: seconds for which what is known will do; 0 asks Spotler, or shares an answer that is on its way.
        """
        known = self._known_fields(max_age)
        return known if known is not None else self._fields_request.call(lambda: self._read_fields(max_age))

    def probe(self) -> None:
        """Ask Spotler for something that changes nothing, and check the answer; nothing is cached or shared.

        Raises:
            ConnectorError: Spotler is not well.
        """
        self._calls.fields()

    def upsert_contacts(self, contacts: Sequence[ContactData], *, update: bool = True) -> list[ContactResult]:
        """Write contacts, new and known ones, 100 per call; properties that are not named keep their value.

        Args:
            contacts: what to write.
            update: whether contacts that are there are changed; else they are left, and come out as
                CONTACT_ALREADY_EXISTS.

        Returns:
            One result per contact, in the same order; `ContactResult.error` says what to do about a failed one.

        Raises:
            Transient, Misconfigured: a block could not be written. Earlier blocks are; repeating all does no harm.
        """
        return upsert(self._calls, contacts, update=update, clock=self._clock)

    def update_contacts(self, contacts: Sequence[ContactData]) -> list[ContactResult]:
        """Write single properties of contacts that should exist, 100 per call.

        Whether Spotler creates a contact that it does not know is a matter of the account, but one without address and
        mobile number it does not keep. So such a contact comes out as CONTACT_UNKNOWN or as NO_ACTIVE_CHANNEL, unless
        the properties hold a mobile number; those are for `update_contact`.

        Raises:
            Transient, Misconfigured: a block could not be written. Earlier blocks are; repeating all does no harm.
        """
        return upsert(self._calls, contacts, insert=False, clock=self._clock)

    def update_contact(self, external_id: str, properties: Mapping[str, object]) -> None:
        """Write properties of a contact that exists; never creates one.

        Raises:
            ContactUnknown: Spotler does not know the contact.
        """
        contact = {"externalId": external_id, "properties": dict(properties)}
        self._calls.do(_PUT, {"contact": external_id}, body={"update": True, "purge": False, "contact": contact})

    def get_contact(self, external_id: str) -> SpotlerContact | None:
        """The contact, or None if Spotler does not know it."""
        try:
            return self.contact(external_id)
        except ContactUnknown:
            return None

    def anonymize(self, external_id: str) -> bool:
        """Remove the personal data of a contact for good; False if Spotler does not know it (any more)."""
        try:
            self._calls.do(_ANONYMIZE, {"contact": external_id})
        except ContactUnknown:
            return False
        return True

    def search_by_email(self, email: str) -> list[SpotlerContact]:
        """The contacts with this address, ignoring case.

        Raises:
            Invalid: the address is blank.
        """
        email = email.strip()
        if not email:
            raise Invalid("There is no e-mail address to search for.")
        found = self._search(email)
        if not found and quote(email, safe="@") != email:
            found = self._search(quote(email, safe="@"))  # whether the service decodes once or twice is not known
        return [each for each in found if (each.email or "").casefold() == email.casefold()]

    def campaigns(self) -> tuple[Campaign, ...]:
        """All campaigns with the triggers that can be used from outside."""
        listed = list_of(self._calls.read(_CAMPAIGNS), "campaigns")
        return some_of(read_campaigns(listed), listed)

    def trigger_campaign(
        self,
        trigger_id: str,
        external_id: str,
        fields: Sequence[PersonalValue] = (),
        *,
        before: Callable[[], None] | None = None,
    ) -> None:
        """Start a campaign for a contact. Never repeated.

        Args:
            trigger_id: what starts it.
            external_id: of the contact.
            fields: what the campaign is passed.
            before: is called right before the call is sent, when its turn has come; what it raises ends the call.

        Raises:
            ContactUnknown: Spotler does not know the contact.
            Refused: TRIGGER_NOTFOUND, PRODUCT_NOTFOUND, INVALID_STATE (inactive, or the contact is in it already).
            Unclear: the answer was lost.
            Paused: an answer to such a call was lost before, and it is not this one's turn.
        """
        body = {"externalContactId": external_id, **_trigger_fields("campaignFields", fields)}
        with self._at_most_once() as turn:
            self._calls.do(_START_CAMPAIGN, {"trigger": trigger_id}, body=body, before=turn.before(before))

    def stop_campaign(self, campaign_id: str, external_id: str) -> None:
        """Stop a campaign for a contact.

        Raises:
            ContactUnknown: Spotler does not know the contact.
            Refused: CAMPAIGN_NOTFOUND, INVALID_STATE (finished, or never started).
        """
        self._calls.do(_STOP_CAMPAIGN, {"campaign": campaign_id}, body={"externalContactId": external_id})

    def trigger_automation(
        self,
        code: str,
        external_id: str,
        fields: Sequence[PersonalValue] = (),
        *,
        before: Callable[[], None] | None = None,
    ) -> TriggerResult:
        """Start the automations behind a trigger code for a contact. Never repeated; see `trigger_campaign`.

        Returns:
            The runs; at least one automation was started.

        Raises:
            ContactUnknown: Spotler does not know the contact.
            Refused: TRIGGER_NOTFOUND, AUTOMATION_INACTIVE, PARTICIPATION_LIMIT_REACHED, or NOT_TRIGGERED where the
                automations behind the code differ in why.
            Unclear: the answer was lost, or reports a fault of Spotler.
        """
        body = {"externalContactId": external_id, **_trigger_fields(self._fields_member, fields)}
        with self._at_most_once() as turn:
            result = read_trigger_result(
                self._calls.read(_START_AUTOMATION, {"trigger": code}, body=body, before=turn.before(before))
            )
            if result is None:
                raise Unclear(AnswerUnreadable.default_sentence(), code=AnswerUnreadable.code)
            if result.result == OK and result.runs and not result.started:
                raise Unclear("Spotler says that something was started, and of each automation that it was not.")
            if result.result != OK:
                raise unclear_unless(error_for(result.result), repeatable=_START_AUTOMATION.repeatable)
            return result

    def close(self) -> None:
        """Close the pooled connections."""
        self._calls.close()

    def _known_fields(self, max_age: float) -> Fields | None:
        if self._fields is None or self._clock.monotonic() - self._fields[0] >= max_age:
            return None
        return self._fields[1]

    def _read_fields(self, max_age: float) -> Fields:
        if (known := self._known_fields(max_age)) is not None:  # another thread was faster
            return known
        began = self._clock.monotonic()
        fields = self._calls.fields()
        self._fields = began, fields
        return fields

    def _search(self, email: str) -> list[SpotlerContact]:
        query = f"MPSearchQuery={quote(f'email={email}', safe='')}&pageSize={_SEARCH_PAGE}"
        found = objects(list_of(self._calls.read(_SEARCH, query=query), "contacts"))
        return [read_contact(each, self._calls.time) for each in found]


def _trigger_fields(member: str, fields: Sequence[PersonalValue]) -> dict[str, object]:
    """The member of a trigger's body that holds personal values; left out where there are none."""
    return {member: [_trigger_field(each) for each in fields]} if fields else {}


def _trigger_field(field: PersonalValue) -> dict[str, object]:
    value: dict[str, object] = (
        {"values": list(field.values)} if field.type == FieldType.PRODUCTLIST else {"value": field.value}
    )
    return {"name": field.name, "type": str(field.type), **value}


def spotler_from(
    settings: Settings, *, verify: bool | str = True, on_call: Callable[[CallRecord], None] | None = None
) -> Spotler:
    """The client that the settings describe; makes no call.

    Args:
        settings: address, key and secret, time-out, calls at the same time.
        verify: False, or the file of a certificate authority; True for the usual ones.
        on_call: receives every attempt.

    Raises:
        Misconfigured: SPOTLER_PATHS cannot be used.
    """
    transport = Transport(
        settings.spotler_url,
        timeout=settings.spotler_timeout,
        parallel=settings.spotler_parallel,
        system="Spotler",
        verify=verify,
        on_call=on_call,
    )
    auth = OAuth1(settings.spotler_key.get_secret_value(), settings.spotler_secret.get_secret_value())
    time = SpotlerClock(is_followed=settings.spotler_date_is_its_clock)
    return Spotler(Calls(transport, auth, time=time), paths=Paths.from_setting(settings.spotler_paths))
