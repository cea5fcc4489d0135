"""`pause` and `resume`: the flag in the state, and the wait for what is in hand."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from connector.cli import pause as command
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.state import FileState
from connector.state.pause import PAUSE, PauseWatch, read_pause


@pytest.fixture
def run(cli, settings_file):
    return lambda *arguments: cli("--settings", str(settings_file), *arguments)


@pytest.fixture
def state(world):
    return FileState(world.services.settings.state.get_secret_value())


@pytest.fixture
def pauses(monkeypatch):
    """The pauses of the command, and what happens in them."""
    slept, events = [], []
    really = command.time.sleep

    def sleep(seconds):
        if threading.current_thread() is not threading.main_thread():  # of another test, which has not ended yet
            really(seconds)
            return
        slept.append(seconds)
        if events:
            events.pop(0)()

    monkeypatch.setattr(command.time, "sleep", sleep)
    return slept, events


def test_pause_writes_the_flag_and_resume_takes_it_away(run, state):
    ended = run("pause", "--minutes", "30")

    flag = read_pause(state, datetime.now(UTC))
    assert (ended.code, flag.until - flag.since) == (0, timedelta(minutes=30))
    assert ended.out.startswith("Paused since ")
    assert run("resume").out.startswith("Resumed; it was paused since ")
    assert read_pause(state, datetime.now(UTC)) is None
    assert run("resume").out == "There was no pause.\n"


def test_resume_deletes_a_flag_that_cannot_be_read(run, state):
    state.write(PAUSE, {"since": 1}, version=None)

    assert "The stored value pause has no valid since, until." in run("resume").err
    assert state.read(PAUSE) is None


def test_it_needs_no_other_setting_than_that_of_the_state(cli, environment, tmp_path):
    environment["STATE"] = str(tmp_path / "state")

    assert cli("pause").code == 0
    assert read_pause(FileState(tmp_path / "state"), datetime.now(UTC)) is not None


def test_wait_ends_when_no_job_is_in_hand_any_more(world, run, pauses):
    world.now = datetime.now(UTC)
    job = world.claimed(Operation.ADD_TAG, world.contact(), lease=timedelta(minutes=5), token="theirs")
    slept, events = pauses
    over = {Job.STATUS: JobStatus.COMPLETED.value, Job.STATE: 1}
    events += [lambda: None, lambda: None, lambda: world.services.dataverse.update(Job.SET, job, over)]

    ended = run("pause", "--wait")

    assert (ended.code, ended.out.splitlines()[-1], ended.err) == (0, "No job is in hand.", "Jobs in hand: 1\n")
    assert slept[0] > command.CACHED, "by then every instance knows of the pause"
    assert len(slept) == 4


def test_a_job_that_waits_for_its_next_attempt_is_not_in_hand(world, run, pauses):
    world.now = datetime.now(UTC)
    contact = world.contact()
    world.claimed(Operation.ADD_TAG, contact, lease=timedelta(minutes=5), token="a", dh_startedon=None)
    world.claimed(Operation.ADD_TAG, contact, lease=timedelta(minutes=-5), token="b")

    assert run("pause", "--wait").code == 0
    assert len(pauses[0]) == command.LOOKS


@pytest.mark.usefixtures("pauses")
def test_wait_gives_up_in_the_end_and_the_pause_lasts_on(world, run, state, monkeypatch):
    monkeypatch.setattr(command, "LONGEST", 20.0)
    world.now = datetime.now(UTC)
    world.claimed(Operation.ADD_TAG, world.contact(), lease=timedelta(minutes=5), token="theirs")

    ended = run("pause", "--wait")

    assert (ended.code, "Jobs are in hand after" in ended.err) == (1, True)
    assert read_pause(state, datetime.now(UTC)) is not None


def test_wait_says_so_when_the_app_has_ended_a_pause_of_a_wrong_clock(run, state, pauses, monkeypatch):
    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=1)

    monkeypatch.setattr(command, "datetime", Ahead)
    pauses[1].append(lambda: PauseWatch(lambda: state, lambda: datetime.now(UTC)).is_on())

    ended = run("pause", "--wait")

    assert (ended.code, len(pauses[0])) == (1, 1)
    assert "The pause is over already" in ended.err
    assert "clock" in ended.err
