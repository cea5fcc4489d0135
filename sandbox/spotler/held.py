"""Calls whose effect comes late: the caller has given up, and the service carries them out some time afterwards."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sandbox.spotler.wire import Answer


@dataclass(frozen=True, slots=True)
class HeldCall:
    """A verified call that waits to be carried out; `path` is as sent."""

    id: int
    method: str
    route: str
    path: str
    run: Callable[[], Answer] = field(repr=False)

    def shown(self) -> dict[str, object]:
        """As the side door shows it."""
        return {"id": self.id, "method": self.method, "route": self.route, "path": self.path}


@dataclass(slots=True)
class HeldCalls:
    """Those that wait, oldest first."""

    waiting: list[HeldCall] = field(default_factory=list)
    _count: int = 0

    def hold(self, method: str, route: str, path: str, run: Callable[[], Answer]) -> None:
        """Keep a call."""
        self._count += 1
        self.waiting.append(HeldCall(self._count, method, route, path, run))

    def release(self, ids: Collection[int] | None) -> list[dict[str, object]]:
        """Carry out all, or those named; the status of each. Raises `ValueError` for one that does not wait."""
        if unknown := set(ids or ()) - {call.id for call in self.waiting}:
            raise ValueError(f"no call {min(unknown)} waits")
        due = [call for call in self.waiting if ids is None or call.id in ids]
        self.waiting = [call for call in self.waiting if call not in due]
        return [{"id": call.id, "status": call.run().status} for call in due]
