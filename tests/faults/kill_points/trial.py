"""Trials: work is put in place, a process dies of it, another one goes on, until every job has ended.

Several trials of one operation go on together: their processes die one after the other, and one successor takes over
from all of them. Most of the time of a trial is waiting until a lease has passed.
"""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connector.dataverse.names import EnvironmentVariable
from tests.faults.kill_points.cast import Cast
from tests.faults.kill_points.children import Child
from tests.faults.kill_points.evidence import JobEvent, JobStory
from tests.faults.kill_points.orders import Order, Trial
from tests.faults.kill_points.scenarios import AT_MOST_ONCE, SCENARIOS, Scenario
from tests.faults.kill_points.stage import LOOK, Stage
from tests.faults.kill_points.worker import Orders, be_successor, be_victim
from tests.faults.patience import Patience

#: Victims at the same time: more would take each other the processor, and their leases would pass.
_victims = threading.BoundedSemaphore(3)
#: How many calls at a time a victim makes to Spotler; the seed decides.
_PARALLEL: Final = (1, 3)
#: How many jobs a victim has in one chunk: several chunks at the same time, or all jobs in one.
_CHUNK: Final = (2, 100)


@dataclass(frozen=True, slots=True)
class _Dead:
    """What is known of a victim after its end: its touches, and how many writes to each job were seen by then."""

    point: int
    touches: tuple[str, ...]
    killed: bool
    orders: tuple[Order, ...]
    writes: dict[str, int]


def run_trials(stage: Stage, slug: str, points: Sequence[int], *, seed: int, attempt: int = 1) -> list[Trial]:
    """Run the scenario of an operation once for each of these touches, with a process that dies there; 0 lets it live.

    A second trial of the same touch on the same stage is another `attempt`: it needs records of its own.

    Raises:
        AssertionError: when a victim ended in another way than by its work or by its death.
    """
    scenario = SCENARIOS[slug]
    subscriptions = (slug, *scenario.also)
    with stage.alone_with(subscriptions):
        dead = [_live(stage, scenario, point, seed, attempt) for point in points]
        with Child(be_successor, dict(stage.settings), subscriptions):
            events = _wait(stage, frozenset(job for each in dead for job in each.writes))
    return [
        Trial(
            slug=slug,
            repeatable=slug not in AT_MOST_ONCE,
            seed=seed,
            point=each.point,
            touches=each.touches,
            killed=each.killed,
            orders=each.orders,
            stories={job: JobStory.divided(events[job], writes) for job, writes in each.writes.items()},
        )
        for each in dead
    ]


def _live(stage: Stage, scenario: Scenario, point: int, seed: int, attempt: int) -> _Dead:
    """Put the work of one trial in place, and let its victim live as long as it may."""
    # The same for every point.
    chance = random.Random(f"{scenario.slug}/{seed}")  # noqa: S311 - a choice, no secret
    with _victims:
        cast = _set_up(stage, scenario, f"{scenario.slug}/{point}/{seed}/{attempt}", chance)
        items = cast.items(datetime.now(UTC))
        stage.wake(items)
        settings = {**stage.settings, "SPOTLER_PARALLEL": str(chance.choice(_PARALLEL))}
        jobs = frozenset(item.job for item in items)
        orders = Orders(settings, scenario.slug, jobs, point, chunk=chance.choice(_CHUNK))
        with Child(be_victim, orders) as victim:
            touches = tuple(victim.touched())
            killed = victim.was_killed
            assert killed or victim.wait(0) == 0, f"the victim of {scenario.slug} ended by itself: {touches[-1:]}"
    written = stage.jobs.of([order.job for order in cast.orders], fresh=True)
    writes = {job: len(events) for job, events in written.items()}
    return _Dead(point, touches, killed, tuple(cast.orders), writes)


def _set_up(stage: Stage, scenario: Scenario, name: str, chance: random.Random) -> Cast:
    cast = Cast(name, scenario.slug, chance, stage.shared, stage.spotler, stage.door)
    scenario.write(cast)
    if scenario.uses_variable:
        stage.people.update(EnvironmentVariable.SET, stage.shared.variable, {EnvironmentVariable.DEFAULT: name})
    stage.load(cast.ordered_rows)
    return cast


def _wait(stage: Stage, jobs: frozenset[str]) -> dict[str, tuple[JobEvent, ...]]:
    """Until every job has ended, or nothing happens any more; the checker says what is wrong then."""
    patience = Patience()
    while True:
        events = stage.jobs.of(jobs)
        if all(JobStory(each).status.is_final for each in events.values()) or not patience.lasts(events):
            return events
        time.sleep(LOOK)
