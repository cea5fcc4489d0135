"""Requests whose effect comes later than their answer: they are kept until a test lets them happen."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from sandbox.dataverse.calls import Answer, Call
from sandbox.dataverse.values import JsonObject


@dataclass(frozen=True, slots=True)
class HeldRequest:
    """A request that has not happened yet, and the id by which a test names it."""

    id: str
    call: Call

    def as_json(self, status: int | None = None) -> JsonObject:
        """What the side door shows of it; `status` is that of its answer, once it has happened."""
        shown: JsonObject = {"id": self.id, "method": self.call.method, "path": self.call.path}
        return shown if status is None else {**shown, "status": status}


class HeldRequests:
    """The requests that wait, oldest first."""

    def __init__(self) -> None:
        self._waiting: dict[str, HeldRequest] = {}

    def hold(self, call: Call) -> None:
        """Keep a request."""
        held = HeldRequest(str(uuid4()), call)
        self._waiting[held.id] = held

    def clear(self) -> None:
        """Forget all of them: they never happen."""
        self._waiting.clear()

    def waiting(self) -> list[HeldRequest]:
        """The requests that wait."""
        return list(self._waiting.values())

    def release(self, perform: Callable[[Call], Answer], held_id: str | None = None) -> list[JsonObject]:
        """Let one request happen, or all of them in their order; nobody gets the answers.

        Raises:
            KeyError: no request of that id waits.
        """
        chosen = self.waiting() if held_id is None else [self._waiting[held_id]]
        done: list[JsonObject] = []
        for held in chosen:
            del self._waiting[held.id]
            done.append(held.as_json(perform(held.call).status))
        return done
