"""What idles uses no processor: threads that wait are not woken, however long they wait.

A thread that looks again and again gives up the processor each time, which Linux counts. The time in which nothing may
be counted is measured in messages that another function works on, not in seconds.
"""

import threading
from pathlib import Path

import pytest

from sandbox import quiet_server
from sandbox.functions.control import Control

#: Each takes the bus, the host and the engine some milliseconds: in so many, one look a tenth of a second would show.
ROUND_TRIPS = 20

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="Only Linux counts in /proc how often each thread has waited."
)


def wakeups(*names: str) -> int:
    """How often the threads of these names have waited for something."""
    found = [thread for thread in threading.enumerate() if thread.name in names]
    assert {thread.name for thread in found} == set(names)
    statuses = [Path(f"/proc/self/task/{thread.native_id}/status").read_text("ascii") for thread in found]
    return sum(int(status.partition("\nvoluntary_ctxt_switches:")[2].split("\n")[0]) for status in statuses)


@pytest.fixture
def sleeps(stage, until):
    """Whether the threads of the given names go on waiting while another function works."""
    sent = 0

    def round_trip() -> None:
        nonlocal sent
        stage.send("events", "a")
        sent += 1
        until(lambda: stage.counts("events/Subscriptions/batch")["completed"] == sent)

    def sleep(*names: str, round_trips: int = ROUND_TRIPS) -> bool:
        before = wakeups(*names)
        for _ in range(round_trips):
            round_trip()
        return wakeups(*names) == before

    return sleep


def test_listeners_without_messages_are_not_woken(stage, until, sleeps):
    stage.host()
    stage.send("single", "a")
    stage.send("text", "a")
    until(lambda: stage.counts("single")["completed"] + stage.counts("text")["completed"] == 2)

    until(lambda: sleeps("listen-single", "listen-text_batch", "listen-blocking"), "idle listeners are left alone")

    stage.send("single", "b")
    until(lambda: stage.counts("single")["completed"] == 2, "and still hear what comes")


def test_a_listener_is_not_woken_while_its_only_call_runs(stage, until, sleeps):
    stage.host()
    stage.send("blocking", "60")  # seconds for which it waits for other calls
    until(lambda: stage.counts("blocking")["locked"] == 1)

    until(lambda: sleeps("listen-blocking"), "a listener does not ask whether its call has ended")

    stage.send("blocking", *["60"] * 7)
    until(lambda: stage.counts("blocking")["completed"] == 8)


def test_timers_and_the_watch_over_long_calls_are_not_woken(stage, until, sleeps):
    stage.host()

    until(lambda: sleeps("timer-tick", "overdue", round_trips=5 * ROUND_TRIPS), "they know when they are due")


def test_the_side_door_is_not_woken(stage, until, sleeps, monkeypatch):
    monkeypatch.setattr(quiet_server, "DATE_SECONDS", 3600.0)
    control = Control(stage.host())
    control.start()

    until(lambda: sleeps("control"), "the side door waits for callers")

    control.stop()
