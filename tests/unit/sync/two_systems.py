"""Dataverse and Spotler in this process, on one clock that tests move, and the connector between."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.dataverse.definitions import ColumnDefinitions
from connector.dataverse.names import Account, Contact, Info, Lead, Permission
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.mapping import Times, parse_mapping
from connector.pulls.loop import run_feed
from connector.pulls.updates import Updates
from connector.sync.outward.outward import Outward
from connector.sync.records import PERMISSION_LOOKUPS, RecordReader
from sandbox.spotler.rules.lifecycle import anonymise
from sandbox.spotler.side_door.events import emit
from tests.faults.matrix.day import CellTime, services_on
from tests.faults.matrix.systems import Systems
from tests.faults.matrix.wire import TouchedBus, Wire
from tests.memory_state import MemoryState

#: Between any two things that happen: more than the clocks of the systems may differ.
STEP = timedelta(seconds=10)

#: The columns of accounts that stand for those of people.
_OF_ACCOUNTS = {"firstname": "address1_city", "lastname": "name"}
#: The lookup of a Spotler Permission that belongs to each table.
NAVIGATION = {
    Contact.TABLE: Permission.CONTACT_NAVIGATION,
    Lead.TABLE: Permission.LEAD_NAVIGATION,
    Account.TABLE: Permission.ACCOUNT_NAVIGATION,
}

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}
PERMISSIONS = {"contact": "@map(permissions)", "direction": "<->", "spotler": "permissions"}


class TwoSystems:
    """Both systems, empty, and the services of an app between them.

    Args:
        systems: of the process.
        rows: of the mapping, for contacts.
        tables: those that the mapping syncs, each with the same columns as far as it has them.
    """

    clock: Callable[[], CellTime] = CellTime

    def __init__(self, systems: Systems, *rows: dict[str, str], tables: Sequence[str] = (Contact.TABLE,)) -> None:
        self.tables = tables
        self.systems = systems
        self.time = self.clock()
        #: How far Spotler's clock is ahead of that of this machine.
        self.ahead = timedelta()
        systems.start_over(self.time)
        systems.sandbox.world.clock.stop()
        self.wire = self._wire_between()
        self._rows, self._state = rows, MemoryState()
        self.restart()
        self.pull()

    def restart(self, bus: TouchedBus | None = None) -> None:
        """A process that has asked for nothing yet."""
        services = services_on(self.systems, self.wire, bus=bus)
        mapping = replace(
            parse_mapping({"rows": [self._row(each) for each in (EMAIL, *self._rows)]}),
            times=Times(ZoneInfo("Europe/Amsterdam")),
            definitions=ColumnDefinitions(services.dataverse, self.time.monotonic).of,
        )
        self.services = replace(services, mapping=mapping, state=self._state)

    def _row(self, row: dict[str, str]) -> dict[str, str]:
        """A row of the mapping for each table."""
        columns = {table: column_of(table, row[Contact.TABLE]) for table in self.tables}
        return {name: value for name, value in row.items() if name != Contact.TABLE} | columns

    def _wire_between(self) -> Wire:
        return Wire(self.systems, self.time)

    # What people do

    def contact(self, name: str = "ann", **columns: object) -> RecordRef:
        """A contact that a person makes in Dataverse."""
        return self.record(Contact.TABLE, name, **columns)

    def record(self, table: str, name: str = "ann", **columns: object) -> RecordRef:
        """A record of any table that a person makes in Dataverse."""
        self.tick()
        values = {"lastname": name.title(), "emailaddress1": f"{name}@example.org", **columns}
        names = RECORD_TABLES[table]
        before = {each[names.id_column] for each in self.systems.rows(table)}
        self.systems.by_person("POST", names.set_name, {column_of(table, each): values[each] for each in values})
        (made,) = {each[names.id_column] for each in self.systems.rows(table)} - before
        return RecordRef(table, made)

    def edit(self, record: RecordRef, **columns: object) -> None:
        """A person changes a row in Dataverse."""
        self.tick()
        values = {column_of(record.table, name): value for name, value in columns.items()}
        self.systems.by_person("PATCH", path_of(record), values)

    def profile(self, record: RecordRef, **properties: object) -> None:
        """The person changes the profile in Spotler."""
        self.tick()
        self._emit(type="profile", externalId=record.id, properties=properties)

    def unsubscribe(self, record: RecordRef, *bits: int) -> None:
        """The person leaves permissions, or without bits everything."""
        self.tick()
        self._emit(type="unsubscribe", externalId=record.id, permissions=list(bits))

    def lose(self, record: RecordRef) -> None:
        """Somebody anonymises the contact by hand in Spotler."""
        self.tick()
        world = self.systems.sandbox.world
        anonymise(world, next(each for each in world.contacts if record.id in each.external_ids.values()))

    def permission(self, record: RecordRef, name: str, *, subscribed: bool, another: bool = False) -> str:
        """A row of Spotler Permission that a person makes, or changes where there is one and another is not wanted."""
        self.tick()
        found = [row for row in self.permissions(record) if row[Permission.NAME] == name and not another]
        if found:
            path = f"{Permission.SET}({found[0][Permission.ID]})"
            self.systems.by_person("PATCH", path, {Permission.SUBSCRIBED: subscribed})
            return found[0][Permission.ID]
        values = {
            Permission.NAME: name,
            Permission.SUBSCRIBED: subscribed,
            f"{NAVIGATION[record.table]}@odata.bind": f"/{path_of(record)}",
        }
        self.systems.by_person("POST", f"{Permission.SET}", values)
        return self.permissions(record)[-1][Permission.ID]

    # What the connector does

    def sync(self, *records: RecordRef, always: bool = False):
        """Send records as they are now."""
        self.tick()
        found = RecordReader(self.services).read(records)
        results = Outward(self.services).send([found[ref] for ref in records], always=always)
        return [results[ref] for ref in records]

    def remove_deleted(self, *records: RecordRef):
        """Take records out of Spotler that were deleted."""
        self.tick()
        found = RecordReader(self.services).read(records, records)
        results = Outward(self.services).send([found[ref] for ref in records], always=True)
        return [results[ref] for ref in records]

    def pull(self) -> Counter[str]:
        """Read the feed of updates."""
        self.tick()
        return run_feed(self.services, Updates(self.services))

    # What there is

    def row(self, record: RecordRef) -> dict[str, object]:
        column = RECORD_TABLES[record.table].id_column
        return next(row for row in self.systems.rows(record.table) if row[column] == record.id)

    def in_spotler(self, record: RecordRef) -> dict[str, object]:
        contacts = self.systems.spotler()["contacts"]
        return next(each for each in contacts if each["externalId"] == record.id)

    def property(self, record: RecordRef, name: str) -> object:
        return self.in_spotler(record)["properties"].get(name)

    def permissions(self, record: RecordRef) -> list[dict[str, object]]:
        rows = self.systems.rows(Permission.TABLE)
        return [row for row in rows if row.get(f"_{PERMISSION_LOOKUPS[record.table]}_value") == record.id]

    def subscribed(self, record: RecordRef) -> dict[str, bool]:
        return {row[Permission.NAME]: row[Permission.SUBSCRIBED] for row in self.permissions(record)}

    def info(self, record: RecordRef) -> dict[str, object]:
        return next(row for row in self.systems.rows(Info.TABLE) if row[Info.RECORD] == record.id)

    def written(self) -> tuple[int, int]:
        """How much was written so far: in Dataverse, and in Spotler."""
        return len(self.systems.written()), self.systems.last_effect()

    def calls(self, what: str) -> int:
        """How many calls were made whose name has this in it."""
        return sum(what in touch.what for touch in self.wire.touches)

    def tick(self, step: timedelta = STEP) -> None:
        self.time.sleep(step.total_seconds())
        self.systems.sandbox.world.clock.set(self.time.now() + self.ahead)

    def now(self) -> datetime:
        return self.time.now().astimezone(UTC)

    def _emit(self, **event: object) -> None:
        emit(self.systems.sandbox.world, json.dumps({"events": [event]}).encode())


def column_of(table: str, name: str) -> str:
    """The column that stands for one of contacts."""
    return _OF_ACCOUNTS.get(name, name) if table == Account.TABLE else name


def path_of(record: RecordRef) -> str:
    """The row in the Web API."""
    return f"{RECORD_TABLES[record.table].set_name}({record.id})"
