"""The run of one job over one list, as the pieces of its steps work with it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from connector.errors import Refused
from connector.services import Services
from connector.sync.lists.errors import AudienceGone, ListStateLost
from connector.sync.lists.ids import each_of, packed, unpacked
from connector.sync.lists.reading import ListReader, ListRow
from connector.sync.lists.run import ListRun, Phase
from connector.sync.lists.stored import ListState

_MISSING: Final = "RESOURCE_NOT_FOUND"


@dataclass(slots=True)
class RunHandle:
    """A run, its list, and what its pieces need.

    Attributes:
        services: the systems.
        row: the list.
        reader: of its members.
        check_time: raises when no further call may be begun.
        state: the values of the list.
        number: of the run.
        run: where it stands.
    """

    services: Services
    row: ListRow
    reader: ListReader
    check_time: Callable[[], None]
    state: ListState = field(init=False)
    number: int = 0
    run: ListRun = field(default_factory=lambda: ListRun("", ""))
    _version: str | None = None

    def __post_init__(self) -> None:
        self.state = ListState(self.services.state, self.row.id)

    def begin(self, job: str, ordered_on: datetime | None) -> None:
        """Go on with the run of the job, or begin one.

        Raises:
            StateConflict: another worker goes on with the run before.
        """
        numbers, now, query = self.state.runs(), self.services.now(), self.row.fingerprint
        self.number = numbers[-1] if numbers else 0
        found = self.state.run(self.number) if numbers else None
        if found is not None and found[0].goes_on(job, query=query, ordered_on=ordered_on, now=now):
            self.run, self._version = found
            return
        self.give_up()  # where a worker still has the run before, because its job was ended, it writes nothing any more
        self.number += 1
        self.run, self._version = ListRun(job, now.isoformat(), query=query), None
        self.save()

    def save(self) -> None:
        """Write where the run stands.

        Raises:
            StateConflict: another worker goes on with it.
        """
        self.run.touched = self.services.now().isoformat()
        self._version = self.state.save(self.number, self.run, self._version)

    def give_up(self) -> None:
        """The next run begins anew, from what was sent so far."""
        found = self.state.run(self.number)
        if found is not None and found[0].phase is not Phase.OVER:
            found[0].job = ""
            self._version = self.state.save(self.number, *found)

    def put(self, kind: str, place: int, **members: Iterable[bytes]) -> None:
        """Write members of this run."""
        self.state.put(self.number, kind, place, {name: packed(each) for name, each in members.items()})

    def get(self, kind: str, place: int) -> list[bytes]:
        """Members that an earlier piece wrote."""
        return self.get_all(kind, place, "ids")[0]

    def get_all(self, kind: str, place: int, *names: str) -> list[list[bytes]]:
        """Several kinds of members of one value.

        Raises:
            ListStateLost: the value cannot be read any more.
        """
        value = self.state.get(self.number, kind, place)
        return [list(each_of(_bytes(value.get(name)))) for name in names]

    def pages(self) -> Iterator[tuple[str, bytes]]:
        """The members of all pages that were read, by what their page says of them; raises as `get_all` does."""
        for place in range(self.run.pages):
            page = self.state.get(self.number, "page", place)
            yield from ((verdict, _bytes(members)) for verdict, members in page.items())

    def all_of(self, kind: str, places: int) -> Iterator[bytes]:
        """The members of so many values of a kind, one value after the other."""
        for place in range(places):
            yield from self.get(kind, place)

    @contextmanager
    def audience_there(self) -> Iterator[None]:
        """Somebody may delete the audience in Spotler meanwhile.

        Raises:
            AudienceGone: somebody has; the run is given up.
        """
        try:
            yield
        except Refused as refusal:
            if refusal.result_code != _MISSING:
                raise
            self.give_up()
            raise AudienceGone from None


def _bytes(value: object) -> bytes:
    try:
        return unpacked(value)
    except ValueError:
        raise ListStateLost from None
