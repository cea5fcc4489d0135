"""What happened: every committed write in order, and how many requests it took. For tests; the real API has neither."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from sandbox.dataverse.store import Row
from sandbox.dataverse.values import Json, JsonObject, Scalar, stamp
from sandbox.dataverse.writes import RowEvent

#: Properties that change with every write and would only hide the others.
_NOISE = frozenset({"modifiedon", "_modifiedby_value", "versionnumber"})


class Journal:
    """Keeps committed writes in order."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, str, RowEvent]] = []
        self.last = 0

    def clear(self) -> None:
        """Forget everything; the numbering goes on."""
        self._entries.clear()

    def on_commit(self, events: list[RowEvent]) -> None:
        """Write down what was committed."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        for event in events:
            self.last += 1
            self._entries.append((self.last, moment, event))

    def entries(self, *, after: int = 0, table: str | None = None) -> Iterator[JsonObject]:
        """The entries after a number, oldest first.

        Each has `seq`, `time`, `moment` (when it was in the time of this machine, with milliseconds), `user`, `table`,
        `id`, `message`, `tag`, `cascaded`, and under `changes` for each property that got another value, `from` and
        `to`.
        """
        for number, moment, event in self._entries:
            if number > after and table in (None, event.table):
                yield {
                    "seq": number,
                    "time": stamp(event.time),
                    "moment": moment,
                    "user": event.caller.user.id,
                    "table": event.table,
                    "id": event.row_id,
                    "message": event.message,
                    "tag": event.caller.tag,
                    "cascaded": event.cascaded,
                    "changes": _changes(event),
                }


def _changes(event: RowEvent) -> JsonObject:
    before, after = _values(event.before), _values(event.after)
    names = before.keys() if event.after is None else event.changes.keys()
    return {
        name: {"from": before.get(name), "to": after.get(name)}
        for name in names
        if name not in _NOISE and before.get(name) != after.get(name)
    }


def _values(row: Row | None) -> dict[str, Scalar]:
    return {} if row is None else row.values


class CallCounter:
    """Counts requests by method, what they were about, and the status of the answer."""

    def __init__(self) -> None:
        self._http: Counter[tuple[str, str, int]] = Counter()
        self._inner: Counter[tuple[str, str, int]] = Counter()

    def clear(self) -> None:
        """Count from zero."""
        self._http.clear()
        self._inner.clear()

    def http(self, method: str, path: str, status: int) -> None:
        """An HTTP request was answered; 0 stands for no answer at all."""
        self._http[method, _subject(path), status] += 1

    def inner(self, method: str, path: str, status: int) -> None:
        """A single request within a batch was answered."""
        self._inner[method, _subject(path), status] += 1

    def report(self) -> JsonObject:
        """`total` and `calls` of HTTP requests, and `inner_total` and `inner` of those within batches."""
        return {
            "total": self._http.total(),
            "calls": _rows(self._http),
            "inner_total": self._inner.total(),
            "inner": _rows(self._inner),
        }


def _subject(path: str) -> str:
    """The entity set, or the action: what stands before a key, and after the last slash of an action."""
    head, _, action = path.partition("/Microsoft.Dynamics.CRM.")
    return action or head.partition("(")[0].partition("/")[0]


def _rows(counts: Counter[tuple[str, str, int]]) -> Json:
    return [
        {"method": method, "set": subject, "status": status, "count": count}
        for (method, subject, status), count in sorted(counts.items())
    ]
