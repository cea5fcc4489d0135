"""Record items as the topic delivers them to the automatic sync, and what it puts back."""

from contextlib import closing
from datetime import timedelta

from pydantic import SecretStr

from connector.dataverse.api import BatchRequest, Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import tokens_from
from connector.dataverse.names import Job, MarketingList
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.http import Transport
from connector.routing.record_item import RecordItem
from connector.sync.automatic.changes import sync_changes
from connector.sync.automatic.items import Delivered

SETS = {table: names.set_name for table, names in RECORD_TABLES.items()} | {MarketingList.TABLE: MarketingList.SET}
MISSING = RecordRef("contact", "cccccccc-0000-4000-8000-00000000000f")


class Changes:
    """Lets the automatic sync work on items between a Dataverse and a Spotler."""

    def __init__(self, world):
        self.world = world

    def item(self, record=None, **says) -> RecordItem:
        return RecordItem(**{"record": record, "first_seen": self.world.now} | says)

    def run(self, *items, again=False) -> None:
        """One batch; a record stands for the item of a change."""
        self.world.bus.forget()
        made = [self.item(each) if isinstance(each, RecordRef) else each for each in items]
        bodies = [each if isinstance(each, bytes) else each.body() for each in made]
        sync_changes(self.world.services, [Delivered(body, again=again) for body in bodies])

    def put_back(self) -> list[RecordItem]:
        return [RecordItem.from_body(message.body) for message in self.world.bus.to("spotler-jobs")]

    def go_on(self, **later) -> None:
        """Some time later, what was put back is delivered."""
        items = self.put_back()
        self.world.now += timedelta(**later)
        self.world.time.sleep(timedelta(**later).total_seconds())
        self.run(*items)

    def delete(self, record) -> None:
        """A user deletes a record."""
        request = BatchRequest.delete(SETS[record.table], record.id)
        with closing(self._administrator()) as administrator:
            (answer,) = administrator.batch([request])
        assert answer.error is None

    def _administrator(self) -> Dataverse:
        """A user who may delete records; the connector may not."""
        ready = self.world.ready
        settings = self.world.services.settings.model_copy(
            update={
                "dataverse_client_id": ready.admin_client_id,
                "dataverse_client_secret": SecretStr(ready.admin_client_secret),
            }
        )
        transport = Transport(ready.url + API, system="Dataverse", timeout=10, parallel=1, verify=ready.ca_file)
        return Dataverse(transport, tokens_from(settings, verify=ready.ca_file))

    def failures(self) -> list[dict[str, object]]:
        """The job rows, which nobody has ordered here."""
        return self.world.rows(Job.TABLE)
