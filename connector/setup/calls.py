"""The calls of the set-up: definitions and rows, below one client of the Web API.

Reads ask for strong consistency, because a definition that was just made is not found otherwise. Writes name our
solution in a header; the platform ignores a header of another name and puts the component into the default solution.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final

from connector.dataverse.api import Dataverse, NotFound, Row, UnknownName
from connector.dataverse.api.answers import mapping_of, rows_of
from connector.dataverse.api.client import API
from connector.dataverse.api.errors import decoded, not_dataverse
from connector.dataverse.api.rows import created_id
from connector.dataverse.schema import Table
from connector.dataverse.schema.reading import read_tables

SOLUTION_HEADER: Final = "MSCRM.SolutionUniqueName"
_STRONG: Final = {"Consistency": "Strong"}
_MERGE: Final = {"MSCRM.MergeLabels": "true"}


class SetupCalls:
    """Reads and writes definitions and rows.

    Attributes:
        writes: how many writes were sent.

    Args:
        dataverse: the client, with a time-out of at least ten minutes, because publishing is slow.
    """

    def __init__(self, dataverse: Dataverse) -> None:
        self.writes = 0
        self._dataverse = dataverse
        self._known: dict[str, str] = {}
        self._done: set[str] = set()

    def once(self, name: str, ask: Callable[[], str]) -> str:
        """What is asked for, or what was found the last time; nothing found (an empty text) is asked for again."""
        known = self._known.get(name) or ask()
        self._known[name] = known
        return known

    def done(self, name: str) -> None:
        """Remember that something was written that cannot be read back."""
        self._done.add(name)

    def has_done(self, name: str) -> bool:
        """Whether it was written in this run."""
        return name in self._done

    def get(self, path: str) -> Row:
        """What is at an address.

        Raises:
            NotFound, UnknownName: nothing is there.
        """
        route = _route(path)
        return mapping_of(self._dataverse.read(path, route, _STRONG), f"GET {route}")

    def find(self, path: str) -> Row | None:
        """What is at an address; None where nothing is."""
        try:
            return self.get(path)
        except (NotFound, UnknownName):
            return None

    def rows(self, path: str) -> list[Row]:
        """The list at an address, with all its pages."""
        page = self.get(path)
        rows, read = rows_of(page, _route(path)), {path}
        while link := str(page.get("@odata.nextLink") or "").partition(f"{API}/")[2]:
            if link in read:
                raise not_dataverse(f"GET {_route(path)}")
            read.add(link)
            page = self.get(link)
            rows += rows_of(page, _route(path))
        return rows

    def some_rows(self, path: str) -> list[Row]:
        """The list at an address that Dataverse never answers empty.

        Raises:
            Transient: it is empty, so it is no answer of Dataverse.
        """
        rows = self.rows(path)
        if not rows:
            raise not_dataverse(f"GET {_route(path)}")
        return rows

    def tables(self, names: Iterable[str]) -> dict[str, Table]:
        """The tables of these names that there are, with the columns that can be read.

        Raises:
            Refused: the user may not read definitions.
        """
        return read_tables(self._dataverse, names)

    def post(self, path: str, body: Mapping[str, object], solution: str = "") -> str:
        """Make something and return its id; an empty solution sends no header.

        Raises:
            Unclear: the answer was lost; it may have been made.
        """
        answer = self._write("POST", path, body, _in(solution), repeatable=False)
        return created_id(answer[1])

    def refer(self, path: str, to: str) -> None:
        """Make a pair in an N:N relationship: `path` ends in `/$ref`, `to` is the address of the other row."""
        body = {"@odata.id": f"{self._dataverse.address}{to}"}
        self._write("POST", path, body, {}, repeatable=False)

    def act(self, name: str, body: Mapping[str, object], solution: str = "") -> Row:
        """Call an action and return what it answers.

        Raises:
            Unclear: the answer was lost; it may have been done.
        """
        content, _ = self._write("POST", name, body, _in(solution), repeatable=False)
        value = decoded(content)
        return value if isinstance(value, dict) else {}

    def put(self, path: str, body: Mapping[str, object], solution: str = "") -> None:
        """Replace a definition; the texts of other languages stay."""
        self._write("PUT", path, body, {**_in(solution), **_MERGE}, repeatable=True)

    def patch(self, path: str, body: Mapping[str, object], solution: str = "", version: str = "*") -> None:
        """Change a row that exists.

        Raises:
            Conflict: it is not of this version (its ETag) any more.
        """
        self._write("PATCH", path, body, {**_in(solution), "If-Match": version}, repeatable=True)

    def delete(self, path: str) -> None:
        """Delete what is at an address; what is gone already is as good."""
        self.writes += 1
        with suppress(NotFound, UnknownName):
            self._dataverse.request("DELETE", path, route=_route(path), repeatable=True)

    def _write(
        self, method: str, path: str, body: Mapping[str, object], headers: Mapping[str, str], *, repeatable: bool
    ) -> tuple[bytes, str]:
        self.writes += 1
        answer = self._dataverse.request(
            method, path, route=_route(path), json=body, headers=headers, repeatable=repeatable
        )
        return answer.content, answer.headers.get("OData-EntityId", "")


def _in(solution: str) -> dict[str, str]:
    return {SOLUTION_HEADER: solution} if solution else {}


def _route(path: str) -> str:
    """The address as it may be logged: names of the manifest, no ids of rows."""
    return path.partition("?")[0]
