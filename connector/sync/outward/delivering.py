"""Contacts are written in Spotler, a hundred per call.

    records ─┬─ not known ─► insert, never over a contact that is there ─┬─ inserted ─► missing rows made ─► results
             │                                                           └─ there already ─┐
             ├─ known, and Spotler has to be asked ────────────────────────────────────────┴─► meeting ────► results
             └─ known, and nothing depends on what Spotler has ─► update ──────────────────────────────────► results

Only a contact that was not there before gets everything. One that is there gets what Dataverse alone decides; the rest
depends on what Spotler has now (`connector.sync.outward.meeting`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from connector.consent import KnownState
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.mapping.model import EMAIL
from connector.services import Services
from connector.spotler import ContactResult
from connector.sync.both_ways.switches import known_after_creation, known_after_sending, permissions_in
from connector.sync.info import InfoWrite, info_of, write_unchanged
from connector.sync.last_common import LastCommon
from connector.sync.outward.meeting import EXISTS, Meeting, Together
from connector.sync.outward.preparing import Prepared
from connector.sync.outward.sending import delivered, send
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record
from connector.sync.results import Delivery, NotSent, PermissionsHidden

#: What Spotler says of a part of a contact that it does not have.
_LOST: Final = frozenset({"CONTACT_UNKNOWN", "NO_ACTIVE_CHANNEL"})


class Delivering:
    """Writes contacts, new and known ones.

    Args:
        services: the systems.
        check_time: raises when no further call may be begun.
        meeting: for those where Spotler has to be asked.
        rows: of Spotler Permission.
    """

    def __init__(
        self, services: Services, check_time: Callable[[], None], meeting: Meeting, rows: PermissionRows
    ) -> None:  # fmt: skip
        self._services = services
        self._check_time = check_time
        self._meeting = meeting
        self._rows = rows

    def deliver(
        self, prepared: Sequence[Prepared], together: Mapping[RecordRef, Together]
    ) -> dict[RecordRef, Delivery]:
        """Write contacts.

        Args:
            prepared: the records.
            together: what workers have sent at the same time, of those whose Spotler Info another one has written.
        """
        results, ready = self._mark_returning(prepared)
        asked = [each for each in ready if each.ref in together or _is_to_be_asked(each)]
        refs = {each.ref for each in asked}
        left = [each for each in ready if each.ref not in refs]
        results |= self._update([each for each in left if each.record.is_known], asked)
        results |= self._insert([each for each in left if not each.record.is_known], asked)
        return results | self._meeting.meet(asked, together)

    def _mark_returning(self, prepared: Sequence[Prepared]) -> tuple[dict[RecordRef, Delivery], list[Prepared]]:
        """Whoever returns is no longer gone before Spotler has the contact: a later removal must find it."""
        returning = [each.record for each in prepared if each.record.is_gone]
        written = write_unchanged(
            self._services.dataverse,
            [InfoWrite(each.ref, each.info, info_of(each.ref, each.name, **{Info.GONE: False})) for each in returning],
        )
        results: dict[RecordRef, Delivery] = {}
        ready = []
        for each in prepared:
            version = written.get(each.ref)
            if version is None:
                ready.append(each)
            elif isinstance(version, ConnectorError):
                results[each.ref] = NotSent(version)
            else:
                ready.append(replace(each, record=replace(each.record, info=version)))
        return results, ready

    def _update(self, prepared: Sequence[Prepared], asked: list[Prepared]) -> dict[RecordRef, Delivery]:
        contents = {each.ref: each.sendable((), each.record.last.permissions) for each in prepared}
        began = self._services.now()
        answers = send(self._services, self._check_time, contents)
        ended = self._services.now()
        results: dict[RecordRef, Delivery] = {}
        for each in prepared:
            answer, content, last = answers[each.ref], contents[each.ref], each.record.last
            if isinstance(answer, ContactResult) and answer.code in _LOST and not _has_address(content):
                asked.append(each)
                continue
            switches = permissions_in(content, each.permissions)
            known = known_after_sending(last.permissions, switches.items(), began=began, ended=ended)
            results[each.ref] = delivered(self._services, each, answer, replace(last, permissions=known))
        return results

    def _insert(self, prepared: Sequence[Prepared], asked: list[Prepared]) -> dict[RecordRef, Delivery]:
        began = self._services.now()
        answers = send(
            self._services, self._check_time, {each.ref: each.properties for each in prepared}, update=False
        )  # fmt: skip
        ended = self._services.now()
        asked += [each for each in prepared if _code(answers[each.ref]) == EXISTS]
        answered = [each for each in prepared if _code(answers[each.ref]) != EXISTS]
        known = {
            each.ref: known_after_creation(each.permissions, each.switches, began=began, ended=ended)
            for each in answered
        }
        failed, complete = self._complete([each for each in answered if _is_there(answers[each.ref])], known)
        results: dict[RecordRef, Delivery] = {}
        for each in answered:
            now = complete.get(each.ref, each)
            last = LastCommon(now.columns.all_sent(now.record, now.fields), known[each.ref], made_about=ended)
            result = delivered(self._services, now, answers[each.ref], last)
            error = failed.get(each.ref)
            results[each.ref] = NotSent(error, result.info, result.over) if error else result
        return results

    def _complete(
        self, made: Sequence[Prepared], known: Mapping[RecordRef, Mapping[int, KnownState]]
    ) -> tuple[dict[RecordRef, ConnectorError], dict[RecordRef, Prepared]]:
        """Make the rows that records lack, now that it is known what Spotler has.

        Rows that say what Spotler has are no reason to send the record again, so they belong to what was sent.

        Returns:
            why rows of a record could not be made; and the records as they are with their rows.
        """
        failed: dict[RecordRef, ConnectorError] = {}
        complete: dict[RecordRef, Prepared] = {}
        ensured = self._rows.ensure([each.record for each in made], known=known) if made else {}
        for each in made:
            after = ensured[each.ref]
            if isinstance(after, ConnectorError):
                failed[each.ref] = after
            elif after is not each.record:
                complete[each.ref] = self._with_rows(each, after, known[each.ref])
        return failed, complete

    def _with_rows(self, prepared: Prepared, record: Record, known: Mapping[int, KnownState]) -> Prepared:
        sent = replace(prepared, record=replace(record, info=prepared.record.info))
        try:
            now = Prepared.of(self._services, sent.record, prepared.fields)
        except PermissionsHidden:
            return sent
        in_step = all(bit in known and known[bit].on is on for bit, on in now.switches.items())
        return now if in_step else sent


def _is_to_be_asked(prepared: Prepared) -> bool:
    """Whether something depends on what Spotler has now; a contact that may be missing is never simply inserted."""
    return prepared.has_question if prepared.record.is_known else prepared.record.had_contact


def _code(answer: ContactResult | ConnectorError | NotSent) -> str | None:
    return answer.code if isinstance(answer, ContactResult) else None


def _is_there(answer: ContactResult | ConnectorError | NotSent) -> bool:
    return isinstance(answer, ContactResult) and answer.error is None


def _has_address(content: Mapping[str, object]) -> bool:
    return any(name.casefold() == EMAIL for name in content)
