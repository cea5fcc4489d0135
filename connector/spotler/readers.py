"""From the JSON of the published calls to the connector's values.

A record without its id is passed over by the list readers: nothing could be done with it, and one odd record must not
stop a feed.
"""

import re
from collections.abc import Iterator
from typing import Final

from connector.spotler.clock import SpotlerClock
from connector.spotler.dates import parse_date
from connector.spotler.errors import CODE, AnswerUnreadable, FieldsIncomplete
from connector.spotler.fields import Field, Fields, Option, PropertyType
from connector.spotler.models import (
    Audience,
    AutomationRun,
    Bounce,
    BounceType,
    Campaign,
    ContactResult,
    InteractionKind,
    SpotlerContact,
    SpotlerInteraction,
    Trigger,
    TriggerResult,
)
from connector.spotler.wire import Json, as_object, flag_of, int_of, objects, text_of

#: The causes by their texts, letters only.
_BOUNCE_TYPES: Final = {
    **dict.fromkeys(("HARD", "HARDBOUNCE"), BounceType.HARD),
    **dict.fromkeys(("SOFT", "SOFTBOUNCE"), BounceType.SOFT),
    **dict.fromkeys(("OPTOUT", "UNSUBSCRIBE", "UNSUBSCRIBED"), BounceType.OPT_OUT),
    **dict.fromkeys(("FEEDBACKLOOP", "COMPLAINT", "SPAM", "SPAMCOMPLAINT"), BounceType.COMPLAINT),
    **dict.fromkeys(("MANUAL", "MANUALLY", "INACTIVATED", "PERMANENT"), BounceType.BY_HAND),
}


def read_fields(body: object) -> Fields:
    """The account's contact fields.

    Raises:
        Transient: there is no e-mail address or no item of permissions among them. Each account has both; a withdrawal
            of a permission that is not listed would be taken for nothing to do.
    """
    fields = Fields(_fields(body))
    permissions = fields.permissions
    if "email" not in fields or permissions is None or not permissions.is_set or not permissions.options:
        raise FieldsIncomplete
    return fields


def read_one_contact(body: object, time: SpotlerClock) -> SpotlerContact:
    """The contact that was asked for by its id; `time`: the clock that it is dated with.

    Raises:
        Transient: this is no contact.
    """
    contact = read_contact(as_object(body), time)
    if contact.external_id is None and contact.encrypted_id is None:
        raise AnswerUnreadable
    return contact


def read_contact(source: Json, time: SpotlerClock) -> SpotlerContact:
    """A contact; `time`: the clock that it is dated with."""
    created = parse_date(source.get("created"))
    return SpotlerContact(
        external_id=text_of(source, "externalId"),
        encrypted_id=text_of(source, "encryptedId"),
        created=created,
        made_on=time.here(created),
        last_changed=time.here(parse_date(source.get("lastChanged"))),
        temporary=flag_of(source, "temporary"),
        test_group=flag_of(source, "testGroup"),
        properties=dict(as_object(source.get("properties"))),
        channels={
            name: flag_of(channel, "value")
            for channel in objects(source.get("channels"))
            if (name := text_of(channel, "name"))
        },
    )


def read_contact_results(body: object) -> list[tuple[ContactResult, str | None]]:
    """The results of a batch, each with Spotler's message, from which only a field's name may be taken."""
    return [
        (ContactResult(text_of(each, "externalId") or "", text_of(each, "code") or "ERROR"), text_of(each, "message"))
        for each in objects(body)
    ]


def read_bounce(source: Json, time: SpotlerClock) -> Bounce:
    """A bounce of the feed of contacts; `time`: the clock that its contact is dated with."""
    return Bounce(
        date=parse_date(source.get("date")),
        type=bounce_type(text_of(source, "type")),
        contact=read_contact(as_object(source.get("contact")), time),
        mailing_id=text_of(source, "encryptedActId"),
        text=text_of(source, "type") or "",
    )


def bounce_type(text: str | None) -> BounceType | None:
    """The cause that a text names; None for one that is not known.

    Spotler spells a hard bounce HARDBOUNCE in one feed and HARD in another. The other causes are in its user interface;
    how its feeds would spell them is not published.
    """
    return _BOUNCE_TYPES.get(re.sub(r"[^A-Z]", "", (text or "").upper()))


def read_interaction(source: Json, kind: InteractionKind) -> SpotlerInteraction:
    """An event of one of the feeds."""
    return SpotlerInteraction(
        id=text_of(source, "id") or "",
        kind=kind,
        external_id=text_of(source, "externalContactId"),
        mailing_id=text_of(source, "encryptedMailingId"),
        date=parse_date(source.get("date")),
        change_date=parse_date(source.get("changeDate")),
        trend_report_id=int_of(source, "trendReportId"),
        name=text_of(source, "name"),
        subject=text_of(source, "subject"),
        online_version=text_of(source, "onlineVersionLink"),
        bounce_type=bounce_type(text_of(source, "bounceType")),
    )


def read_campaigns(body: object) -> tuple[Campaign, ...]:
    """The campaigns with their triggers."""
    return tuple(
        Campaign(number, text_of(each, "name") or "", flag_of(each, "active"), read_triggers(each, "encryptedId"))
        for each in objects(body)
        if (number := text_of(each, "encryptedId"))
    )


def read_triggers(source: Json, id_member: str) -> tuple[Trigger, ...]:
    """The triggers of a campaign or automation, which name their id differently."""
    return tuple(
        Trigger(number, text_of(each, "name") or "")
        for each in objects(source.get("triggers"))
        if (number := text_of(each, id_member))
    )


def read_trigger_result(body: object) -> TriggerResult | None:
    """What a trigger did; None if the answer does not say so."""
    source = as_object(body)
    result = text_of(source, "result")
    if result is None or not CODE.fullmatch(result):
        return None
    runs = tuple(
        AutomationRun(
            text_of(each, "automationId") or "", text_of(each, "result") or "", text_of(each, "automationContactId")
        )
        for each in objects(source.get("automationResults"))
    )
    return TriggerResult(result, runs)


def read_audience(body: object) -> Audience:
    """An audience.

    Raises:
        Transient: this is none.
    """
    source = as_object(body)
    external_id = text_of(source, "externalId")
    if external_id is None:
        raise AnswerUnreadable
    return Audience(
        external_id=external_id,
        name=text_of(source, "name") or "",
        description=text_of(source, "description") or "",
        created=parse_date(source.get("createDate")),
        changed=parse_date(source.get("changeDate")),
    )


def _fields(body: object) -> Iterator[Field]:
    for each in objects(body):
        if name := text_of(each, "name"):
            yield Field(
                name, text_of(each, "description") or name, _type(text_of(each, "type")), _options(each.get("entries"))
            )


def _type(text: str | None) -> PropertyType | None:
    wanted = (text or "").casefold()
    return next((each for each in PropertyType if each.value.casefold() == wanted), None)


def _options(entries: object) -> tuple[Option, ...]:
    found = [
        Option(bit, text_of(each, "description") or str(bit), int_of(each, "rank") or 0)
        for each in objects(entries)
        if (bit := int_of(each, "bit")) is not None
    ]
    return tuple(sorted(found, key=lambda option: option.rank))
