"""New subscribers: contacts of Spotler without an External Id become rows of Dataverse.

    contacts ─► who has the address in Spotler now? ─► their rows: found or created ─► permissions ─► External Id

Every step may be repeated. A row has an id that follows from the contact, so a crash makes no second one; permissions
come before the External Id, because a contact that has one is no new subscriber any more.

A new row gets all mapped columns, whatever their direction. A row that exists gets what Spotler may write (`<-`, `<->`)
and has a value for, and tells Spotler the two-way values that Spotler lacks. The permissions are those of Spotler; the
environment variables do not count.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import batched
from typing import Final

from connector.consent import Fate
from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.mapping.inward import inward_plan
from connector.outcomes import OK
from connector.services import Services
from connector.spotler import Fields, SpotlerContact
from connector.sync.info import InfoValues, info_of, write_infos
from connector.sync.newcomers.choice import (
    CREATED,
    DEACTIVATED,
    FOUND,
    KEPT_OUT,
    MOVED,
    NO_ADDRESS,
    NOT_WRITTEN,
    OFF,
    OTHER_SYSTEM,
    OTHERS,
    why_not,
)
from connector.sync.newcomers.external_ids import Tie, Wanted, is_same, look_up, tie
from connector.sync.newcomers.permissions import give_permissions
from connector.sync.newcomers.rows import Newcomer, RowOrigin, Subscriber, find_places, lacking_of, own_id
from connector.sync.newcomers.tally import Tally
from connector.sync.newcomers.target import Target, target_of
from connector.sync.newcomers.writes import create_rows, update_rows
from connector.sync.records import Record, RecordReader

#: Contacts that are worked on at once.
AT_ONCE: Final = 100


def take(services: Services, contacts: Sequence[SpotlerContact]) -> Counter[str]:
    """Make rows for new subscribers, or find theirs.

    Args:
        services: the systems.
        contacts: of the feed, without an External Id; others are left alone.

    Returns:
        how many became what.

    Raises:
        Transient, Misconfigured: something could not be done now; all else is done. Take the contacts again.
    """
    target = target_of(services)
    if target is None:
        return Counter({OFF: len(contacts)})
    return _each_block(services, target, contacts, _Newcomers.take)


def look_ahead(services: Services, contacts: Sequence[SpotlerContact]) -> Counter[str]:
    """What `take` would do with these contacts, as far as reading shows it; nothing is written.

    Raises:
        Transient, Misconfigured: it is not known now.
    """
    target = target_of(services)
    if target is None:
        return Counter({OFF: len(contacts)})
    return _each_block(services, target, contacts, _Newcomers.look_ahead)


def _each_block(
    services: Services,
    target: Target,
    contacts: Sequence[SpotlerContact],
    work: Callable[["_Newcomers", Sequence[SpotlerContact]], None],
) -> Counter[str]:
    """Work on the new subscribers among these contacts, and count what becomes of all."""
    tally = Tally()
    wanted: dict[str, SpotlerContact] = {}
    for contact in contacts:
        if why := why_not(contact, services.settings):
            tally.counts[why] += 1
        else:
            wanted[own_id(target, contact)] = contact  # the last one is the newest
    for block in batched(wanted.values(), AT_ONCE, strict=False):
        work(_Newcomers(services, target, tally), block)
    for problem in tally.problems:
        raise problem
    return +tally.counts


def _may_not_be_there(record: Record) -> bool:
    return record.is_foreign or record.decision.fate is Fate.REMOVED


#: A subscriber, and everybody who has its address in Spotler.
type _Looked = tuple[Subscriber, Sequence[SpotlerContact]]


def _info(services: Services, ref: RecordRef, newcomer: Newcomer) -> InfoValues:
    """What is remembered of a contact that has its id now. Nothing was sent yet, so no hash."""
    return info_of(
        ref,
        newcomer.subscriber.address,
        **{
            Info.ACTIVE: True,
            Info.CONTACT_STATUS: ContactStatus.ACTIVE_DYNAMIC.value,  # as for every contact that is not temporary
            Info.LAST_STATUS: OK,
            Info.LAST_SYNC_ON: services.now().isoformat(timespec="seconds"),
            Info.GONE: False,
        },
    )


class _Newcomers:
    """The subscribers that are worked on at once."""

    def __init__(self, services: Services, target: Target, tally: Tally) -> None:
        self._services = services
        self._target = target
        self._tally = tally
        self._plan = inward_plan(services.mapping, target.table)
        self._fields: Fields = services.spotler.fields()

    def take(self, contacts: Sequence[SpotlerContact]) -> None:
        open_ones = list(self._current(contacts))
        while open_ones:
            now, later = self._apart(open_ones)
            open_ones = [*later, *self._settle(now)]

    def look_ahead(self, contacts: Sequence[SpotlerContact]) -> None:
        first, later = self._apart(list(self._current(contacts)))
        self._tally.counts[FOUND] += len(later)  # the rows that the first ones get
        places = find_places(self._services.dataverse, self._target, self._plan.select, [each for each, _ in first])
        found = {
            RecordRef(self._target.table, place.row_id)
            for place in places.values()
            if place is not None and place.origin is not RowOrigin.NEW
        }
        records = RecordReader(self._services).read(found) if self._target.is_record else {}
        for subscriber, holders in first:
            place = places[subscriber.own_id]
            if place is None:
                self._tally.counts[DEACTIVATED] += 1
                continue
            record = records.get(RecordRef(self._target.table, place.row_id))
            if record is not None and _may_not_be_there(record):
                self._tally.counts[KEPT_OUT] += 1
                continue
            self._tally.counts[CREATED if place.origin is RowOrigin.NEW else FOUND] += 1
            self._tally.counts[str(Tie.SEVERAL)] += len(holders) > 1

    def _current(self, contacts: Sequence[SpotlerContact]) -> Iterator[_Looked]:
        """The subscribers as Spotler has them now. The feed may show an address that is somebody else's by now."""
        for shown, holders in zip(contacts, look_up(self._services, contacts), strict=True):
            if isinstance(holders, ConnectorError):
                self._tally.failed(holders)
                continue
            mine = next((each for each in holders if is_same(shown, each)), None)
            if holders and mine is None:
                self._tally.counts[MOVED] += 1
            elif mine is not None and mine.external_id:
                self._tally.counts[OTHER_SYSTEM] += 1
            else:
                subscriber = self._subscriber(mine or shown)
                if subscriber is not None:
                    yield subscriber, holders

    def _subscriber(self, contact: SpotlerContact) -> Subscriber | None:
        values = self._plan.new_values(contact, self._fields)
        address = values.get(self._target.address)
        for value in values.values():
            if value.warning:
                self._tally.warn(value.warning, NOT_WRITTEN)
        if address is None or address.warning:
            self._tally.counts[NO_ADDRESS] += 1
            return None
        return Subscriber(contact, str(address.value), own_id(self._target, contact), values)

    def _apart(self, subscribers: Sequence[_Looked]) -> tuple[list[_Looked], list[_Looked]]:
        """Those of whom no two match one another, and the others: they will find the rows of the first ones."""
        seen: set[object] = set()
        first: list[_Looked] = []
        later: list[_Looked] = []
        for each in subscribers:
            keys = {(match, key) for match in self._target.match if (key := each[0].key(match))}
            (later if keys & seen else first).append(each)
            seen |= keys
        return first, later

    def _settle(self, subscribers: Sequence[_Looked]) -> list[_Looked]:
        """Do everything for these; returns those whose row was taken by another of them, for the next time."""
        try:
            places = find_places(
                self._services.dataverse, self._target, self._plan.select, [each for each, _ in subscribers]
            )
        except ConnectorError as error:
            self._tally.failed(error)
            return []
        newcomers: dict[str, Newcomer] = {}
        later: list[_Looked] = []
        for subscriber, holders in subscribers:
            place = places[subscriber.own_id]
            if place is None:
                self._tally.counts[DEACTIVATED] += 1
            elif place.row_id in newcomers:
                later.append((subscriber, holders))
            else:
                self._tally.counts[OTHERS] += place.others
                newcomers[place.row_id] = Newcomer(subscriber, place, holders)
        new = [each for each in newcomers.values() if each.place.origin is RowOrigin.NEW]
        created = create_rows(self._services, self._target, new, self._tally)
        there = [*created, *(each for each in newcomers.values() if each.place.origin is not RowOrigin.NEW)]
        self._tie(self._with_permissions(there) if self._target.is_record else there)
        return later

    def _with_permissions(self, newcomers: Sequence[Newcomer]) -> list[Newcomer]:
        """Give records the permissions that their contacts have; leave alone whoever may not be in Spotler."""
        refs = {RecordRef(self._target.table, each.row_id): each for each in newcomers}
        try:
            records = RecordReader(self._services).read(refs)
        except ConnectorError as error:
            self._tally.failed(error)
            return []
        kept_out = {ref for ref, each in records.items() if _may_not_be_there(each)}
        self._tally.counts[KEPT_OUT] += len(kept_out)
        may_be = [each for ref, each in refs.items() if ref in records and ref not in kept_out]
        updated = update_rows(self._services, self._target, self._fields, may_be, self._tally)
        ready = {RecordRef(self._target.table, each.row_id): each for each in updated}
        contacts = {ref: each.subscriber.contact for ref, each in ready.items()}
        results = give_permissions(self._services, self._fields, records, contacts)
        for result in results.values():
            if isinstance(result, ConnectorError):
                self._tally.failed(result)
        return [ready[ref] for ref, result in results.items() if isinstance(result, Record)]

    # Spotler

    def _tie(self, newcomers: Sequence[Newcomer]) -> None:
        """Write the ids of the rows into Spotler, and remember the contacts."""
        results = tie(self._services, [self._wanted(each) for each in newcomers])
        infos = []
        for each, result in zip(newcomers, results, strict=True):
            if isinstance(result, ConnectorError):
                self._tally.failed(result)
                continue
            self._tally.counts[str(result)] += 1
            if result is Tie.TIED and self._target.is_record:
                infos.append((RecordRef(self._target.table, each.row_id), each))
        values = [(ref, _info(self._services, ref, each)) for ref, each in infos]
        for error in write_infos(self._services.dataverse, values).values():
            self._tally.failed(error)

    def _wanted(self, newcomer: Newcomer) -> Wanted:
        place, contact = newcomer.place, newcomer.subscriber.contact
        lacking = lacking_of(self._plan, self._fields, newcomer.subscriber, place)
        return Wanted(contact, place.row_id, newcomer.holders, place.origin is RowOrigin.NEW, lacking)
