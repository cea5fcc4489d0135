"""Set-up and removal with a fault at one of their writes: a correct state or a clear refusal, and nothing made twice.

Most deaths are exceptions that nothing catches, in this process; a few are a real kill -9. A sample of all faults is in
the usual run; every one is in the nightly run.
"""

import json
import random
import signal
import subprocess
import sys
from dataclasses import asdict

import pytest
import requests

from connector.errors import Transient, Unclear
from connector.setup.component import full_name
from connector.setup.components import components
from connector.setup.errors import SetupIncomplete, SetupPlanOutdated, SetupRefused
from sandbox.dataverse.server import running
from tests.faults.setup_killed import door
from tests.setup_world import SMALL, Death, SetupWorld, named

PARTS = named(*SMALL)
EVERYTHING = [full_name(each) for each in PARTS if not each.part_of]
#: How many faults the usual run picks of all, by chance that can be repeated.
SAMPLE = 3
#: The writes of an uninterrupted run of `PARTS`; the last test counts them.
WRITES = {"apply": 18, "remove": 8}


@pytest.fixture(scope="module")
def empty():
    return SetupWorld()


@pytest.fixture
def world(empty):
    """Nothing is installed."""
    world = empty.fresh()
    world.parts = PARTS
    return world


@pytest.fixture
def installed(world):
    world.applied()
    world.environment.clock.move(60)
    world.sent.clear()
    return world


def faults(work):
    """Every fault at every write of a run; all but a sample only in the nightly run."""
    every = [
        (kind, number)
        for kind in ("death before", "death after", "lost answer", "lock", "second administrator")
        for number in range(1, WRITES[work] + 1)
    ]
    sample = random.Random(work).sample(every, SAMPLE)  # noqa: S311 - chance that can be repeated
    return [
        pytest.param(*each, id=f"{each[0]}-{each[1]}", marks=[] if each in sample else [pytest.mark.nightly])
        for each in every
    ]


def strike(world, kind, number, second):
    """Let something happen at a write; `second` is what another administrator does."""
    world.before = world.after = lambda *_: None

    def before(now, _method, _path):
        if now != number:
            return
        world.before = lambda *_: None
        if kind == "death before":
            raise Death
        if kind == "lock":
            world.environment.customizing.lock.begin_foreign("Import", 25)
        if kind == "second administrator":
            second()

    def after(now, _method, _path):
        if now != number or kind not in ("death after", "lost answer"):
            return
        world.after = lambda *_: None
        raise Death if kind == "death after" else requests.ConnectionError

    world.before, world.after = before, after


def carried_out(run):
    """Run to the end; an administrator starts again after a death, and after a refusal that says what to do."""
    for _ in range(3):
        try:
            return run()
        except (Death, Unclear, Transient, SetupRefused, SetupIncomplete, SetupPlanOutdated):
            continue
    return run()


def made_twice(world):
    """What was asked for twice: no component of ours has another one of its kind and name."""
    names = [(row["uniquename"],) for table in ("publisher", "solution") for row in world.rows(table)]
    return len(names) - len(set(names))


@pytest.mark.parametrize(("kind", "number"), faults("apply"))
def test_a_set_up_ends_as_the_manifest_says_whatever_happens_at_one_of_its_writes(world, kind, number):
    strike(world, kind, number, second=lambda: world.applied(calls=world.administrator()))

    carried_out(world.applied)
    written = len(world.sent)
    world.applied()

    assert world.planned().writes == ()
    assert world.planned().refusals == ()
    assert made_twice(world) == 0
    assert len(world.sent) == written


@pytest.mark.parametrize(("kind", "number"), faults("remove"))
def test_a_removal_ends_with_nothing_of_ours_whatever_happens_at_one_of_its_writes(installed, kind, number):
    strike(installed, kind, number, second=lambda: installed.removed(*EVERYTHING))

    carried_out(lambda: installed.removed(*EVERYTHING))
    written = len(installed.sent)
    installed.removed(*EVERYTHING)

    assert installed.removal().components == ()
    assert not any(name.startswith("dh_") for name in installed.environment.customizing.parts.definitions.tables)
    assert len(installed.sent) == written


def test_the_numbers_of_writes_are_those_of_an_uninterrupted_run(world):
    world.applied()
    applied = len(world.sent)
    world.environment.clock.move(60)
    world.removed(*EVERYTHING)

    assert {"apply": applied, "remove": len(world.sent) - applied} == WRITES


@pytest.mark.nightly
def test_the_whole_manifest_is_set_up_by_runs_that_each_die_after_one_write(empty):
    """Each of them begins anew, so that every state between two writes is planned from, and gone on from."""
    world = empty.fresh()
    world.parts = components()
    deaths = 0

    def die(*_):
        raise Death

    while True:
        world.after = die
        try:
            report = world.applied()
        except Death:
            deaths += 1
            continue
        break

    assert report.writes == 0
    assert deaths > len(world.parts)
    assert len(set(world.sent)) >= len(world.parts) - 20  # publications are asked for again
    assert world.planned().writes == ()


# A real kill -9


@pytest.fixture(scope="module")
def process():
    """The stand-in as a process: it outlives who is killed."""
    with running("--empty", "--no-limits") as ready:
        yield ready


def run(ready, *arguments):
    return subprocess.run(  # noqa: S603 - the command stands here
        [sys.executable, "-m", "tests.faults.setup_killed", json.dumps(asdict(ready)), *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_a_set_up_that_is_killed_is_completed_by_the_next_process(process):
    killed = run(process, "apply", "after", "4")
    done = run(process, "apply")

    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["done"][0] == "table dh_marketinginteraction"  # the other one was made before


@pytest.mark.nightly
def test_a_removal_that_is_killed_is_completed_by_the_next_process(process):
    door(process, "reset", {})
    assert run(process, "apply").returncode == 0
    door(process, "clock", {"move_seconds": 60})
    killed = run(process, "remove", "before", "3")
    removed = run(process, "remove")
    again = run(process, "remove")

    assert killed.returncode == -signal.SIGKILL
    assert removed.returncode == 0, removed.stderr
    assert json.loads(removed.stdout)["done"][-1] == "publisher dhconnector"
    assert json.loads(again.stdout) == {"done": [], "writes": 0}
