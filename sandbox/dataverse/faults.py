"""Misbehaviour on order: which requests fail, how, and how often."""

import random
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import uuid4

from sandbox.dataverse.calls import Answer, Call, error_answer
from sandbox.dataverse.errors import ApiError

#: What the front-end of the real service sends when it cannot reach the server behind it.
_HTML: Final = (
    b"<!DOCTYPE html><html><head><title>Service Unavailable</title></head>"
    b"<body><h2>Our services aren't available right now</h2></body></html>"
)


class FaultKind(StrEnum):
    """How a request fails."""

    THROTTLED = "429"
    UNAVAILABLE = "503"
    INTERNAL = "500"
    REFUSED = "400"
    TIMEOUT = "timeout"
    DROP = "drop"
    DROP_AFTER_WRITE = "drop-after-write"

    @property
    def breaks_connection(self) -> bool:
        """Whether no answer comes at all; such faults cannot hit a single request inside a batch."""
        return self in (FaultKind.TIMEOUT, FaultKind.DROP, FaultKind.DROP_AFTER_WRITE)


@dataclass(slots=True)
class Fault:
    """One rule.

    Attributes:
        kind: how a request fails.
        path: a regular expression that must be found in the path below the root of the Web API.
        method: the HTTP method, or None for any.
        count: how many requests fail; None means without end.
        probability: of those that match, the part that fails.
        skip: how many matching requests pass first.
        retry_after: seconds in the header of 429 and 503.
        seconds: how long `timeout` keeps the caller waiting before the connection breaks.
        inner: whether it hits the single requests inside a batch instead of HTTP requests.
        id: names it.
    """

    kind: FaultKind
    path: str = ""
    method: str | None = None
    count: int | None = None
    probability: float = 1.0
    skip: int = 0
    retry_after: int | None = 1
    seconds: float = 30.0
    inner: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        re.compile(self.path)
        self.id = self.id or str(uuid4())
        if self.inner and self.kind.breaks_connection:
            raise ValueError(f"{self.kind} cannot hit a single request inside a batch")

    def hits(self, method: str, path: str, draw: random.Random) -> bool:
        """Whether this request fails; counts it if so."""
        if self.count == 0 or (self.method is not None and self.method != method) or not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if draw.random() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        return True


class Faults:
    """All rules; the first that hits a request decides."""

    def __init__(self, seed: int = 0) -> None:
        self.rules: list[Fault] = []
        self._random = random.Random(seed)

    def for_request(self, method: str, path: str) -> Fault | None:
        """The fault that hits an HTTP request."""
        return self._first(method, path, inner=False)

    def for_inner(self, call: Call) -> Answer | None:
        """The answer of the fault that hits a single request inside a batch."""
        fault = self._first(call.method, call.path, inner=True) if self.rules else None
        return None if fault is None else fault_answer(fault)

    def _first(self, method: str, path: str, *, inner: bool) -> Fault | None:
        for rule in self.rules:
            if rule.inner is inner and rule.hits(method, path, self._random):
                return rule
        return None


def fault_answer(fault: Fault) -> Answer:
    """The answer that a fault with a status gives."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.kind is FaultKind.THROTTLED:
        message = "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
        return error_answer(ApiError(429, "0x80072322", message, headers))
    if fault.kind is FaultKind.UNAVAILABLE:
        return Answer(503, {"Content-Type": "text/html", **headers}, _HTML)
    if fault.kind is FaultKind.REFUSED:
        return error_answer(ApiError(400, "0x80040265", "A plug-in of this environment does not allow this."))
    message = "Generic SQL error: the transaction was deadlocked on lock resources with another process."
    return error_answer(ApiError(500, "0x80044150", message))
