"""Threads that keep the context in which their work was ordered.

The engine knows by the context to which invocation a log record belongs (`connector.triggers.invocation`), and Azure
ignores records of no invocation. Neither `ThreadPoolExecutor` nor `threading.Thread` passes the context on by itself,
so all threads of the connector are started here.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context


class ContextThreadPool(ThreadPoolExecutor):
    """A pool whose work runs in the context of the caller of `submit` or `map`."""

    def submit[**P, R](self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run the work in a thread, in a copy of the present context."""
        context = copy_context()
        return super().submit(lambda: context.run(work, *args, **kwargs))


def start_thread(work: Callable[[], object]) -> None:
    """Run the work in a thread of its own, in a copy of the present context; it does not keep the process alive."""
    threading.Thread(target=copy_context().run, args=(work,), daemon=True).start()


def start_background_thread(name: str, work: Callable[[], object]) -> None:
    """Run work that belongs to no invocation in a thread of its own; it does not keep the process alive."""
    threading.Thread(target=Context().run, args=(work,), name=name, daemon=True).start()
