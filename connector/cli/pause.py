"""`pause` and `resume`: the functions begin nothing for a while, so that a release cuts nothing off."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from connector.cli.output import moment, refuse, say
from connector.cli.rows import dataverse
from connector.dataverse.api import Dataverse, filters
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from connector.settings import StateSettings, load_settings
from connector.state import StateStore, StoredValueUnreadable, state_from
from connector.state.pause import CACHED, MOST, PATIENCE, PAUSE, Pause, read_pause, set_pause
from connector.words import Sentence

#: Minutes after which a pause ends by itself: enough for a release.
MINUTES: Final = 60
MOST_MINUTES: Final = int(MOST.total_seconds() // 60)
#: Seconds after which every instance has read the flag.
SETTLED: Final = CACHED + PATIENCE + 1
#: Seconds between two looks at the jobs.
LOOK: Final = 5.0
#: Looks in a row that must find nothing: between two chunks of a batch nothing is claimed for a moment.
LOOKS: Final = 2
#: Seconds after which `--wait` gives up: twice the longest run of a function.
LONGEST: Final = 1200.0


def pause(
    minutes: Annotated[
        int, typer.Option(help="The pause ends by itself after so many minutes.", min=1, max=MOST_MINUTES)
    ] = MINUTES,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until no job is in hand.")] = False,
) -> None:
    """Let the functions begin nothing until resume: what they get comes back later, and timers stand still."""
    now = datetime.now(UTC)
    state = state_from(load_settings(StateSettings))
    set_to = set_pause(state, now, timedelta(minutes=minutes))
    say(
        Sentence(
            "Paused since {since}, at the latest until {until}. End it with: resume",
            since=moment(set_to.since),
            until=moment(set_to.until),
        )
    )
    if wait:
        with dataverse() as client:
            time.sleep(SETTLED)
            _check_kept(state, set_to)
            _wait(client)


def resume() -> None:
    """End the pause: within seconds timers run again, and within a minute the jobs that waited."""
    state = state_from(load_settings(StateSettings))
    try:
        was = read_pause(state, datetime.now(UTC))
    except StoredValueUnreadable as error:
        say(error.sentence, err=True)
        was = None
    state.delete(PAUSE)
    say(
        Sentence("Resumed; it was paused since {since}.", since=moment(was.since))
        if was
        else Sentence("There was no pause.")
    )


def _check_kept(state: StateStore, ordered: Pause) -> None:
    """See that the pause is still stored as it was ordered, or longer.

    Raises:
        typer.Exit: it is not, with 1.
    """
    stored = state.read(PAUSE)
    if stored is None or Pause.of(PAUSE, stored.value).until < ordered.until:
        refuse(
            "The pause is over already: somebody ended it, or the app did because the clock of this machine is wrong."
        )


def _wait(client: Dataverse) -> None:
    """Wait until the jobs that were begun are over.

    Raises:
        typer.Exit: some are in hand after the longest time, with 1.
    """
    waited, free, said = 0.0, 0, -1
    while True:
        count = _in_hand(client)
        free = free + 1 if count == 0 else 0
        if free >= LOOKS:
            break
        if count and count != said:
            say(Sentence("Jobs in hand: {number}", number=count), err=True)
        said = count
        if waited >= LONGEST:
            refuse(
                Sentence(
                    "Jobs are in hand after {most} minutes: {number}. The pause lasts on; see: job list",
                    most=int(LONGEST / 60),
                    number=count,
                )
            )
        time.sleep(LOOK)
        waited += LOOK
    say("No job is in hand.")


def _in_hand(client: Dataverse) -> int:
    """Jobs that a function works on now: begun, under a lease that has not passed."""
    condition = filters.and_(
        filters.eq(Job.STATUS, JobStatus.IN_PROGRESS),
        filters.ne(Job.CLAIM, None),
        filters.ne(Job.STARTED_ON, None),
        filters.gt(Job.LEASE_UNTIL, datetime.now(UTC)),
    )
    return len(client.query(Job.SET, select=(Job.ID,), filter=condition, top=5000))
