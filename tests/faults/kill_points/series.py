"""Many trials, of all operations at the same time: most of a trial is waiting for a lease to pass."""

import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched, count, pairwise
from operator import attrgetter
from typing import Final

from connector.errors import OutcomeUnknown
from tests.faults.kill_points.orders import Trial
from tests.faults.kill_points.scenarios import AT_MOST_ONCE, SCENARIOS
from tests.faults.kill_points.stage import Stage
from tests.faults.kill_points.trial import run_trials

#: Deaths per operation in a sample: more where doing the work twice would do harm.
USUAL: Final = 6
DELICATE: Final = 9
#: How often a death at a certain place is tried.
MOST_TRIES: Final = 5


def sample(stage: Stage, *, seed: int) -> list[Trial]:
    """A run to the end for each operation, and some deaths: after its work, and spread evenly over its touches."""
    return _all(lambda slug: _some_points(stage, slug, seed=seed))


def everything(stage: Stage, *, seed: int) -> list[Trial]:
    """A death at every touch of every operation."""
    return _all(lambda slug: every_point(stage, slug, seed=seed))


def every_point(stage: Stage, slug: str, *, seed: int) -> list[Trial]:
    """One touch after the other, until a process has no further touch to die at: that is how they are numbered."""
    trials: list[Trial] = []
    for points in batched(count(1), SCENARIOS[slug].together, strict=False):
        group = run_trials(stage, slug, points, seed=seed)
        late = [trial.point for trial in group if not trial.was_in_time]
        trials += [trial for trial in group if trial.was_in_time]
        trials += run_trials(stage, slug, late, seed=seed, attempt=2) if late else []
        lives = [trial for trial in trials if not trial.killed]
        if lives:
            end = min(trial.point for trial in lives)
            return sorted((trial for trial in trials if trial.point <= end), key=attrgetter("point"))
    raise AssertionError("unreachable: points are counted without end")


def _some_points(stage: Stage, slug: str, *, seed: int) -> list[Trial]:
    trials = run_trials(stage, slug, [0], seed=seed)
    deaths = DELICATE if slug in AT_MOST_ONCE else USUAL
    touches = trials[0].touches
    points = spread(len(touches), deaths, seed=f"{slug}/{seed}")
    for part in batched(points, SCENARIOS[slug].together, strict=False):
        trials += run_trials(stage, slug, part, seed=seed)
    if slug in AT_MOST_ONCE:
        trials += _between_work_and_receipt(stage, slug, trials[0].touches, seed=seed)
    return trials


def _between_work_and_receipt(stage: Stage, slug: str, touches: Sequence[str], *, seed: int) -> list[Trial]:
    """A death after the last touch of Spotler: the work is done, and no receipt is written.

    On a busy machine a process may run out of time before; then another one tries.
    """
    point = max(number for number, touch in enumerate(touches, start=1) if touch.endswith("at Spotler"))
    for attempt in range(2, MOST_TRIES + 2):
        (trial,) = run_trials(stage, slug, [point], seed=seed, attempt=attempt)
        if any(story.code == OutcomeUnknown.code for story in trial.stories.values()):
            return [trial]
    return []


def spread(touches: int, parts: int, *, seed: str) -> list[int]:
    """One point by chance out of each of `parts` equal parts of 1 … `touches`."""
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    edges = [round(part * touches / parts) for part in range(parts + 1)]
    return [chance.randint(low + 1, high) for low, high in pairwise(edges) if low < high]


def _all(run: Callable[[str], Iterable[Trial]]) -> list[Trial]:
    with ThreadPoolExecutor(len(SCENARIOS)) as pool:
        return [trial for trials in pool.map(run, SCENARIOS) for trial in trials]
