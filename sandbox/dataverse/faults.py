"""Faults that tests order: which requests fail, how they are answered, and whether they still take effect.

| kind                      | answer                                                                   |
|---------------------------|--------------------------------------------------------------------------|
| `429`, `503`              | with `Retry-After`, or without where `retry_after` is null; 503 is HTML   |
| `500`, `400`              | an error of the API                                                      |
| `html-404`, `html-502`    | the page of a gateway                                                    |
| `body`                    | 200 with the JSON of `body`: `{"value": []}`, null, a text               |
| `drop`, `timeout`         | none: the connection breaks, at once or after `seconds`                  |

Each of them has an `effect`: `none`, `at-once`, or `later`, which is when a test releases it (see `held`). The kind
`drop-after-write` is another name for `drop` with the effect at once.

The n-th request of those that match fails alone with `skip` n - 1 and `count` 1.
"""

import json
import random
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import uuid4

from sandbox.dataverse.calls import JSON_TYPE, Answer, Call, error_answer
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.values import Json

#: What the front-end of the real service sends when it cannot reach the server behind it, and other gateways.
_PAGES: Final = {
    503: "Our services aren't available right now",
    502: "502 - Web server received an invalid response while acting as a gateway or proxy server.",
    404: "404 - File or directory not found.",
}


class FaultKind(StrEnum):
    """How a request fails."""

    THROTTLED = "429"
    UNAVAILABLE = "503"
    INTERNAL = "500"
    REFUSED = "400"
    GATEWAY_NOT_FOUND = "html-404"
    GATEWAY_FAILED = "html-502"
    BODY = "body"
    TIMEOUT = "timeout"
    DROP = "drop"
    DROP_AFTER_WRITE = "drop-after-write"

    @property
    def breaks_connection(self) -> bool:
        """Whether no answer comes at all."""
        return self in (FaultKind.TIMEOUT, FaultKind.DROP, FaultKind.DROP_AFTER_WRITE)

    @property
    def is_of_gateway(self) -> bool:
        """Whether something before the API answers."""
        return self in (FaultKind.GATEWAY_NOT_FOUND, FaultKind.GATEWAY_FAILED)


class Effect(StrEnum):
    """Whether a request that fails is carried out."""

    NONE = "none"
    AT_ONCE = "at-once"
    LATER = "later"


@dataclass(slots=True)
class Fault:
    """One rule.

    Attributes:
        kind: how a request fails.
        effect: whether it is carried out all the same.
        path: a regular expression that must be found in the path below the root of the Web API; of a request for a
            token, in the whole path.
        content: a regular expression that must be found in the body, for example of a batch.
        method: the HTTP method, or None for any.
        count: how many requests fail; None means without end.
        probability: of those that match, the part that fails.
        skip: how many matching requests pass first.
        retry_after: seconds in the header of 429 and 503.
        seconds: how long `timeout` keeps the caller waiting before the connection breaks.
        body: what `body` answers.
        inner: whether it hits the single requests inside a batch instead of HTTP requests.
        token: whether it hits requests for a token instead.
        id: names it.
    """

    kind: FaultKind
    effect: Effect = Effect.NONE
    path: str = ""
    content: str = ""
    method: str | None = None
    count: int | None = None
    probability: float = 1.0
    skip: int = 0
    retry_after: int | None = 1
    seconds: float = 30.0
    body: Json = None
    inner: bool = False
    token: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        self.kind, self.effect = FaultKind(self.kind), Effect(self.effect)
        if self.kind is FaultKind.DROP_AFTER_WRITE:
            self.kind, self.effect = FaultKind.DROP, Effect.AT_ONCE
        re.compile(self.path)
        re.compile(self.content)
        self.id = self.id or str(uuid4())
        if self.inner and (self.kind.breaks_connection or self.kind.is_of_gateway):
            raise ValueError(f"{self.kind} cannot hit a single request inside a batch")
        if (self.inner or self.token) and self.effect is not Effect.NONE:
            raise ValueError("only whole requests to the Web API can have an effect although they fail")
        if self.inner and self.token:
            raise ValueError("a rule is about requests inside a batch or about tokens, not both")

    def hits(self, method: str, path: str, body: bytes, draw: random.Random) -> bool:
        """Whether this request fails; counts it if so."""
        if self.count == 0 or (self.method is not None and self.method != method) or not re.search(self.path, path):
            return False
        if self.content and not re.search(self.content, body.decode(errors="replace")):
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

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self.reset()

    def reset(self) -> None:
        """No rules, and the draws of those with a probability from their beginning: no test depends on those before."""
        self.rules.clear()
        self._random = random.Random(0)

    def for_request(self, method: str, path: str, body: bytes) -> Fault | None:
        """The fault that hits an HTTP request to the Web API."""
        return self._first(method, path, body) if self.rules else None

    def for_token(self, method: str, path: str) -> Fault | None:
        """The fault that hits a request for a token."""
        return self._first(method, path, b"", token=True) if self.rules else None

    def for_inner(self, call: Call) -> Answer | None:
        """The answer of the fault that hits a single request inside a batch."""
        fault = self._first(call.method, call.path, call.body, inner=True) if self.rules else None
        return None if fault is None else fault_answer(fault)

    def _first(self, method: str, path: str, body: bytes, *, inner: bool = False, token: bool = False) -> Fault | None:
        for rule in self.rules:
            if (rule.inner, rule.token) == (inner, token) and rule.hits(method, path, body, self._random):
                return rule
        return None


def fault_answer(fault: Fault) -> Answer:
    """The answer that a fault with a status gives."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.kind is FaultKind.THROTTLED:
        message = "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
        return error_answer(ApiError(429, "0x80072322", message, headers))
    if fault.kind is FaultKind.UNAVAILABLE:
        return _page(503, headers)
    if fault.kind.is_of_gateway:
        return _page(404 if fault.kind is FaultKind.GATEWAY_NOT_FOUND else 502, {})
    if fault.kind is FaultKind.BODY:
        return Answer(200, {"Content-Type": JSON_TYPE, "OData-Version": "4.0"}, json.dumps(fault.body).encode())
    if fault.kind is FaultKind.REFUSED:
        return error_answer(ApiError(400, "0x80040265", "A plug-in of this environment does not allow this."))
    message = "Generic SQL error: the transaction was deadlocked on lock resources with another process."
    return error_answer(ApiError(500, "0x80044150", message))


def _page(status: int, headers: dict[str, str]) -> Answer:
    text = _PAGES[status]
    page = f"<!DOCTYPE html><html><head><title>{text}</title></head><body><h2>{text}</h2></body></html>"
    return Answer(status, {"Content-Type": "text/html", **headers}, page.encode())
