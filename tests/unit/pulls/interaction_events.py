"""Events of mailings in Spotler, and the rows that become of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connector.dataverse.names import Interaction
from connector.pulls.interactions import read_interactions
from connector.spotler.feeds import Feeds
from sandbox.spotler.seed import MAILING_ID


def with_settings(two, **settings):
    two.services = replace(two.services, settings=two.services.settings.model_copy(update=settings))


def opens(two, record, *, mailing=MAILING_ID, ago=timedelta(0), kind="open"):
    two.tick()
    date = (two.now() - ago).isoformat()
    two._emit(type=kind, externalId=record.id, mailing=mailing, date=date)


def read(two):
    two.tick()
    return read_interactions(two.services)


def rows(two):
    return two.systems.rows(Interaction.TABLE)


def of(two, record):
    """What stands about a record: types, newest last."""
    found = [row for row in rows(two) if row.get(f"_{Interaction.CONTACT}_value") == record.id]
    return [row[Interaction.TYPE] for row in sorted(found, key=lambda row: row[Interaction.ON])]


def date_of(two, record, column):
    text = two.info(record).get(column)
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def written(two):
    return len(two.systems.written())


def arm(two, kind, route, **details):
    body = {"faults": [{"kind": kind, "route": f"GET {route}", "count": None, **details}]}
    two.systems.controls.arm(json.dumps(body).encode())


def use_pages(two, size):
    two.services.spotler.feeds = Feeds(two.services.spotler._calls, page_size=size)


def iso(two):
    return two.now().isoformat()


def forget_checkpoints(two):
    """The state is lost, and the next run looks back two days."""
    for name in two.services.state.names("feeds/interactions"):
        two.services.state.delete(name)
    with_settings(two, feed_first_days=2)
