"""Set-up and removal with a fault at one of their writes: a correct state or a clear refusal, and nothing made twice.

Most deaths are exceptions that nothing catches, in this process; a few are a real kill -9. A sample of all faults is in
the usual run; every one is in the nightly run.
"""

import json
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from itertools import cycle

import pytest

from connector.dataverse.schema.app import SPOTLER_HUB
from connector.setup.components import components
from connector.setup.inputs import SetupInputs
from connector.setup.interface.components import app_components
from connector.setup.plan import Extras
from sandbox.dataverse.server import running
from tests import setup_installed
from tests.faults.setup_faults import carried_out, faults, strike
from tests.faults.setup_killed import door
from tests.setup_world import ENDPOINT, STEPS, Death, SetupWorld, nameable, one_of_each

#: The writes of an uninterrupted run of one component of each kind; a test counts them.
WRITES = {"apply": 70, "remove": 24}


@pytest.fixture(scope="module")
def empty():
    return SetupWorld()


@pytest.fixture
def world(empty):
    """Nothing is installed."""
    world = empty.fresh()
    world.parts = one_of_each(world.form_of_contacts, world.environment.settings.client_id)
    return world


@pytest.fixture
def installed(world):
    return world.once(setup_installed.each)


def made_twice(world):
    """The names that more than one row of a kind has."""
    names = {
        "publisher": "uniquename", "solution": "uniquename", "serviceendpoint": "name", "webresource": "name",
        "sdkmessageprocessingstep": "name", "environmentvariabledefinition": "schemaname", "appaction": "uniquename",
        "role": "name", "systemuser": "applicationid",
    }  # fmt: skip
    counts = Counter((table, row.get(column)) for table, column in names.items() for row in world.rows(table))
    return [name for name, count in counts.items() if count > 1]


def test_the_set_up_of_these_tests_has_every_kind_of_component(world):
    inputs = SetupInputs(steps=STEPS, values={"dh_any": "A"})
    every = components(extras=Extras(buttons=True, forms=("contact:any",)), inputs=inputs)
    beside = {each.kind for each in app_components(SPOTLER_HUB)}  # those of `test_setup_app_faults`

    assert {each.kind for each in world.parts} == {each.kind for each in every} - beside


@pytest.mark.parametrize(("kind", "number"), faults("apply", WRITES["apply"]))
def test_a_set_up_ends_as_the_manifest_says_whatever_happens_at_one_of_its_writes(world, kind, number):
    happened = strike(world, kind, number, second=world.applied)

    carried_out(world.applied)
    assert happened == [kind]
    written = len(world.sent)
    plan = world.planned()
    world.applied(plan)

    assert (plan.writes, plan.refusals) == ((), ())
    assert made_twice(world) == []
    assert len(world.sent) == written


@pytest.mark.parametrize(("kind", "number"), faults("remove", WRITES["remove"]))
def test_a_removal_ends_with_nothing_of_ours_whatever_happens_at_one_of_its_writes(installed, kind, number):
    everything = nameable(installed.parts)
    happened = strike(installed, kind, number, second=lambda: installed.removed(*everything))

    carried_out(lambda: installed.removed(*everything))
    assert happened == [kind]
    written = len(installed.sent)
    installed.removed(*everything)
    (form,) = [row for row in installed.rows("systemform") if row["formid"] == installed.form_of_contacts]

    assert [each.component for each in installed.removal().components] == ["application user Spotler Connector"]
    assert not any(name.startswith("dh_") for name in installed.environment.customizing.parts.definitions.tables)
    assert "dh_spotler" not in form["formxml"]
    assert len(installed.sent) == written


def test_the_numbers_of_writes_are_those_of_an_uninterrupted_run(world):
    world.applied()
    applied = len(world.sent)
    world.environment.clock.move(60)
    world.removed(*nameable(world.parts))

    assert {"apply": applied, "remove": len(world.sent) - applied} == WRITES


def test_one_of_each_is_set_up_and_removed_by_runs_that_each_die_after_one_write(world):
    plan = world.planned()
    applying = deaths_of(world, lambda: world.applied(plan))
    everything = nameable(world.parts)
    world.environment.clock.move(60)
    removing = deaths_of(world, lambda: world.removed(*everything))

    assert applying >= WRITES["apply"] - 6  # publications that are asked for again
    assert removing >= WRITES["remove"] - 3
    assert [each.component for each in world.removal().components] == ["application user Spotler Connector"]


def test_a_button_that_was_made_by_a_run_that_died_before_it_published_is_published_by_the_next_one(world):
    def die(_number, _method, path):
        if path == "PublishXml" and world.rows("appaction"):
            raise Death

    published = []
    world.before = die
    with pytest.raises(Death):
        world.applied()
    world.before = lambda *_: None
    world.after = lambda _number, _method, path: published.append(world.body) if path == "PublishXml" else None
    world.applied()

    assert any(b"<entity>contact</entity>" in body for body in published)


@pytest.fixture
def whole(empty):
    """Everything, with the extras; nothing is installed."""
    world = empty.fresh()
    extras = Extras(buttons=True, forms=(f"contact:{world.form_of_contacts}",))
    inputs = SetupInputs(endpoint=ENDPOINT, application=world.environment.settings.client_id)
    world.parts = components(extras=extras, inputs=inputs)
    return world


def deaths_of(world, run):
    """Run again and again, each time until a write that no run before died after; how often it died until its end.

    What is written again, as a publication is, does not count: a run that always died there would never end.
    """
    survived = set()

    def die(_number, method, path):
        write = (method, path, world.body)
        if write not in survived:
            survived.add(write)
            raise Death

    world.after = die
    while True:
        try:
            run()
        except Death:
            continue
        break
    world.after = lambda *_: None
    return len(survived)


@pytest.mark.nightly
def test_the_whole_manifest_is_set_up_by_runs_that_each_die_after_one_write(whole):
    """Each of them begins anew, so that every state between two writes is planned from, and gone on from."""
    plan = whole.planned()
    deaths = deaths_of(whole, lambda: whole.applied(plan))

    assert deaths > len(whole.parts)
    assert (whole.planned().writes, made_twice(whole)) == ((), [])


@pytest.mark.nightly
def test_everything_is_removed_by_runs_that_each_die_after_one_write(whole):
    whole.applied()
    whole.environment.clock.move(60)
    everything = nameable(whole.parts)
    deaths = deaths_of(whole, lambda: whole.removed(*everything))

    assert deaths >= len(everything)
    assert [each.component for each in whole.removal().components] == ["application user Spotler Connector"]


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


def killed_until_done(ready, work):
    """Processes that are killed after their first, second or third write in turn, until one comes to its end.

    Returns:
        How many were killed.
    """
    for killed, at in enumerate(cycle("123")):
        ended = run(ready, work, "after", at)
        if ended.returncode != -signal.SIGKILL:
            assert ended.returncode == 0, ended.stderr
            return killed
    raise AssertionError


def test_a_set_up_that_is_killed_is_completed_by_the_next_process(process):
    door(process, "reset", {})
    killed = run(process, "apply", "after", "4")
    done = run(process, "apply")

    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "")
    assert done.returncode == 0, done.stderr
    first, *_ = json.loads(done.stdout)["done"]
    assert first not in ("publisher dhconnector", "solution SpotlerConnector")  # these were made before


@pytest.mark.nightly
def test_processes_that_are_killed_after_each_write_set_everything_up_and_remove_it_again(process):
    door(process, "reset", {})
    for work, writes in WRITES.items():
        killed = killed_until_done(process, work)
        door(process, "clock", {"move_seconds": 60})

        assert killed >= writes / 3
        assert json.loads(run(process, work).stdout) == {"done": [], "writes": 0}
