"""The plans that the brake keeps until a person approves or discards them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched
from typing import Final

from pydantic import NonNegativeInt

from connector.dataverse.choices import Operation
from connector.dataverse.records import RecordRef, record_named
from connector.errors import Invalid
from connector.mapping import mapping_version
from connector.plans.making import code_of
from connector.plans.sending import send
from connector.routing.work_item import RowId
from connector.services import Services
from connector.spotler import SpotlerContact
from connector.state import StateConflict, StateStore, StoredMoment, StoredValue, StoredValueUnreadable
from connector.sync.all_records import CHUNK
from connector.sync.both_ways import inward
from connector.sync.both_ways.columns import shared_columns
from connector.sync.both_ways.inward import ShownUpdate
from connector.sync.brake.brake import COUNTS, PLANS, TRIES, BrakeCount
from connector.sync.brake.derived import MISSING
from connector.sync.lists.orders import order
from connector.sync.old_values import begun
from connector.sync.one_by_one import one_by_one
from connector.sync.outward.outward import no_deadline
from connector.sync.records import Record, RecordReader
from connector.sync.results import NotSent

#: Slashes in the name of a part of a plan.
_PART_DEPTH: Final = 2


class NoSuchPlan(Invalid):
    """No plan with this id waits for a person."""

    code = "PLAN_UNKNOWN"
    advice = "Look at plan list."


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan that waits.

    Attributes:
        id: as people name it.
        made_on: when, as text in UTC.
        mapping: the version of the mapping.
        records: how many records are held back.
        causes: for how many of them each cause holds.
        problem: why it can only be discarded; empty for one that can be approved.
        list_id: the marketing list whose audience people would leave; empty for none.
    """

    id: str
    made_on: str
    mapping: str
    records: int
    causes: Mapping[str, int]
    problem: str = ""
    list_id: str = ""


class HeaderValue(StoredValue):
    """What is stored of a plan, beside its parts."""

    made_on: StoredMoment
    mapping: str
    list: RowId | None = None
    held: Mapping[str, NonNegativeInt] | None = None


def kept_plans(state: StateStore) -> list[KeptPlan]:
    """The plans that wait, the oldest first."""
    found = []
    for plan in sorted(plans_that_wait(state)):
        try:
            found.append(_kept(state, plan))
        except StoredValueUnreadable as error:
            found.append(KeptPlan(plan, "", "", 0, {}, error.sentence))
    return found


def plans_that_wait(state: StateStore) -> frozenset[str]:
    """The ids of the plans that wait, without reading any."""
    return frozenset(name.split("/")[1] for name in state.names(f"{PLANS}/"))


def held_records(state: StateStore) -> frozenset[RecordRef]:
    """The records of all plans that wait."""
    parts = [name for name in state.names(f"{PLANS}/") if name.count("/") == _PART_DEPTH]
    return frozenset(ref for part in parts for ref in _records(state, part))


def approve(
    services: Services,
    plan: str,
    *,
    seen: Callable[[int], object],
    pause: Callable[[float], object] | None = None,
) -> Counter[str]:
    """Let everything of its kind pass from now on, and sync the records that were held; counts the codes of results.

    An approval that was interrupted goes on where it stopped, when it is given again.

    Args:
        services: the systems.
        plan: which.
        seen: is told the number of records after each chunk.
        pause: waits for so many seconds while Dataverse is busy; None for not at all.

    Raises:
        NoSuchPlan: there is none.
        Invalid: the mapping is another one by now.
        StoredValueUnreadable: a part of it cannot be read; nothing was done.
    """
    _check_existence(services.state, plan)
    kept = _kept(services.state, plan)
    if not kept.list_id and kept.mapping != mapping_version(services.mapping):
        raise Invalid("The mapping was changed since, so the plan says nothing any more.", advice="Discard the plan.")
    _settle(services.state, plan, approved=True)
    if kept.list_id:
        return _sync_list(services, kept, seen)
    services = begun(services, "plan-approve")
    unbraked = replace(services, settings=services.settings.model_copy(update={"brake_share": 1.0}))
    counts, done = Counter[str](), 0
    for part in services.state.names(f"{PLANS}/{plan}/"):
        for chunk in map(dict, batched(_records(services.state, part).items(), CHUNK, strict=False)):
            records = RecordReader(services).read(chunk)
            _bring_inward(unbraked, records)
            records = RecordReader(services).read(chunk)
            missing = [each.unknown() for ref, each in records.items() if MISSING in chunk[ref]]
            others = [each for ref, each in records.items() if MISSING not in chunk[ref]]
            results = send(unbraked, missing, always=True, pause=pause) | send(unbraked, others, pause=pause)
            for result in results.values():
                counts[code_of(result.error) if isinstance(result, NotSent) else result.code] += 1
            done += len(chunk)
            seen(done)
        services.state.delete(part)
    services.state.delete(f"{PLANS}/{plan}")
    return counts


def _sync_list(services: Services, plan: KeptPlan, seen: Callable[[int], object]) -> Counter[str]:
    """The next sync of a list lets people leave its audience: order one, also where one is under way."""
    order(services, Operation.SYNC_MARKETING_LIST, [plan.list_id], unless=())
    services.state.delete(f"{PLANS}/{plan.id}")
    seen(plan.records)
    return Counter({"APPROVED": plan.records})


def _bring_inward(services: Services, records: Mapping[RecordRef, Record]) -> None:
    """Write in Dataverse what was held back there."""
    seen_on = services.now()
    calls = {
        ref: partial(services.spotler.get_contact, ref.id)
        for ref, record in records.items()
        if record.is_known and shared_columns(services.mapping, ref.table).plan.select
    }
    answers = one_by_one(services, no_deadline, calls)
    contacts = [each for each in answers.values() if isinstance(each, SpotlerContact)]
    inward.apply(services, [ShownUpdate(contact, seen_on) for contact in contacts])
    for error in answers.values():
        if isinstance(error, Exception):
            raise error


def discard(services: Services, plan: str) -> None:
    """Forget a plan. The records stay as they are in Spotler; if the cause persists, the brake holds them again.

    Raises:
        NoSuchPlan: there is none.
    """
    _check_existence(services.state, plan)
    _settle(services.state, plan, approved=False)
    for part in services.state.names(f"{PLANS}/{plan}/"):
        services.state.delete(part)
    services.state.delete(f"{PLANS}/{plan}")


def _settle(state: StateStore, plan: str, *, approved: bool) -> None:
    """Tell the brake what a person decided."""
    for name in state.names(f"{COUNTS}/"):
        for _ in range(TRIES):
            stored = state.read(name)
            if stored is None or stored.value.get("plan") != plan:
                break
            count = BrakeCount.parse(name, stored.value)
            try:
                state.write(name, replace(count, plan="", approved=approved).value, version=stored.version)
            except StateConflict:
                continue
            return


def _check_existence(state: StateStore, plan: str) -> None:
    if plan not in plans_that_wait(state):
        raise NoSuchPlan


def _kept(state: StateStore, plan: str) -> KeptPlan:
    """A plan with all its parts.

    Raises:
        StoredValueUnreadable: one of them is something else.
    """
    name = f"{PLANS}/{plan}"
    header = state.read(name)
    if header is None:
        raise StoredValueUnreadable.of(name, "is missing")
    value = HeaderValue.of(name, header.value)
    if value.list is not None:
        held = value.held or {}
        return KeptPlan(plan, value.made_on.isoformat(), "", sum(held.values()), held, list_id=value.list)
    causes: dict[RecordRef, list[str]] = {}
    for part in state.names(f"{name}/"):
        for record, found in _records(state, part).items():
            causes.setdefault(record, found)
    counts = Counter(cause for each in causes.values() for cause in each)
    return KeptPlan(plan, value.made_on.isoformat(), value.mapping, len(causes), dict(counts.most_common()))


def _records(state: StateStore, part: str) -> dict[RecordRef, list[str]]:
    """The records of a part, with what is held back of each."""
    stored = state.read(part)
    found: dict[RecordRef, list[str]] = {}
    for record, causes in (stored.value if stored else {}).items():
        ref = record_named(record)
        if ref is None or not isinstance(causes, list) or not all(isinstance(each, str) for each in causes):
            raise StoredValueUnreadable.of(part, "does not list records and causes")
        found[ref] = causes
    return found
