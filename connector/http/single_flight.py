"""One call for all threads that want it at the same time: they share its result, or its failure.

One after the other, they would each wait for a system that does not answer.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future


class SingleFlight[T]:
    """A call that is under way at most once. Nothing is remembered after it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Future[T] | None = None

    def call(self, work: Callable[[], T]) -> T:
        """Do the work, or wait for the thread that does it already.

        Raises:
            Exception: whatever the work raised, in every thread that wanted it.
        """
        with self._lock:
            others = self._under_way
            mine = self._under_way = others or Future[T]()
        if others is not None:
            return others.result()
        try:
            mine.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised below, and in all that wait
            mine.set_exception(error)
        finally:
            with self._lock:
                self._under_way = None
        return mine.result()
