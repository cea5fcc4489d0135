"""`job retry`: sets finished jobs back to Queued, as a person does on the form, in growing batches."""

from typing import Annotated, Final

import typer

from connector.cli.job_replay import JobReplayer
from connector.cli.replay import selection
from connector.cli.replay.clock import ReplayClock
from connector.cli.replay.growing import Manner, replay_growing
from connector.cli.rows import dataverse
from connector.servicebus.bus import bus_from
from connector.settings import get_settings

#: Jobs in a second: slower than what the connector can do, so that new jobs do not wait.
RATE: Final = 10.0
#: Seconds: longer than the sweep takes to find a job whose wake-up was lost.
WAIT: Final = 300.0


def retry(
    jobs: Annotated[list[str] | None, typer.Argument(metavar="[JOB]...", help="The ids or numbers of jobs.")] = None,
    ids_file: selection.IdsFile = None,
    code: selection.Codes = None,
    operation: selection.Operations = None,
    since: selection.Since = None,
    before: selection.Before = None,
    everything: Annotated[bool, typer.Option("--all", help="Every Failed job.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also run again what is Completed, or may have been done.")
    ] = False,
    rate: selection.Rate = RATE,
    wait: selection.Wait = WAIT,
    tolerate: selection.Tolerate = 0,
) -> None:
    """Set Failed jobs back to Queued, each on condition that its row did not change meanwhile, in growing batches."""
    chosen = selection.Selection.of(
        jobs, ids_file, codes=code, operations=operation, since=since, before=before, everything=everything
    )
    bus = bus_from(get_settings())
    try:
        with dataverse() as client:
            replayer = JobReplayer(client, bus, force=force)
            replay_growing(replayer.choose(chosen), replayer, Manner(rate, wait, tolerate), ReplayClock())
    finally:
        bus.close()
