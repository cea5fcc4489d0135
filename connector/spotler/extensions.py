"""The calls that exist for certain but were never published: automations, tags, scores, opt-outs.

Nothing outside this module and `paths` knows how they look. An account may lack one, or have it elsewhere; then it
answers 404 or 405 without an error body, as a gateway does while Spotler is redeployed. So such an answer is retried
first. Only after some of them over some minutes, while published calls work, is the call taken as missing: jobs that
need it fail with an advice and cost no call, for some minutes, after which it is tried again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Final

from connector.errors import Invalid, Misconfigured, Transient, Unclear
from connector.http import SYSTEM_CLOCK, Clock
from connector.spotler.calls import Calls, Route, list_of, some_of
from connector.spotler.caution import AtMostOnceCall, Caution
from connector.spotler.clock import SpotlerClock
from connector.spotler.dates import parse_date, query_date
from connector.spotler.errors import AnswerUnreadable, NotSpotler, NotSupported, error_for
from connector.spotler.missing import MissingCalls
from connector.spotler.models import (
    ContactTag,
    FieldType,
    OptOut,
    OptOutScope,
    ScoreOperation,
    SpotlerAutomation,
    SpotlerContact,
    TriggerField,
)
from connector.spotler.paging import PAGE_SIZE, records
from connector.spotler.paths import Paths
from connector.spotler.readers import read_contact, read_one_contact, read_triggers
from connector.spotler.wire import Json, as_object, flag_of, int_of, objects, text_of
from connector.words import Sentence

#: Assumed limit of a tag's name, that of the other names of this API.
TAG_LENGTH: Final = 255

_CONTACT: Final = Route("GET", "/contact/{contact}")


class Extensions:
    """The unpublished calls. Each may raise `NotSupported` beside what every call may raise."""

    def __init__(self, calls: Calls, paths: Paths, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._calls = calls
        self._missing = MissingCalls(clock)
        self._caution = Caution(clock)
        self._automation_list = Route("GET", paths.automation_list, licensed=True)
        self._automation_stop = Route("POST", paths.automation_stop, licensed=True)
        self._tag_list = Route("GET", paths.tag_list, licensed=True)
        self._tag_create = Route("POST", paths.tag_create, licensed=True)
        self._tags_get = Route("GET", paths.contact_tags, licensed=True)
        self._tags_add = Route("POST", paths.contact_tags, licensed=True)
        self._tags_remove = Route("DELETE", paths.contact_tags, licensed=True)
        self._optouts = Route("GET", paths.optouts, licensed=True)

    def automations(self) -> tuple[SpotlerAutomation, ...]:
        """All automations with the triggers that can be used from outside, and their fields if Spotler returns them."""
        listed = list_of(self._read(self._automation_list), "automations")
        found = tuple(
            SpotlerAutomation(
                id=number,
                name=text_of(each, "name") or "",
                active=flag_of(each, "active"),
                triggers=read_triggers(each, "triggerCode"),
                fields=_automation_fields(each),
            )
            for each in objects(listed)
            if (number := text_of(each, "automationId"))
        )
        return some_of(found, listed)

    def stop_automation(self, automation_id: str, external_id: str, run_id: str | None = None) -> None:
        """Stop one run of a contact, or all runs of it in this automation.

        Raises:
            ContactUnknown: Spotler does not know the contact.
            Refused: the automation is gone, or the contact is not in it (INVALID_STATE).
        """
        body = {"externalContactId": external_id, **({"automationContactId": run_id} if run_id else {})}
        self._do(self._automation_stop, {"automation": automation_id}, body=body)

    def tags(self) -> tuple[str, ...]:
        """The names of all tags of the account."""
        return tuple(
            name for each in objects(list_of(self._read(self._tag_list), "tags")) if (name := text_of(each, "name"))
        )

    def create_tag(self, tag: str) -> None:
        """Create a tag without giving it to anybody; one that exists is left as it is."""
        self._do(self._tag_create, body={"name": _tag(tag)})

    def tags_of(self, external_id: str) -> tuple[ContactTag, ...]:
        """The tags of a contact.

        Raises:
            ContactUnknown: Spotler does not know the contact.
        """
        body = self._read(self._tags_get, {"contact": external_id})
        return tuple(
            ContactTag(name, int_of(each, "score"))
            for each in objects(list_of(body, "tags"))
            if (name := text_of(each, "name"))
        )

    def add_tags(self, external_id: str, tags: Sequence[str]) -> None:
        """Give a contact tags; unknown ones are created, ones it has are left as they are.

        Raises:
            Invalid: there is no tag, or one is blank or too long.
            ContactUnknown: Spotler does not know the contact.
        """
        self._do(self._tags_add, {"contact": external_id}, body=_tags(tags))

    def remove_tags(self, external_id: str, tags: Sequence[str]) -> None:
        """Take tags, and their scores, from a contact; ones it does not have are passed over.

        Raises:
            Invalid: there is no tag (Spotler might take that for "all"), or one is blank or too long.
            ContactUnknown: Spotler does not know the contact.
        """
        self._do(self._tags_remove, {"contact": external_id}, body=_tags(tags))

    def set_score(self, external_id: str, tag: str, score: int, operation: ScoreOperation) -> None:
        """Set, raise or lower the score of a contact for a tag, which is created where it is missing.

        Raises:
            Invalid: the tag is blank or too long.
            ContactUnknown: Spotler does not know the contact.
            Unclear: the answer to a raise or a lowering was lost; those are never repeated.
            Paused: an answer to such a call was lost before, and it is not this one's turn.
        """
        body = {"tags": [{"name": _tag(tag), "score": score, "scoreOperation": operation.value}]}
        if operation is ScoreOperation.SET or self._missing.holds((self._tags_add.method, self._tags_add.path)):
            self._do(self._tags_add, {"contact": external_id}, body=body)
            return
        with self._at_most_once():
            self._do(self._tags_add, {"contact": external_id}, body=body, repeatable=False)

    def optouts(self, start: datetime, end: datetime) -> Iterator[OptOut]:
        """Unsubscriptions in a window of time. Permission changes show in the feed of updates as well."""
        query = f"fromDate={query_date(start)}&toDate={query_date(end)}&pageSize={PAGE_SIZE}"

        def fetch(after: int) -> object:
            return self._read(self._optouts, query=f"{query}&after={after}")

        return (_optout(each, self._calls.time) for each in records(fetch, "optOuts", page_size=PAGE_SIZE))

    def contact(self, external_id: str) -> SpotlerContact:
        """The contact.

        Raises:
            ContactUnknown: Spotler does not know the contact.
        """
        return read_one_contact(self._calls.read(_CONTACT, {"contact": external_id}), self._calls.time)

    def _read(self, route: Route, ids: Mapping[str, str] | None = None, *, query: str | None = None) -> object:
        with self._supported(route, ids or {}):
            return self._calls.read(route, ids, query=query)

    def _do(self, route: Route, ids: Mapping[str, str] | None = None, *, body: object, repeatable: bool = True) -> None:
        with self._supported(route, ids or {}):
            self._calls.do(route, ids, body=body, repeatable=repeatable)

    def _at_most_once(self) -> AbstractContextManager[AtMostOnceCall]:
        """Around a call that must not run twice."""
        return self._caution.one_call(self._calls.fields)

    @contextmanager
    def _supported(self, route: Route, ids: Mapping[str, str]) -> Iterator[None]:
        """Find out what a 404 or 405 without an error body means.

        Raises:
            NotSupported: the account does not have the call.
            ContactUnknown, Refused: Spotler does not know what the path names; it says so itself, in another call.
            Transient, Unclear: it is not known yet.
        """
        call = route.method, route.path
        if self._missing.holds(call):
            raise NotSupported
        try:
            yield
        except (NotSpotler, Unclear) as fault:
            answer = fault if isinstance(fault, NotSpotler) else fault.__cause__
            if isinstance(answer, NotSpotler) and answer.status in {404, 405}:
                try:
                    self._explain(ids)
                except (Transient, Misconfigured):
                    if fault is not answer:  # that Spotler does not answer now says nothing of the call before
                        raise fault from None
                    raise
                if self._missing.confirmed(call):
                    raise NotSupported from None
            raise
        self._missing.forget(call)

    def _explain(self, ids: Mapping[str, str]) -> None:
        """Return if Spotler is well and knows what the path names; else raise what is wrong."""
        if contact := ids.get("contact"):
            self.contact(contact)
        elif automation := ids.get("automation"):
            known = {each.id for each in self.automations()}
            if not known:  # it has at least the one that was started
                raise AnswerUnreadable
            if automation not in known:
                raise error_for("RESOURCE_NOT_FOUND")
        else:
            self._calls.fields()


def _tag(name: str) -> str:
    name = name.strip()
    if not name or len(name) > TAG_LENGTH:
        raise Invalid(Sentence("A tag is empty or longer than {most} characters.", most=TAG_LENGTH))
    return name


def _tags(names: Sequence[str]) -> dict[str, object]:
    if not names:
        raise Invalid("No tag was named.")
    return {"tags": [{"name": _tag(name)} for name in names]}


def _automation_fields(source: Json) -> tuple[TriggerField, ...]:
    listed = source.get("automationFields", source.get("fields"))
    return tuple(
        TriggerField(name, type=_field_type(text_of(each, "type")))
        for each in objects(listed)
        if (name := text_of(each, "name"))
    )


def _field_type(text: str | None) -> FieldType:
    """The type of a field, in any spelling; STRING is the documented default."""
    wanted = (text or "").upper()
    return FieldType(wanted) if wanted in FieldType else FieldType.STRING


def _optout(source: Json, time: SpotlerClock) -> OptOut:
    scope = (text_of(source, "scope") or "").upper()
    return OptOut(
        date=parse_date(source.get("date")),
        scope=OptOutScope(scope) if scope in OptOutScope else None,
        contact=read_contact(as_object(source.get("contact")), time),
        permissions=tuple(
            bit for each in objects(source.get("permissions"))
            if (bit := int_of(each, "bit")) is not None and not flag_of(each, "enabled")
        ),
        mailing_id=text_of(source, "encryptedActId"),
    )  # fmt: skip
