"""What happened before a work that goes both ways: a first sync, then changes by people on either side."""

import json
from dataclasses import replace
from typing import Final

from connector.dataverse.names import ListMember, MarketingList, Permission, lookup_value
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.pulls.loop import run_feed
from connector.pulls.updates import Updates
from connector.services import Services
from connector.sync.outward.outward import Outward
from connector.sync.records import RecordReader
from connector.sync.results import Sent
from sandbox.spotler.rules.lifecycle import anonymise
from tests.faults.matrix.actors import MatrixCast
from tests.faults.matrix.app import App
from tests.faults.matrix.day import CellTime, services_on
from tests.faults.matrix.systems import Door, Systems
from tests.faults.matrix.wire import TouchedBus, Wire

#: Seconds between two things that people do: more than the clocks of the systems may differ.
PAUSE: Final = 60.0


def membership(marketing_list: str, record: RecordRef) -> dict[str, object]:
    """The row that says that a record is on a list."""
    return {
        f"{ListMember.LIST}@odata.bind": f"/{MarketingList.SET}({marketing_list})",
        f"{ListMember.MEMBER}_{record.table}@odata.bind": f"/{RECORD_TABLES[record.table].set_name}({record.id})",
    }


class Stage:
    """Both systems before a work, without a fault."""

    def __init__(self, systems: Systems, cast: MatrixCast, time: CellTime, app: App) -> None:
        wire = Wire(systems, time)
        self.services: Services = services_on(systems, wire, TouchedBus(wire), app)
        self.cast = cast
        self._systems = systems
        self._time = time
        self._door = Door(systems)

    def sync(self, but: RecordRef | None = None) -> None:
        """Everybody, but for one, is sent to Spotler, and both systems agree."""
        self._pause()
        records = RecordReader(self.services).read([each for each in self.cast.people.values() if each != but])
        results = Outward(self.services).send(list(records.values()), always=True)
        assert results
        assert all(isinstance(result, Sent) for result in results.values()), results

    def pull(self, run: str) -> None:
        """What changed in Spotler is read, by a run with this id."""
        self._pause()
        services = replace(self.services, run=run)
        run_feed(services, Updates(services))

    def finds_by_address(self) -> None:
        """The account takes contacts with one address for duplicates, as new subscribers need it."""
        self._systems.controls.change_settings(json.dumps({"dedupe": "both"}).encode())

    # What people do in Spotler

    def event(self, kind: str, record: RecordRef, **details: object) -> None:
        """Something happens to a contact."""
        self._pause()
        self._door.post("events", events=[{"type": kind, "externalId": record.id, **details}])

    def profile(self, record: RecordRef, **properties: object) -> None:
        """The person changes the profile."""
        self.event("profile", record, properties=properties)

    def opt_in(self, record: RecordRef, *bits: int) -> None:
        """The person switches permissions on."""
        self.profile(record, permissions=[{"bit": bit, "enabled": True} for bit in bits])

    def lose(self, record: RecordRef) -> None:
        """Somebody anonymises the contact by hand."""
        self._pause()
        world = self._systems.sandbox.world
        anonymise(world, next(each for each in world.contacts if record.id in each.external_ids.values()))

    def subscriber(self, address: str, *bits: int, **other: object) -> None:
        """Somebody has a contact that belongs to no record."""
        self._pause()
        on = [{"bit": bit, "enabled": True} for bit in bits]
        properties = {"email": address, "lastName": "Newcomer", "permissions": on}
        self._door.contacts({"properties": properties, **other})

    # What people do in Dataverse

    def edit(self, record: RecordRef, **columns: object) -> None:
        """Somebody changes a row."""
        self._pause()
        self._systems.by_person("PATCH", f"{RECORD_TABLES[record.table].set_name}({record.id})", columns)

    def delete(self, row: RecordRef) -> None:
        """Somebody deletes a Marketing List."""
        self._systems.by_person("DELETE", f"{MarketingList.SET}({row.id})", {})

    def join(self, marketing_list: str, record: RecordRef) -> None:
        """Somebody puts a person on a list."""
        self._systems.by_person("POST", ListMember.SET, membership(marketing_list, record))

    def leave(self, record: RecordRef) -> None:
        """Somebody takes a person from all lists."""
        for row in self._systems.rows(ListMember.TABLE):
            if row[lookup_value(ListMember.MEMBER)] == record.id:
                self._systems.by_person("DELETE", f"{ListMember.SET}({row[ListMember.ID]})", {})

    def refuse(self, record: RecordRef) -> None:
        """Somebody switches the newsletter off."""
        self._pause()
        path = f"{Permission.SET}({self.cast.permission_rows[record.id]})"
        self._systems.by_person("PATCH", path, {Permission.SUBSCRIBED: False})
        self.cast.without_newsletter.add(record.id)

    def _pause(self) -> None:
        self._time.sleep(PAUSE)
