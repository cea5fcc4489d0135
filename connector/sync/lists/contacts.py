"""The members of a block become contacts in Spotler before they are added to the audience."""

from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from itertools import batched
from typing import Final

from connector import telemetry
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Invalid, Refused, Transient
from connector.outcomes import OK, UNCHANGED
from connector.services import Services
from connector.sync.all_records import CHUNK
from connector.sync.outward.outward import Outward
from connector.sync.records import Record, RecordReader
from connector.sync.results import Delivery, NotSent
from connector.threads import ContextThreadPool

#: Hundreds of members that are synced at the same time: while one waits for Spotler, others are read and written.
AT_A_TIME: Final = 4

_DELETED: Final = "deleted"


class MembersNotRemembered(Transient):
    """Spotler Info of some members could not be written; the block is sent again."""

    code = "MEMBERS_NOT_REMEMBERED"


@dataclass(slots=True)
class SyncedMembers:
    """What became of the members of a block.

    Attributes:
        there: the ids of those that Spotler has.
        left_out: why others may not be sent, by id.
        refused: the codes of those that Spotler refused, by id.
    """

    there: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, other: "SyncedMembers") -> None:
        """Take the results of a part."""
        self.there += other.there
        self.left_out |= other.left_out
        self.refused |= other.refused


def sync_members(
    services: Services, refs: Sequence[RecordRef], check_time: Callable[[], None], *, lost: bool = False
) -> SyncedMembers:
    """Send members to Spotler, a hundred at a time.

    Args:
        services: the systems.
        refs: whom.
        check_time: raises when no further call may be begun.
        lost: Spotler has lost their contacts, although we sent them, so they are sent even if unchanged.

    Raises:
        ConnectorError: something stopped them that may pass; repeating does no harm.
    """
    parts = list(batched(refs, CHUNK, strict=False))
    with ContextThreadPool(AT_A_TIME, thread_name_prefix="lists") as pool:
        asked = [pool.submit(_sync, services, part, check_time, lost=lost) for part in parts]
        wait(asked)
    result = SyncedMembers()
    for part in asked:
        result.add(part.result())
    return result


def _sync(
    services: Services, refs: Sequence[RecordRef], check_time: Callable[[], None], *, lost: bool
) -> SyncedMembers:
    check_time()
    found = RecordReader(services).read(refs)
    records = [record.unknown() if lost else record for record in found.values()]
    sent = Outward(services, check_time=check_time, remembers=False).send(records, always=lost)
    result = SyncedMembers(left_out={ref.id: _DELETED for ref in refs if ref not in found})
    for ref, delivery in sent.items():
        _sort(result, found[ref], delivery)
    return result


def _sort(result: SyncedMembers, record: Record, delivery: Delivery) -> None:
    member = record.ref.id
    if isinstance(delivery, NotSent):
        result.refused[member] = _code(delivery.error)
    elif delivery.info is not None:
        raise MembersNotRemembered
    elif delivery.is_there and delivery.code in (OK, UNCHANGED):
        result.there.append(member)
    else:
        reason = record.decision.reason
        result.left_out[member] = reason.value if reason else delivery.code


def _code(error: Exception) -> str:
    """The code of an error of one member.

    Raises:
        ConnectorError: it may pass, so that the block is sent again.
    """
    if isinstance(error, Invalid | Refused):
        return error.result_code
    if isinstance(error, ConnectorError):
        raise error
    return telemetry.internal_error(error).result_code
