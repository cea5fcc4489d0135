"""New subscribers: contacts of Spotler without an External Id become rows of Dataverse.

    contacts ─► who has the address in Spotler now? ─► their rows: found or created ─► permissions ─► External Id

Every step may be repeated. A row has an id that follows from the contact, so a crash makes no second one; permissions
come before the External Id, because a contact that has one is no new subscriber any more.

A new row gets all mapped columns, whatever their direction. A row that exists gets what Spotler may write (`<-`, `<->`)
and has a value for, and tells Spotler the two-way values that Spotler lacks. The permissions are those of Spotler; the
environment variables do not count.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Final

from connector import telemetry
from connector.consent import Fate
from connector.dataverse.api import BatchRequest, Conflict, Duplicate, Keyed
from connector.dataverse.api.rows import TableNames
from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Contact, Info, Lead
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Misconfigured, Transient, Unclear
from connector.mapping.inward import inward_plan
from connector.outcomes import OK
from connector.services import Services
from connector.spotler import Fields, SpotlerContact
from connector.sync.external_ids import OPERATION, Tie, Wanted, is_same, look_up, tie
from connector.sync.info import info_of, write_infos
from connector.sync.newcomer_choice import (
    CREATED,
    DEACTIVATED,
    FAILED,
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
from connector.sync.newcomer_permissions import give_permissions
from connector.sync.newcomer_rows import (
    Origin,
    Place,
    Subscriber,
    changes_of,
    find_places,
    lacking_of,
    new_row,
    own_id,
)
from connector.sync.newcomer_target import Target, target_of
from connector.sync.permission_rows import Ensured
from connector.sync.records import Record, RecordReader

log = logging.getLogger(__name__)

#: Contacts that are worked on at once.
AT_ONCE: Final = 100

_TABLES: Final[Mapping[str, TableNames]] = {Contact.TABLE: Contact, Lead.TABLE: Lead}


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
    counts = Counter[str]()
    problems: list[ConnectorError] = []
    wanted: dict[str, SpotlerContact] = {}
    for contact in contacts:
        if why := why_not(contact, services.settings):
            counts[why] += 1
        else:
            wanted[own_id(target, contact)] = contact  # the last one is the newest
    for block in batched(wanted.values(), AT_ONCE, strict=False):
        _Newcomers(services, target, counts, problems).take(block)
    for problem in problems:
        raise problem
    return +counts


#: A subscriber, and everybody who has its address in Spotler.
type _Looked = tuple[Subscriber, Sequence[SpotlerContact]]


@dataclass(frozen=True, slots=True)
class _Newcomer:
    """A subscriber with its row, and everybody who has its address in Spotler."""

    subscriber: Subscriber
    place: Place
    holders: Sequence[SpotlerContact]

    @property
    def ref(self) -> str:
        return self.place.row_id


class _Newcomers:
    """The subscribers that are worked on at once."""

    def __init__(
        self, services: Services, target: Target, counts: Counter[str], problems: list[ConnectorError]
    ) -> None:
        self._services = services
        self._target = target
        self._counts = counts
        self._problems = problems
        self._plan = inward_plan(services.mapping, target.table)
        self._fields: Fields = services.spotler.fields()

    def take(self, contacts: Sequence[SpotlerContact]) -> None:
        open_ones = list(self._current(contacts))
        while open_ones:
            now, open_ones = self._apart(open_ones)
            self._settle(now)

    def _current(self, contacts: Sequence[SpotlerContact]) -> Iterator[_Looked]:
        """The subscribers as Spotler has them now. The feed may show an address that is somebody else's by now."""
        for shown, holders in zip(contacts, look_up(self._services, contacts), strict=True):
            if isinstance(holders, ConnectorError):
                self._failed(holders)
                continue
            mine = next((each for each in holders if is_same(shown, each)), None)
            if holders and mine is None:
                self._counts[MOVED] += 1
            elif mine is not None and mine.external_id:
                self._counts[OTHER_SYSTEM] += 1
            else:
                subscriber = self._subscriber(mine or shown)
                if subscriber is not None:
                    yield subscriber, holders

    def _subscriber(self, contact: SpotlerContact) -> Subscriber | None:
        values = self._plan.new_values(contact, self._fields)
        address = values.get(self._target.address)
        for value in values.values():
            if value.warning:
                self._counts[NOT_WRITTEN] += 1
                log.warning("%s", value.warning, extra=telemetry.fields(operation=OPERATION))
        if address is None or address.warning:
            self._counts[NO_ADDRESS] += 1
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

    def _settle(self, subscribers: Sequence[_Looked]) -> None:
        try:
            places = find_places(
                self._services.dataverse, self._target, self._plan.select, [each for each, _ in subscribers]
            )
        except ConnectorError as error:
            self._failed(error)
            return
        newcomers = []
        for subscriber, holders in subscribers:
            place = places[subscriber.own_id]
            if place is None:
                self._counts[DEACTIVATED] += 1
            else:
                self._counts[OTHERS] += place.others
                newcomers.append(_Newcomer(subscriber, place, holders))
        created = self._create([each for each in newcomers if each.place.origin is Origin.NEW])
        there = [*created, *(each for each in newcomers if each.place.origin is not Origin.NEW)]
        if self._target.is_record:
            there = self._with_permissions(self._update(there))
        self._tie(there)

    def _create(self, newcomers: Sequence[_Newcomer]) -> list[_Newcomer]:
        """Make rows; one that exists was made by an earlier attempt."""
        topic = self._services.settings.new_subscriber_lead_topic
        requests = [
            BatchRequest.insert(self._target.set_name, each.ref, new_row(self._target, each.subscriber, topic))
            for each in newcomers
        ]
        try:
            answers = self._services.dataverse.batch(requests) if requests else []
        except ConnectorError as error:
            self._failed(error)
            return []
        created = []
        for each, answer in zip(newcomers, answers, strict=True):
            if isinstance(answer.error, Conflict | Duplicate):
                created.append(replace(each, place=replace(each.place, origin=Origin.OWN)))
            elif answer.error is not None:
                self._failed(answer.error)
            else:
                self._counts[CREATED] += 1
                created.append(each)
        return created

    # Contacts and leads

    def _update(self, newcomers: Sequence[_Newcomer]) -> list[_Newcomer]:
        """Write what Spotler has newer into rows that exist."""
        changes = [(each, changes_of(self._plan, self._fields, each.subscriber, each.place)) for each in newcomers]
        wanted = [(each, values) for each, values in changes if values]
        failed: set[str] = set()
        if wanted:
            try:
                results = self._services.dataverse.update_multiple(
                    _TABLES[self._target.table], [Keyed(each.ref, values) for each, values in wanted]
                )
            except ConnectorError as error:
                self._failed(error)
                return [each for each, values in changes if not values]
            for (each, _), result in zip(wanted, results, strict=True):
                if result.error is not None:
                    self._failed(result.error)
                    failed.add(each.ref)
        self._counts[FOUND] += sum(each.place.origin is Origin.MATCH and each.ref not in failed for each in newcomers)
        return [each for each in newcomers if each.ref not in failed]

    def _with_permissions(self, newcomers: Sequence[_Newcomer]) -> list[_Newcomer]:
        """Give records the permissions that their contacts have; leave alone whoever may not be in Spotler."""
        refs = {RecordRef(self._target.table, each.ref): each for each in newcomers}
        try:
            records = RecordReader(self._services).read(refs)
        except ConnectorError as error:
            self._failed(error)
            return []
        kept_out = {ref for ref, record in records.items() if record.decision.fate is Fate.REMOVED}
        self._counts[KEPT_OUT] += len(kept_out)
        ready = {ref: each for ref, each in refs.items() if ref in records and ref not in kept_out}
        results: dict[RecordRef, Ensured] = {}
        for made in (True, False):
            group = {
                ref: each.subscriber.contact
                for ref, each in ready.items()
                if (each.place.origin is not Origin.MATCH) is made
            }
            results |= give_permissions(self._services, self._fields, records, group, made_from_spotler=made)
        for result in results.values():
            if isinstance(result, ConnectorError):
                self._failed(result)
        return [ready[ref] for ref, result in results.items() if isinstance(result, Record)]

    # Spotler

    def _tie(self, newcomers: Sequence[_Newcomer]) -> None:
        """Write the ids of the rows into Spotler, and remember the contacts."""
        results = tie(self._services, [self._wanted(each) for each in newcomers])
        infos = []
        for each, result in zip(newcomers, results, strict=True):
            if isinstance(result, ConnectorError):
                self._failed(result)
                continue
            self._counts[str(result)] += 1
            if result is Tie.TIED and self._target.is_record:
                infos.append((RecordRef(self._target.table, each.ref), each))
        values = [(ref, info_of(ref, each.subscriber.address, **self._info)) for ref, each in infos]
        for error in write_infos(self._services.dataverse, values).values():
            self._failed(error)

    @property
    def _info(self) -> Mapping[str, object]:
        return {
            Info.ACTIVE: True,
            Info.CONTACT_STATUS: ContactStatus.ACTIVE_STATIC.value,
            Info.LAST_STATUS: OK,
            Info.LAST_SYNC_ON: self._services.now().isoformat(timespec="seconds"),
            Info.GONE: False,
        }

    def _wanted(self, newcomer: _Newcomer) -> Wanted:
        place, contact = newcomer.place, newcomer.subscriber.contact
        lacking = lacking_of(self._plan, self._fields, newcomer.subscriber, place)
        return Wanted(contact, place.row_id, newcomer.holders, place.origin is Origin.NEW, lacking)

    def _failed(self, error: ConnectorError) -> None:
        """A problem that may pass is raised at the end; another one is logged and counted."""
        if isinstance(error, Unclear):
            error = Transient(error.sentence, code=error.result_code)
        if isinstance(error, Transient | Misconfigured):
            self._problems.append(error)
            return
        telemetry.log_problem(log, error, operation=OPERATION)
        self._counts[FAILED] += 1
