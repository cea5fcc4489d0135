"""The steps of a run over a list: each does some pieces of work, and writes after every piece where the run stands.

| Phase | A piece |
|---|---|
| audience | the audience is there, with the name of the list |
| read | one page of the list is stored |
| compare | the list and the membership become blocks: to add, and to ask about |
| add | the members of a block are synced as contacts, then added |
| ask | members of a block who are not on the list any more are asked for again |
| hold | the brake lets them go, or keeps them all |
| remove | a block is removed |
| keep | the full copy of the membership is written |

A piece that was interrupted is done again. What it may have sent is written before it is sent.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from connector.errors import Invalid, Refused
from connector.services import Services
from connector.sync.brake.lists import ListBrake
from connector.sync.lists.changing import add_block, ask_block, hold, remove_block
from connector.sync.lists.columns import show_synced
from connector.sync.lists.comparing import compare
from connector.sync.lists.errors import ListNameInUse, ListStateLost
from connector.sync.lists.handle import RunHandle
from connector.sync.lists.ids import packed
from connector.sync.lists.reading import ListReader, ListRow
from connector.sync.lists.run import ListRun, Phase
from connector.words import Sentence

#: How long a step begins new pieces: the progress on the job is never older than a minute or two.
LONGEST_STEP: Final = timedelta(seconds=60)
#: What Spotler says of a name that breaks a rule, without saying which.
_NAME_REFUSED: Final = "SPOTLER_AUDIENCE_REFUSED"


class ListSync:
    """Goes on with the run of one job over one list.

    Args:
        services: the systems.
        row: the list.
        name: of the audience.
        check_time: raises when no further call may be begun.

    Raises:
        ListQueryNotValid, ListQueryNotSupported: the query of the list cannot be read in full.
    """

    def __init__(self, services: Services, row: ListRow, name: str, check_time: Callable[[], None]) -> None:
        self._services = services
        self._name = name
        self._work = RunHandle(services, row, ListReader(services, row), check_time)
        self._pieces = {
            Phase.AUDIENCE: self._ensure_audience,
            Phase.READ: self._read,
            Phase.COMPARE: compare,
            Phase.ADD: add_block,
            Phase.ASK: ask_block,
            Phase.HOLD: hold,
            Phase.REMOVE: remove_block,
            Phase.KEEP: _keep,
        }

    def step(self, job: str, ordered_on: datetime | None = None) -> ListRun:
        """Do some pieces; returns the run, which is over or goes on with another step.

        Args:
            job: the id of the job.
            ordered_on: when its row was last written before this attempt; None if that is not known.

        Raises:
            Refused: the list cannot be synced; the run is given up.
            ConnectorError: something that may pass; the next step does the piece again.
        """
        work = self._work
        work.begin(job, ordered_on)
        until = self._services.now() + LONGEST_STEP
        for _ in range(self._services.settings.list_step):
            if work.run.phase is Phase.OVER or self._services.now() >= until:
                break
            work.check_time()
            try:
                self._pieces[work.run.phase](work)
            except (Refused, Invalid, ListStateLost):
                work.give_up()
                raise
            work.run.phase = work.run.following
            work.save()
        return work.run

    @property
    def progress(self) -> Sentence:
        """How far the run is, for people."""
        return self._work.run.progress

    def _ensure_audience(self, work: RunHandle) -> None:
        """What is known of the audience is written before it is made, or used."""
        audiences, run = self._services.spotler.audiences, work.run
        audience = audiences.get(work.row.id)
        with _name_refused():
            if audience is None:
                if not run.is_base or run.is_uncertain:
                    run.is_base, run.is_uncertain = True, False
                    work.save()
                audiences.create(work.row.id, self._name)
            else:
                if work.number == 1 and not run.is_base:
                    run.is_base, run.is_uncertain = True, True
                    work.save()
                if audience.name != self._name:
                    audiences.update(work.row.id, self._name)

    @cached_property
    def _kept_out(self) -> frozenset[str]:
        return self._work.reader.kept_out()

    def _read(self, work: RunHandle) -> None:
        place = work.run.pages
        found, has_more = work.reader.read(work.run, self._kept_out)
        page = {verdict: packed(members) for verdict, members in found.items()}
        work.state.put(work.number, "page", place, page)
        work.run.is_read = not has_more


def _keep(work: RunHandle) -> None:
    work.run.counts["members"] = work.state.keep(work.number)
    work.save()  # a worker that has lost the run to another one says nothing about the list
    ListBrake(work.services, work.row.id).settle()
    show_synced(work.services, work.row.id, is_synced=True)


@contextmanager
def _name_refused() -> Iterator[None]:
    """Spotler does not say which of its rules a name breaks; length and blanks were checked before."""
    try:
        yield
    except Refused as refusal:
        if refusal.result_code not in (_NAME_REFUSED, ListNameInUse.code):
            raise
        raise ListNameInUse from None
