"""Visitors of a website: who visited, whom Dataverse knows of them, and the pull until its queue is empty."""

import json
import uuid
from datetime import timedelta

from connector.dataverse.names import Account, Visitor
from connector.errors import Transient
from connector.pulls.visitors import read_visitors
from connector.services import Services
from sandbox.leads.fixtures import add_visitors, add_visits
from tests.faults.matrix.actors import MatrixCast
from tests.faults.matrix.day import Timer
from tests.faults.matrix.stage import Stage

#: How long ago everybody visited.
BEFORE = timedelta(hours=1)
_NAMES = ("matched", "new", "known", "set-aside", "long-gone")


def companies(cast: MatrixCast) -> None:
    """An account that a visitor is matched to, and visitors that are there: one of them was set aside."""
    cast.row(Account.TABLE, Account.ID, **{Account.NAME: "matched", Account.WEBSITE: "https://www.matched.example"})
    for name, state in (("known", 0), ("set-aside", 1)):
        values = {Visitor.EXTERNAL_ID: _id(name), Visitor.NAME: name, Visitor.STATE: state, Visitor.STATUS: state + 1}
        cast.row(Visitor.TABLE, Visitor.ID, **values)


def on_the_website(stage: Stage) -> None:
    """Everybody visits the website; the last one did so long before the first reading begins."""
    store, now = stage.cast.systems.leads.store, stage.cast.systems.leads.now()
    given = [
        {
            "id": _id(name),
            "name": name,
            "score": 10 * number,
            "company": {"domain": f"{name}.example"},
            "last_visit": (now - (timedelta(days=9) if name == "long-gone" else BEFORE)).isoformat(),
        }
        for number, name in enumerate(_NAMES)
    ]
    add_visitors(store, json.dumps({"visitors": given}).encode())
    views = [
        {"visitor": _id(name), "link": f"{name}-{number}", "title": f"{name} {number}",
         "visited": (now - timedelta(days=10)).isoformat()}
        for name in (*_NAMES, "stranger")
        for number in range(2)
    ]  # fmt: skip
    add_visits(store, json.dumps({"visits": views}).encode())


def read_all(cast: MatrixCast) -> Timer:
    """The timer, again until nothing waits: what was handed out and not acknowledged comes again after a while."""

    def read(services: Services) -> None:
        read_visitors(services)
        if cast.systems.leads.store.unacknowledged:
            raise Transient("Page views wait to be handed out again.")

    return read


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
