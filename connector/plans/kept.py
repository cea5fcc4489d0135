"""The plans that the brake keeps until a person approves or discards them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched

from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import Invalid
from connector.mapping import mapping_version
from connector.plans.making import code_of
from connector.plans.sending import send
from connector.services import Services
from connector.spotler import SpotlerContact
from connector.state import StateConflict, StateStore
from connector.sync.all_records import CHUNK
from connector.sync.both_ways import inward
from connector.sync.both_ways.columns import shared_columns
from connector.sync.both_ways.inward import ShownUpdate
from connector.sync.brake.brake import COUNTS, PLANS, TRIES, BrakeCount
from connector.sync.old_values import begun
from connector.sync.one_by_one import one_by_one
from connector.sync.outward.outward import no_deadline
from connector.sync.records import Record, RecordReader
from connector.sync.results import NotSent


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
    """

    id: str
    made_on: str
    mapping: str
    records: int
    causes: Mapping[str, int]


def kept_plans(state: StateStore) -> list[KeptPlan]:
    """The plans that wait, the oldest first."""
    ids = sorted({name.split("/")[1] for name in state.names(f"{PLANS}/")})
    return [_kept(state, each) for each in ids]


def approve(services: Services, plan: str, *, seen: Callable[[int], object]) -> Counter[str]:
    """Let everything of its kind pass from now on, and sync the records that were held; counts the codes of results.

    An approval that was interrupted goes on where it stopped, when it is given again.

    Raises:
        NoSuchPlan: there is none.
        Invalid: the mapping is another one by now.
    """
    kept = _found(services.state, plan)
    if kept.mapping and kept.mapping != mapping_version(services.mapping):
        raise Invalid("The mapping was changed since, so the plan says nothing any more.", advice="Discard the plan.")
    _settle(services.state, plan, approved=True)
    services = begun(services, "plan-approve")
    unbraked = replace(services, settings=services.settings.model_copy(update={"brake_share": 1.0}))
    counts, done = Counter[str](), 0
    for part in services.state.names(f"{PLANS}/{plan}/"):
        for chunk in batched(_records(services.state, part), CHUNK, strict=False):
            records = RecordReader(services).read(chunk)
            _bring_inward(unbraked, records)
            records = RecordReader(services).read(chunk)
            for result in send(unbraked, list(records.values())).values():
                counts[code_of(result.error) if isinstance(result, NotSent) else result.code] += 1
            done += len(chunk)
            seen(done)
        services.state.delete(part)
    services.state.delete(f"{PLANS}/{plan}")
    return counts


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
    _found(services.state, plan)
    _settle(services.state, plan, approved=False)
    for part in services.state.names(f"{PLANS}/{plan}/"):
        services.state.delete(part)
    services.state.delete(f"{PLANS}/{plan}")


def _settle(state: StateStore, plan: str, *, approved: bool) -> None:
    """Tell the brake what a person decided."""
    for name in state.names(f"{COUNTS}/"):
        for _ in range(TRIES):
            stored = state.read(name)
            count = BrakeCount.parse(stored.value) if stored else None
            if stored is None or count is None or count.plan != plan:
                break
            try:
                state.write(name, replace(count, plan="", approved=approved).value, version=stored.version)
            except StateConflict:
                continue
            return


def _found(state: StateStore, plan: str) -> KeptPlan:
    found = next((each for each in kept_plans(state) if each.id == plan), None)
    if found is None:
        raise NoSuchPlan
    return found


def _kept(state: StateStore, plan: str) -> KeptPlan:
    header = state.read(f"{PLANS}/{plan}")
    value = header.value if header else {}
    causes, records = Counter[str](), set[str]()
    for part in state.names(f"{PLANS}/{plan}/"):
        stored = state.read(part)
        for record, found in (stored.value if stored else {}).items():
            if record not in records:
                records.add(record)
                causes.update(map(str, found if isinstance(found, list) else ()))
    return KeptPlan(
        plan, str(value.get("made_on") or ""), str(value.get("mapping") or ""), len(records), dict(causes.most_common())
    )


def _records(state: StateStore, part: str) -> Iterator[RecordRef]:
    stored = state.read(part)
    for record in stored.value if stored else ():
        table, _, row = record.partition("/")
        if table in RECORD_TABLES:
            yield RecordRef(table, row)
