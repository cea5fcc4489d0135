"""Spotler's audience as a model, a list that changes, and a process that dies at any touch of a system."""

import itertools
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

from connector.spotler import MembershipResult
from connector.spotler.errors import error_for
from connector.spotler.models import Audience
from connector.sync.lists import changing, steps
from connector.sync.lists.contacts import SyncedMembers
from connector.sync.lists.ids import text_of
from connector.sync.lists.reading import ListRow
from connector.sync.lists.run import Phase
from connector.sync.lists.steps import ListSync
from tests.memory_state import MemoryState

LIST = str(UUID(int=1))


def person(number: int) -> bytes:
    """The id of somebody; ids do not sort as the numbers do."""
    return UUID(int=(number * 7919 % 997) << 64).bytes


class Dies(BaseException):
    """The process is killed."""


class Touches:
    """Counts the touches of systems, and kills the process at one of them, before or after its effect."""

    def __init__(self) -> None:
        self.count = 0
        self.deaths: dict[int, bool] = {}

    def __call__(self, work, *arguments, **options):
        self.count += 1
        after = self.deaths.pop(self.count, None)
        if after is False:
            raise Dies
        result = work(*arguments, **options)
        if after is True:
            raise Dies
        return result


class DyingState(MemoryState):
    """A state whose writes are touches."""

    def __init__(self, touch: Touches) -> None:
        super().__init__()
        self._touch = touch

    def take_over(self, other):
        """Hold what another one holds."""
        self._values, self._versions = dict(other._values), itertools.count(len(other._values) + 10**6)

    def write(self, name, value, *, version):
        return self._touch(super().write, name, value, version=version)

    def delete(self, name):
        return self._touch(super().delete, name)


class ModelAudiences:
    """The calls about audiences, of an account that has one list."""

    def __init__(self, touch: Touches) -> None:
        self._touch = touch
        self.name: str | None = None
        self.members: set[str] = set()
        self.added: list[frozenset[str]] = []
        self.removed: list[frozenset[str]] = []
        self.unknown: set[str] = set()
        #: Whether a call was sent more than once before it was answered.
        self.is_repeated = False

    def get(self, external_id):
        return None if self.name is None else Audience(external_id, self.name, "")

    def create(self, _id, name):
        def effect():
            self.name = name

        self._touch(effect)

    update = create

    def delete(self, _id):
        def effect():
            was_there, self.name = self.name is not None, None
            self.members.clear()
            return was_there

        return self._touch(effect)

    def add_members(self, _id, contacts):
        def effect():
            self._require()
            known = [each for each in contacts if each not in self.unknown]
            self.added.append(frozenset(known))
            self.members |= set(known)
            unknown = tuple(each for each in contacts if each in self.unknown)
            return MembershipResult(tuple(known), unknown, self.is_repeated)

        return self._touch(effect)

    def remove_members(self, _id, contacts):
        def effect():
            self._require()
            assert contacts
            self.removed.append(frozenset(contacts))
            self.members -= set(contacts)
            return MembershipResult(tuple(contacts), is_repeated=self.is_repeated)

        return self._touch(effect)

    def remove_all(self, _id):
        def effect():
            self._require()
            self.removed.append(frozenset(self.members))
            self.members.clear()
            return self.is_repeated

        return self._touch(effect)

    def _require(self):
        if self.name is None:
            raise error_for("RESOURCE_NOT_FOUND")


class ModelList:
    """A list of people, some of whom may not be sent, read in pages."""

    def __init__(self, page: int) -> None:
        self.page = page
        self.people: list[bytes] = []
        self.silent: set[bytes] = set()
        #: Whom a page shows as somebody who may not be sent; of others only the record says so.
        self.seen_silent: set[bytes] = set()
        self.missed: set[bytes] = set()
        #: Who has a new contact since the last run.
        self.remade: set[bytes] = set()

    @property
    def wanted(self) -> set[str]:
        return {text_of(each) for each in self.people if each not in self.silent}

    # What reads it

    def read(self, run, _kept_out):
        shown = [each for each in self.people if each not in self.missed]
        start = run.pages * self.page
        rows = shown[start : start + self.page]
        run.pages += 1
        run.rows += len(rows)
        found: dict[str, list[bytes]] = {}
        for each in rows:
            verdict = "" if each not in self.silent else "no address" if each in self.seen_silent else "doubt"
            found.setdefault(verdict, []).append(each)
        return found, start + self.page < len(shown)

    def kept_out(self):
        return frozenset()

    def made_since(self, _moment):
        return frozenset(self.remade)

    def absent(self, members):
        return [each for each in members if each not in self.people]

    def refs(self, members):
        return (SimpleNamespace(table="contact", id=text_of(each)) for each in members)

    def sync(self, _services, refs, _check_time, **_options):
        result = SyncedMembers()
        silent = {text_of(each) for each in self.silent}
        for ref in refs:
            if ref.id in silent:
                result.left_out[ref.id] = "no address"
            else:
                result.there.append(ref.id)
        return result


class Nights:
    """An account with one list that is synced night after night."""

    def __init__(self, monkeypatch, *, page=3, block=2, step=4, share=1.0, least=20) -> None:
        self.touch = Touches()
        self.state = DyingState(self.touch)
        self.audiences = ModelAudiences(self.touch)
        self.list = ModelList(page)
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.services = SimpleNamespace(
            settings=SimpleNamespace(
                list_page=page, list_block=block, list_step=step, brake_share=share, brake_least=least
            ),
            spotler=SimpleNamespace(audiences=self.audiences),
            state=self.state,
            now=lambda: self.now,
        )
        monkeypatch.setattr(steps, "ListReader", lambda *_: self.list)
        monkeypatch.setattr(steps, "show_synced", lambda *_, **__: None)
        monkeypatch.setattr(changing, "sync_members", self.list.sync)
        self.jobs = 0
        self.deaths = 0
        #: Of a dynamic list.
        self.query: str | None = None

    def take_over(self, other):
        """Be where another account is."""
        self.state.take_over(other.state)
        self.now, self.jobs = other.now, other.jobs
        for name in ("audiences", "list"):
            held = {key: deepcopy(value) for key, value in vars(getattr(other, name)).items() if key != "_touch"}
            vars(getattr(self, name)).update(held)

    def night(self, deaths=(), *, lives=100, on_death=lambda: None, after_days=1):
        """One job, until it is over or has died so often; returns its run, or None where it was given up."""
        self.now += timedelta(days=after_days)
        self.jobs += 1
        job = f"job {self.jobs}"
        self.touch.count = 0
        self.touch.deaths = dict(deaths)
        self.deaths = 0
        for _ in range(1000):
            try:
                run = self._step(job)
            except Dies:
                self.deaths += 1
                self.now += timedelta(minutes=6)
                if self.deaths >= lives:
                    return None
                on_death()
                continue
            if run.phase is Phase.OVER:
                return run
        raise AssertionError("it does not end")

    def again(self):
        """Another worker does the rest of the same job."""
        while self.step().phase is not Phase.OVER:
            pass

    def begin(self, *, steps):
        """Another job, with so many steps; returns whether it is over."""
        self.now += timedelta(days=1)
        self.jobs += 1
        return any(self.step().phase is Phase.OVER for _ in range(steps))

    def step(self):
        """One more step of the last job."""
        return self._step(f"job {self.jobs}")

    def _step(self, job):
        row = ListRow(LIST, "Friends", "contact", self.query, is_active=True)
        return ListSync(self.services, row, "Friends", lambda: None).step(job)
