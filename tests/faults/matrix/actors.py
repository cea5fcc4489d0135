"""Who and what a work is about: the cast of a kill point, with consent, and what all works have in common."""

import random
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from connector.dataverse.choices import AutomationKind, ConsentCause
from connector.dataverse.names import (
    Account,
    Automation,
    Consent,
    Contact,
    EnvironmentVariable,
    Flags,
    Job,
    Lead,
    ListMember,
    Permission,
    lookup_value,
)
from connector.dataverse.records import RECORD_TABLES, RecordRef
from sandbox.sample_setup import PERMISSIONS_DEFINITION
from sandbox.spotler import seed as account
from tests.faults.kill_points.cast import Cast, Row, Shared
from tests.faults.matrix.day import services_on
from tests.faults.matrix.systems import Door, Systems
from tests.faults.matrix.wire import TouchedBus, Wire

#: The permission that everybody in a work has agreed to.
NEWSLETTER: Final = "Newsletter"
#: When they did, before the work.
AGREED_BEFORE: Final = timedelta(days=7)
_HISTORY_OF: Final = {
    Contact.TABLE: Consent.CONTACT_NAVIGATION,
    Lead.TABLE: Consent.LEAD_NAVIGATION,
    Account.TABLE: Consent.ACCOUNT_NAVIGATION,
}
_PERMISSION_OF: Final = {
    Contact.TABLE: Permission.CONTACT_NAVIGATION,
    Lead.TABLE: Permission.LEAD_NAVIGATION,
    Account.TABLE: Permission.ACCOUNT_NAVIGATION,
}


class MatrixCast(Cast):
    """The cast of a kill point, in which everybody has agreed to the newsletter, on both sides."""

    def __init__(self, name: str, slug: str, chance: random.Random, systems: Systems, wire: Wire) -> None:
        client = services_on(systems, wire, TouchedBus(wire)).spotler
        super().__init__(name, slug, chance, shared_rows()[0], client, Door(systems))
        self.systems = systems
        self.start = wire.time.now()
        #: Those who may not be mailed, and those who may not get the newsletter, from the beginning.
        self.without_mail: set[str] = set()
        self.without_newsletter: set[str] = set()
        self.people: dict[str, RecordRef] = {}
        self.permission_rows: dict[str, str] = {}
        #: What people do: method, path and body of calls to Dataverse.
        self.acts: list[tuple[str, str, Row]] = []

    def stranger(self, table: str = "") -> RecordRef:
        """A record that Spotler does not know yet."""
        record = super().stranger(table)
        self.people[record.id] = record
        self.permission_rows[record.id] = self.row(
            Permission.TABLE,
            Permission.ID,
            **{
                Permission.NAME: NEWSLETTER,
                Permission.SUBSCRIBED: True,
                f"{_PERMISSION_OF[record.table]}@odata.bind": f"/{RECORD_TABLES[record.table].set_name}({record.id})",
            },
        )
        lookup = {f"{_HISTORY_OF[record.table]}@odata.bind": f"/{RECORD_TABLES[record.table].set_name}({record.id})"}
        self.row(
            Consent.TABLE,
            Consent.ID,
            **{
                Consent.NAME: f"{NEWSLETTER}: on",
                Consent.RECORD: record.id,
                Consent.RECORD_TABLE: record.table,
                Consent.PERMISSION: NEWSLETTER,
                Consent.AFTER: True,
                Consent.ON: (self.start - AGREED_BEFORE).strftime("%Y-%m-%dT%H:%M:%SZ"),
                Consent.SOURCE: ConsentCause.PERSON.value,
                Consent.KEY: record.id,
                **lookup,
            },
        )
        return record

    def known(
        self, table: str = "", *, tags: Mapping[str, int | None] | None = None, **properties: object
    ) -> RecordRef:
        """A record that was sent to Spotler before."""
        on = [{"bit": account.NEWSLETTER_BIT, "enabled": True}]
        return super().known(table, tags=tags, **{"permissions": on, **properties})

    def refusing_mail(self) -> RecordRef:
        """A known record that has got Do Not Email since."""
        record = self.known()
        self.change(record, {Flags.DO_NOT_EMAIL: True})
        self.without_mail.add(record.id)
        return record

    def refusing_newsletter(self) -> RecordRef:
        """A known record whose permission was taken away since."""
        record = self.known()
        row = self.permission_rows[record.id]
        self._change(Permission.TABLE, Permission.ID, row, {Permission.SUBSCRIBED: False})
        self.without_newsletter.add(record.id)
        return record

    def change(self, record: RecordRef, columns: Row) -> None:
        """The row of a record has these columns too."""
        self._change(record.table, RECORD_TABLES[record.table].id_column, record.id, columns)

    def leave_out(self, record: RecordRef) -> None:
        """Take back a record that is not wanted after all."""
        rows, id_column = self.rows[record.table], RECORD_TABLES[record.table].id_column
        rows[:] = [row for row in rows if row[id_column] != record.id]
        self.rows[Consent.TABLE][:] = [row for row in self.rows[Consent.TABLE] if row[Consent.RECORD] != record.id]
        gone = self.permission_rows.pop(record.id)
        self.rows[Permission.TABLE][:] = [row for row in self.rows[Permission.TABLE] if row[Permission.ID] != gone]
        del self.people[record.id]

    def refusals(self, record: RecordRef) -> list[tuple[str, str, Row]]:
        """What somebody does with a record who does not want the newsletter any more."""
        if row := self.permission_rows.get(record.id):
            return [("PATCH", f"{Permission.SET}({row})", {Permission.SUBSCRIBED: False})]
        member = lookup_value(ListMember.MEMBER)
        joined = [row for row in self.systems.rows(ListMember.TABLE) if row[member] == record.id]
        return [("DELETE", f"{ListMember.SET}({row[ListMember.ID]})", {}) for row in joined]

    def act(self, method: str, record: RecordRef, values: Row) -> None:
        """People do something with a record."""
        self.acts.append((method, f"{RECORD_TABLES[record.table].set_name}({record.id})", values))

    def bounces(self, record: RecordRef, *, times: int = 1, hard: bool = False) -> None:
        """Mails to a record come back, a minute apart, the last one minutes ago."""
        dates = [self.start - timedelta(minutes=number + 10) for number in range(times)]
        event = {"type": "bounce", "externalId": record.id, "hard": hard}
        self._door.post("events", events=[{**event, "date": date.isoformat()} for date in reversed(dates)])

    def engages(self, record: RecordRef, *kinds: str) -> None:
        """Somebody opens and clicks, an hour apart, the last time an hour ago."""
        event = {"externalId": record.id, "mailing": account.MAILING_ID}
        events = [
            {**event, "type": kind, "date": (self.start - timedelta(hours=hours)).isoformat()}
            for hours, kind in enumerate(reversed(kinds), start=1)
        ]
        self._door.post("events", events=events)

    def unknown_contact(self) -> RecordRef:
        """Spotler has a contact for it, and Dataverse has no row."""
        record = RecordRef(Contact.TABLE, str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}/unknown")))
        self._door.contacts({"externalId": record.id, "properties": {"email": f"{record.id}@example.org"}})
        return record

    def forget_jobs(self) -> None:
        """What there is stays, and nobody orders anything."""
        self.rows[Job.TABLE].clear()
        self.orders.clear()
        self._records.clear()

    def _change(self, table: str, id_column: str, row_id: str, columns: Row) -> None:
        next(row for row in self.rows[table] if row[id_column] == row_id).update(columns)


def shared_rows() -> tuple[Shared, dict[str, list[Row]]]:
    """What all works have in common, and its rows."""
    ids = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"shared/{number}")) for number in range(3)]
    kinds = (
        (AutomationKind.AUTOMATION, "🚀 Welcome", account.WELCOME_TRIGGER_CODE, account.WELCOME_AUTOMATION_ID),
        (AutomationKind.CAMPAIGN, "📢 Invoice sent", account.CAMPAIGN_TRIGGER_ID, account.CAMPAIGN_ID),
    )
    automations: list[Row] = [
        {
            Automation.ID: row_id,
            Automation.NAME: name,
            Automation.TRIGGER_CODE: code,
            Automation.AUTOMATION_ID: number,
            Automation.KIND: kind.value,
        }
        for row_id, (kind, name, code, number) in zip(ids, kinds, strict=False)
    ]
    variable: Row = {EnvironmentVariable.ID: ids[2], **PERMISSIONS_DEFINITION}
    return Shared(*ids), {Automation.TABLE: automations, EnvironmentVariable.TABLE: [variable]}
