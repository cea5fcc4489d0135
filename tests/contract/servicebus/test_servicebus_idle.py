"""The stand-in uses no processor while nobody asks for anything, also with clients that wait."""

import threading
from pathlib import Path

import pytest

from tests.contract.servicebus.support import receive_one, wait_until

#: What another stand-in does meanwhile: the measure of time here, so that no test depends on the speed of a machine.
ROUND_TRIPS = 20

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="Only Linux counts in /proc how often each thread has waited."
)


def wakeups(thread: threading.Thread) -> int:
    """How often the thread has waited for something."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text("ascii")
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split("\n")[0])


def test_nothing_wakes_a_bus_whose_clients_wait(start_bus):
    others = set(threading.enumerate())
    idle = start_bus(queues=[{"name": "work"}])
    [server] = [thread for thread in set(threading.enumerate()) - others if thread.name == "servicebus"]
    idle.send("work", "one")
    waiting = idle.receiver("work", prefetch_count=10, keep_alive=None)
    waiting.complete_message(receive_one(waiting))
    busy = start_bus(queues=[{"name": "work"}])
    worker = busy.receiver("work")

    def sleeps() -> bool:
        before = wakeups(server)
        for _ in range(ROUND_TRIPS):
            busy.send("work", "one")
            worker.complete_message(receive_one(worker))
        return wakeups(server) == before

    wait_until(sleeps)
