"""Tells open pages what has changed: one stream of server-sent events per page that is being looked at.

While a page is open and visible, one task asks each part once in a while whether anything happened there, which costs
each of them about a millisecond. With no page there is no task. A page that is hidden closes its stream.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from starlette.concurrency import run_in_threadpool

from sandbox.console.systems import Refused, Systems

#: Seconds between two looks, shortly after something happened and after a quiet while.
QUICK: Final = 0.5
CALM: Final = 2.0
#: So many looks in a row without news make a quiet while.
QUIET_LOOKS: Final = 20

type Revisions = Mapping[str, str]


def revisions(systems: Systems) -> dict[str, str]:
    """A text for each column that changes with everything that happens there."""
    looks: dict[str, Callable[[], object]] = {
        "dynamics": lambda: systems.dataverse.get("revision")["revision"],
        "spotler": lambda: systems.spotler.get("revision")["revision"],
        "bus": lambda: [systems.bus.get("stats"), systems.bus.get("faults")],
        "functions": lambda: systems.functions.get("revision"),
    }
    return {name: _look(look) for name, look in looks.items()}


def _look(look: Callable[[], object]) -> str:
    try:
        return str(look())
    except Refused as refusal:
        return str(refusal)


class Live:
    """The news for all open pages."""

    def __init__(self, look: Callable[[], Revisions]) -> None:
        self._look = look
        self._pages: set[asyncio.Queue[str]] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def watching(self) -> bool:
        """Whether anything is being asked."""
        return self._task is not None and not self._task.done()

    async def events(self) -> AsyncIterator[str]:
        """The stream of one page: a list of names of columns whenever some have changed."""
        news: asyncio.Queue[str] = asyncio.Queue()
        self._pages.add(news)
        if not self.watching:
            self._task = asyncio.create_task(self._watch())
        try:
            yield "retry: 2000\n\n"
            while True:
                yield f"event: changed\ndata: {await news.get()}\n\n"
        finally:
            self._pages.discard(news)
            if not self._pages and self._task is not None:
                self._task.cancel()

    async def _watch(self) -> None:
        before: Revisions | None = None
        quiet = 0
        while True:
            now = await run_in_threadpool(self._look)
            changed = [name for name, revision in now.items() if before is None or before.get(name) != revision]
            if changed:
                for page in self._pages:
                    page.put_nowait(json.dumps(changed))
            before, quiet = now, 0 if changed else quiet + 1
            await asyncio.sleep(QUICK if quiet < QUIET_LOOKS else CALM)
