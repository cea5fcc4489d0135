"""A uvicorn server that sleeps while nobody calls: uvicorn's own loop wakes ten times a second to look for its end."""

import asyncio
from contextlib import suppress

import uvicorn

#: How often the Date header of the answers is renewed, which has whole seconds.
DATE_SECONDS = 1.0


class QuietServer(uvicorn.Server):
    """As its base class; setting `should_exit`, from any thread or signal handler, ends it at once."""

    _loop: asyncio.AbstractEventLoop | None = None
    _ending: asyncio.Event
    _should_exit = False

    @property
    def should_exit(self) -> bool:
        """Whether the server has been asked to end."""
        return self._should_exit

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        self._should_exit = value
        if value and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        """Runs until the server is asked to end."""
        self._ending = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), DATE_SECONDS)
