"""Many rows of one table in one call: CreateMultiple, UpdateMultiple, UpsertMultiple.

    rows ─► waves (no key twice in one call) ─► parts ─► bulk call ─┬─ done ───────────────────► every row ok
                                                                    └─ refused: nothing was done
                                                                          ─► the rows one by one in a batch ─► one
                                                                             result per row

On standard tables a bulk call is all or nothing, so one bad row would harm its neighbours without the second step.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Protocol

from connector.dataverse.api.batch import BatchRequest, BatchResponse, tagged
from connector.dataverse.api.errors import not_dataverse
from connector.dataverse.api.portions import in_parts
from connector.dataverse.api.rows import Row, TableNames, address
from connector.errors import ConnectorError, Misconfigured, Refused


@dataclass(frozen=True, slots=True)
class Keyed:
    """The changes to one row: its id, or an alternate key as `filters.key` writes it, and its new values."""

    key: str
    values: Row


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one row.

    Attributes:
        key: the given one, or the id of the created row.
        error: what went wrong, or None.
    """

    key: str
    error: ConnectorError | None = None

    @property
    def ok(self) -> bool:
        """Whether the row is written."""
        return self.error is None


class RowCalls(Protocol):
    """What this module needs of the client."""

    def act(self, path: str, body: Mapping[str, object], *, repeatable: bool) -> Mapping[str, object]:
        """Call an action."""

    def batch(self, requests: Sequence[BatchRequest]) -> list[BatchResponse]:
        """Send requests in one call."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One row on its way: its place in the result, its form in the bulk call, and alone in a batch."""

    place: int
    key: str
    target: Row
    alone: BatchRequest


@dataclass(frozen=True, slots=True)
class Bulk:
    """Writes rows of one table.

    Attributes:
        calls: the client.
        table: names of the table.
        size: rows in one call.
    """

    calls: RowCalls
    table: TableNames
    size: int

    def create(self, rows: Sequence[Row]) -> list[WriteResult]:
        """Create rows; after a lost answer this is never repeated (`Unclear`)."""
        items = [
            _Item(place, "", self._target(row), BatchRequest.create(self.table.SET, row))
            for place, row in enumerate(rows)
        ]
        return self._write("CreateMultiple", items, repeatable=False)

    def update(self, changes: Sequence[Keyed]) -> list[WriteResult]:
        """Change rows that exist."""
        return self._write("UpdateMultiple", self._keyed(changes, BatchRequest.update), repeatable=True)

    def upsert(self, changes: Sequence[Keyed]) -> list[WriteResult]:
        """Change rows, or create them where they do not exist."""
        return self._write("UpsertMultiple", self._keyed(changes, BatchRequest.upsert), repeatable=True)

    def _keyed(self, changes: Sequence[Keyed], alone: Callable[[str, str, Row], BatchRequest]) -> list[_Item]:
        return [
            _Item(
                place,
                change.key,
                self._target(change.values, self._key(change.key)),
                alone(self.table.SET, change.key, change.values),
            )
            for place, change in enumerate(changes)
        ]

    def _key(self, key: str) -> dict[str, object]:
        """An alternate key is given as an address, an id as a column."""
        return {"@odata.id": address(self.table.SET, key)} if "=" in key else {self.table.ID: key}

    def _target(self, values: Row, key: Row | None = None) -> Row:
        return {"@odata.type": f"Microsoft.Dynamics.CRM.{self.table.TABLE}", **(key or {}), **values}

    def _write(self, action: str, items: Sequence[_Item], *, repeatable: bool) -> list[WriteResult]:
        def send(part: Sequence[_Item]) -> list[tuple[int, WriteResult]]:
            results = self._together(action, part, repeatable=repeatable) if len(part) > 1 else self._apart(part)
            return [(item.place, result) for item, result in zip(part, results, strict=True)]

        placed = in_parts(
            (part for wave in _waves(items) for part in batched(wave, self.size, strict=False)),
            send,
            lambda item, error: (item.place, WriteResult(item.key, error)),
        )
        return [result for _, result in sorted(placed, key=lambda pair: pair[0])]

    def _together(self, action: str, part: Sequence[_Item], *, repeatable: bool) -> list[WriteResult]:
        try:
            answer = self.calls.act(
                tagged(f"{self.table.SET}/Microsoft.Dynamics.CRM.{action}"),
                {"Targets": [item.target for item in part]},
                repeatable=repeatable,
            )
        except (Refused, Misconfigured):  # Misconfigured also where the table has no such message
            return self._apart(part)
        if repeatable:  # the rows have keys; an update answers nothing, an upsert may name the rows
            return [WriteResult(item.key) for item in part]
        ids = answer.get("Ids")
        if not isinstance(ids, list) or len(ids) != len(part):
            raise not_dataverse(f"POST {self.table.SET}/{action}", repeatable=False)
        return [WriteResult(str(row_id)) for row_id in ids]

    def _apart(self, part: Sequence[_Item]) -> list[WriteResult]:
        answers = self.calls.batch([item.alone for item in part])
        return [
            WriteResult(item.key or answer.created_id, answer.error) for item, answer in zip(part, answers, strict=True)
        ]


def _waves(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """The items in as many groups as the most frequent key occurs; later changes of a row come in later groups."""
    waves: list[list[_Item]] = []
    seen: dict[str, int] = {}
    for item in items:
        wave = seen.get(item.key.lower(), 0) if item.key else 0
        if item.key:
            seen[item.key.lower()] = wave + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(item)
    yield from waves
