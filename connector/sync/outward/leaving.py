"""Records that leave Spotler, or lose their permissions there: one call each, a few at the same time."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from connector.consent import Reason
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Misconfigured, Refused, Transient
from connector.outcomes import ANONYMIZED, MEANINGS, OK, SKIPPED_KEEP_OUT
from connector.services import Services
from connector.spotler import ContactUnknown
from connector.sync.both_ways.switches import known_after_sending, permissions_in
from connector.sync.info import InfoVersion, InfoWrite, info_of, write_unchanged
from connector.sync.old_values import erase_old_values
from connector.sync.one_by_one import one_by_one
from connector.sync.outward.last_words import hear_last_words
from connector.sync.outward.preparing import Prepared
from connector.sync.permissions.missing import lost_permissions
from connector.sync.records import Record
from connector.sync.remembered import failed, forgotten, released, remembered
from connector.sync.results import Delivery, NotSent, Sent, skipped_code
from connector.words import Sentence

#: What is said of a contact that was anonymised, where the usual sentence is not exact.
_WHY_ANONYMIZED: Final = {
    Reason.NO_ADDRESS: Sentence("It has no e-mail address, so it was anonymised in Spotler."),
    Reason.KEEP_OUT: Sentence("Keep Out is set on its Spotler Info, so it was anonymised in Spotler."),
}


class Leaving:
    """Takes records out of Spotler, or their permissions from them.

    Args:
        services: the systems.
        check_time: raises when no further call may be begun.
        token: of the worker.
        waits: whether a contact whose permissions could be taken for lost stays until that is noted in Dataverse.
    """

    def __init__(
        self, services: Services, check_time: Callable[[], None], token: Callable[[], str], *, waits: bool
    ) -> None:
        self._services = services
        self._check_time = check_time
        self._token = token
        self._waits = waits

    def remove(self, records: Sequence[Record], always: Collection[RecordRef] = ()) -> dict[RecordRef, Delivery]:
        """Anonymise records that may not be in Spotler.

        Args:
            records: which.
            always: those that another attempt was about, so that they may be there although Spotler Info says that they
                are gone, and that may be missing because of it.
        """
        marks = {each.ref: _leaving(each) for each in records if _may_lose(each)}
        marked, waiting = self._marked(records, marks)
        return waiting | self._each(
            {record.ref: partial(self._remove, record, is_repeated=record.ref in always) for record in marked}
        )

    def silence(self, prepared: Sequence[Prepared]) -> dict[RecordRef, Delivery]:
        """Take the permissions from contacts whose record is not sent any more."""
        return self._each({each.record.ref: partial(self._silence, each) for each in prepared})

    def anonymize(self, records: Sequence[Record], repeated: Collection[RecordRef] = ()) -> dict[RecordRef, Delivery]:
        """Anonymise records because a job says so; Keep Out is written first, so that a crash keeps the person out.

        Args:
            records: which.
            repeated: those that another attempt was about.
        """
        marks = [
            InfoWrite(
                each.ref,
                each.info,
                info_of(each.ref, each.name, **{Info.KEEP_OUT: True}, **(_leaving(each) if _may_lose(each) else {})),
            )
            for each in records
            if each.exists and (not each.facts.keep_out or _may_lose(each))
        ]
        written = write_unchanged(self._services.dataverse, marks)
        results: dict[RecordRef, Delivery] = {}
        ready = []
        for record in records:
            version = written.get(record.ref, record.info)
            if isinstance(version, ConnectorError):
                results[record.ref] = NotSent(version)
            else:
                ready.append(replace(record, info=version))
        return results | self._each({
            each.ref: partial(self._anonymize, each, is_repeated=each.ref in repeated) for each in ready
        })  # fmt: skip

    def _marked(
        self, records: Sequence[Record], marks: Mapping[RecordRef, Mapping[str, object]]
    ) -> tuple[list[Record], dict[RecordRef, Delivery]]:
        """Note whose contact is about to be anonymised: if it is missing later, that is why.

        Returns:
            the records whose removal may go on, and what became of those that wait.
        """
        writes = [
            InfoWrite(each.ref, each.info, info_of(each.ref, each.name, **marks[each.ref]))
            for each in records
            if each.ref in marks
        ]
        written = write_unchanged(self._services.dataverse, writes)
        versions = {ref: each for ref, each in written.items() if isinstance(each, InfoVersion)}
        problems = {
            ref: each for ref, each in written.items() if self._waits and isinstance(each, Transient | Misconfigured)
        }
        marked = [replace(each, info=versions.get(each.ref, each.info)) for each in records if each.ref not in problems]
        return marked, {ref: NotSent(error) for ref, error in problems.items()}

    def _each(self, calls: Mapping[RecordRef, Callable[[], Delivery]]) -> dict[RecordRef, Delivery]:
        results = one_by_one(self._services, self._check_time, calls)
        return {
            ref: NotSent(result) if isinstance(result, Exception) else result for ref, result in results.items()
        }  # fmt: skip

    def _remove(self, record: Record, *, is_repeated: bool) -> Delivery:
        reason = record.decision.reason
        skipped = skipped_code(reason)
        if record.is_gone and not is_repeated:
            return Sent.of(skipped)
        code = ANONYMIZED if self._take_out(record, is_repeated=is_repeated) else skipped
        message = _WHY_ANONYMIZED.get(reason, "") if reason and code == ANONYMIZED else ""
        info = forgotten(record, code, self._services.now())
        return Sent.of(code, message, info=info, over=record.info, changed=code == ANONYMIZED)

    def _silence(self, prepared: Prepared) -> Delivery:
        """One that is gone has no permissions."""
        record = prepared.record
        code = skipped_code(record.decision.reason)
        if record.merged_into is not None:
            hear_last_words(self._services, record, may_be_lost=record.had_contact)
        began = self._services.now()
        try:
            self._services.spotler.update_contact(record.ref.id, prepared.properties)
        except ContactUnknown:
            return Sent.of(code, info=forgotten(record, code, self._services.now()), over=record.info)
        except ConnectorError as error:
            wording = self._services.wording
            return failed(record, error, self._services.now(), wording, noted=isinstance(error, Refused))
        now = self._services.now()
        switches = permissions_in(prepared.properties, prepared.permissions)
        known = known_after_sending(record.last.permissions, switches.items(), began=began, ended=now)
        last = replace(released(record.last, self._token), permissions=known)
        return Sent.of(
            code,
            Sentence.joined(MEANINGS[code].sentence, "All its permissions are off in Spotler."),
            info=remembered(record, code, now, sent_hash=prepared.hash, last=last, fields=prepared.sent_fields),
            over=record.info,
            is_there=True,
            changed=True,
        )

    def _anonymize(self, record: Record, *, is_repeated: bool) -> Delivery:
        was_there = self._take_out(record, is_repeated=is_repeated)
        message = Sentence(
            "The contact is anonymised in Spotler, which cannot be undone."
            if was_there
            else "Spotler does not know the contact, so there was nothing to anonymise."
        )
        if record.exists:
            message = Sentence.joined(message, "It stays out until Keep Out on its Spotler Info is cleared.")
        info = forgotten(record, ANONYMIZED if was_there else SKIPPED_KEEP_OUT, self._services.now())
        return Sent.of(OK, message, info=info, over=record.info, changed=was_there)

    def _take_out(self, record: Record, *, is_repeated: bool) -> bool:
        """Anonymise a contact; whether Spotler has, or had, one.

        An earlier attempt may have anonymised what Spotler Info still calls known.
        """
        hear_last_words(self._services, record, may_be_lost=record.had_contact and not is_repeated)
        was_there = self._services.spotler.anonymize(record.ref.id) or record.is_known
        erase_old_values(self._services, [record.ref])
        return was_there


def _may_lose(record: Record) -> bool:
    """Whether permissions would be lost if Spotler had lost its contact: its own, or those that a merge moved."""
    return record.exists and record.had_contact and bool(lost_permissions(record) or record.merged_into)


def _leaving(record: Record) -> dict[str, object]:
    return {Info.LAST_COMMON: replace(record.last, leaving=True).text}
