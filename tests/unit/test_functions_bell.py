"""A bell that signals ring: none is missed, whenever it comes."""

import signal
import sys
import threading

import pytest

from sandbox.functions.bell import Bell, Woken


@pytest.fixture
def bell():
    before = signal.getsignal(signal.SIGUSR1)
    slow, wakeup = sys.getswitchinterval(), signal.set_wakeup_fd(-1)
    bell = Bell()
    try:
        bell.ring_on(signal.SIGUSR1)
        yield bell
    finally:
        sys.setswitchinterval(slow)
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGUSR1, before)
        bell.close()


def test_a_signal_before_the_wait_rings(bell):
    signal.raise_signal(signal.SIGUSR1)

    assert bell.wait(seconds=60) is Woken.BY_BELL


def test_a_signal_that_another_thread_takes_while_the_wait_begins_rings(bell):
    # The other thread gets the interpreter only when this one gives it up, which is inside the wait: there no Python
    # code of this thread runs any more, as for a signal that comes in the moment before the system call.
    go = threading.Lock()
    go.acquire()

    def take_it() -> None:
        with go:
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    thread = threading.Thread(target=take_it)
    thread.start()
    sys.setswitchinterval(600)
    go.release()

    assert bell.wait(seconds=60) is Woken.BY_BELL
    thread.join()
