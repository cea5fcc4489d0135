"""What people order on the command line: a plan and its application, and an undo. A command that failed is repeated."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.names import Flags
from connector.errors import Transient
from connector.mapping import mapping_version
from connector.mapping.model import TABLES
from connector.plans.applying import Applied, apply_plan
from connector.plans.file import Header, read_header, read_lines, write_plan
from connector.plans.making import PlanMaker, PlannedRecord
from connector.plans.sending import send
from connector.plans.undoing import Undone, undo
from connector.services import Services
from connector.sync.all_records import all_records
from connector.sync.old_values import begun
from connector.sync.records import RecordReader
from connector.sync.results import NotSent

#: The run that is undone.
RUN: Final = "20260101t000000-updates-000001"


def no_pause(_seconds: float) -> None:
    """A plan is made again when its work is repeated."""


def plan_and_apply(services: Services) -> None:
    """Make a plan of everything and apply it, until nothing is left of it.

    Raises:
        Transient: something was left; the next plan has it.
    """

    def planned(maker: PlanMaker) -> Iterator[PlannedRecord]:
        for table in TABLES:
            yield from maker.records(table, seen=lambda _: None)

    with TemporaryDirectory() as folder:
        file = Path(folder) / "plan.jsonl"
        header = Header("here", mapping_version(services.mapping), services.now().isoformat(), asked=True)
        with closing(write_plan(file, header, planned(PlanMaker(services, pause=no_pause)))) as written:
            problems = [each.problem for each in written if each.problem]
        run = begun(services, "plan-apply")
        pause = services.dataverse._transport._clock.sleep
        outcomes = list(
            apply_plan(run, read_lines(file), asked=read_header(file).asked, seen=lambda _: None, pause=pause)
        )
    if problems or any(each.applied is not Applied.DONE for each in outcomes):
        raise Transient("The plan was not done as a whole.")


def plan_apply_and_sync(services: Services) -> None:
    """The same, and the next sync of those who may not be mailed.

    A plan has nothing to say about a contact that has left Spotler already; the next sync notes on Spotler Info that it
    is gone, where the plan that took it out could not.

    Raises:
        Transient: something was left.
    """
    plan_and_apply(services)
    refusing = filters.eq(Flags.DO_NOT_EMAIL, True)
    refs = [ref for table in TABLES for ref in all_records(services.dataverse, table, refusing)]
    records = RecordReader(services).read(refs)
    if any(isinstance(each, NotSent) for each in send(services, list(records.values())).values()):
        raise Transient


def undo_run(services: Services) -> None:
    """Undo that run.

    Raises:
        Transient: a value is not as it was before.
    """
    left = [each.undone for each in undo(services, RUN, seen=lambda _: None)]
    if any(each not in (Undone.RESTORED, Undone.ALREADY, Undone.CONSENT) for each in left):
        raise Transient("The undo was not done as a whole.")
