"""Contacts are written in Spotler, a hundred per call.

    records ─┬─ not known ─► insert, never over a contact that is there ─┬─ inserted ──────────────────────► results
             │                                                           └─ there already ─┐
             ├─ known, and Spotler has to be asked ────────────────────────────────────────┴─► meeting ────► results
             └─ known, and nothing depends on what Spotler has ─► update ──────────────────────────────────► results

Only a contact that was not there before gets everything. One that is there gets what Dataverse alone decides; the rest
depends on what Spotler has now (`connector.sync.meeting`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.mapping.model import EMAIL
from connector.services import Services
from connector.spotler import ContactResult
from connector.sync.info import InfoWrite, info_of, write_unchanged
from connector.sync.last_common import LastCommon
from connector.sync.meeting import EXISTS, Meeting, Together
from connector.sync.preparing import Prepared
from connector.sync.results import Delivery, NotSent
from connector.sync.sending import delivered, send
from connector.sync.switches import known_after_creation, known_after_sending, permissions_in

#: What Spotler says of a part of a contact that it does not have.
_LOST: Final = frozenset({"CONTACT_UNKNOWN", "NO_ACTIVE_CHANNEL"})


class Delivering:
    """Writes contacts, new and known ones.

    Args:
        services: the systems.
        check_time: raises when no further call may be begun.
        meeting: for those where Spotler has to be asked.
    """

    def __init__(self, services: Services, check_time: Callable[[], None], meeting: Meeting) -> None:
        self._services = services
        self._check_time = check_time
        self._meeting = meeting

    def deliver(
        self, prepared: Sequence[Prepared], together: Mapping[RecordRef, Together]
    ) -> dict[RecordRef, Delivery]:
        """Write contacts.

        Args:
            prepared: the records.
            together: what workers have sent at the same time, of those whose Spotler Info another one has written.
        """
        results, ready = self._mark_returning(prepared)
        asked = [each for each in ready if each.ref in together or (each.record.is_known and each.has_question)]
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
            version = written.get(each.ref, each.record.info)
            if isinstance(version, ConnectorError):
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
        results: dict[RecordRef, Delivery] = {}
        for each in prepared:
            answer = answers[each.ref]
            if isinstance(answer, ContactResult) and answer.code == EXISTS:
                asked.append(each)
                continue
            known = known_after_creation(each.permissions, each.switches, began=began, ended=ended)
            last = LastCommon(each.columns.all_sent(each.record, each.fields), known, made_on=ended)
            results[each.ref] = delivered(self._services, each, answer, last)
        return results


def _has_address(content: Mapping[str, object]) -> bool:
    return any(name.casefold() == EMAIL for name in content)
