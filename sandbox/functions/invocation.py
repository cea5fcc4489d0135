"""What goes into an invocation and what comes out of it, in the types of this host rather than of the wire."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any


class EngineDied(RuntimeError):
    """The engine process ended while it worked on an invocation (or before it could begin): the outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function.

    `inputs` are the bound parameters, `metadata` what the trigger passes with them; both by name, as TypedData
    messages of the protocol (made by `trigger_data`).
    """

    function: str
    inputs: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. `error` is empty on success, else `ExceptionName: message`.

    `returned` is what the function returned, as TypedData; only an HTTP function returns something.
    """

    error: str = ""
    stack_trace: str = ""
    returned: Any = None

    @property
    def succeeded(self) -> bool:
        """Whether the function returned without an exception, and without a value that no binding takes."""
        return not self.error


#: The promise of an Outcome. It raises EngineDied where the engine ended first.
PendingOutcome = Future[Outcome]
