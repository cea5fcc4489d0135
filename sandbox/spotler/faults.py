"""Faults that tests arm: what goes wrong, for which calls, how often."""

import random
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import ClassVar

from pydantic import ConfigDict

from sandbox.spotler.errors import ErrorType
from sandbox.spotler.wire import Answer, html_answer, json_answer, parse_json


class FaultKind(StrEnum):
    """What can go wrong."""

    #: A refusal with `status` (500) and `error_type` (BACKEND_EXCEPTION); the call is not carried out.
    ERROR = "error"
    #: 401, or 403 with `status`, as for a bad signature.
    AUTH = "auth"
    #: 429, with `Retry-After` if `retry_after_s` is given.
    THROTTLE = "throttle"
    #: An HTML page of a proxy with `status` (503), such as 404 and 502 of a gateway; the call is not carried out.
    HTML = "html"
    #: `status` (500) without a body; the call is not carried out.
    EMPTY_ERROR = "empty_error"
    #: A refusal with a type that is not in the published list.
    UNKNOWN_ERROR_TYPE = "unknown_error_type"
    #: Every call is rejected because its timestamp is outside the window.
    WRONG_CLOCK = "wrong_clock"
    #: The answer takes `latency_ms` longer.
    LATENCY = "latency"
    #: The connection ends before anything was done.
    DROP_BEFORE_WRITE = "drop_before_write"
    #: The connection ends after everything was done.
    DROP_AFTER_WRITE = "drop_after_write"
    #: The whole call is carried out, but the answer is an error as in HTML.
    ERROR_AFTER_WRITE = "error_after_write"
    #: The caller gets no answer or, with `status`, a page as in HTML. The call is held until the side door releases
    #: it, and is carried out then.
    LATE_EFFECT = "late_effect"
    #: `status` (200) and `body`, any JSON, such as `[]`, null or a text; the call is not carried out.
    WRONG_BODY = "wrong_body"
    #: The whole call is carried out, but the answer is as in WRONG_BODY.
    WRONG_BODY_AFTER_WRITE = "wrong_body_after_write"
    #: Lists and dates as the other base has them.
    OTHER_DIALECT = "other_dialect"
    #: Objects in the answer have members that no model knows.
    EXTRA_MEMBERS = "extra_members"
    #: A batch answers ERROR for the contacts in `external_ids` (`*`: for all) and does not write them.
    CONTACT_ERROR = "contact_error"


_DROPS = {FaultKind.DROP_BEFORE_WRITE, FaultKind.DROP_AFTER_WRITE}
#: Error type (None: the one of the fault) and usual status of the kinds that are a refusal in JSON.
_REFUSALS: dict[FaultKind, tuple[str | None, int]] = {
    FaultKind.ERROR: (None, 500),
    FaultKind.UNKNOWN_ERROR_TYPE: ("SOMETHING_NEW", 400),
    FaultKind.AUTH: (ErrorType.NOT_AUTHORIZED.value, 401),
    FaultKind.WRONG_CLOCK: (ErrorType.NOT_AUTHORIZED.value, 401),
    FaultKind.THROTTLE: (ErrorType.INVALID_STATE.value, 429),
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One armed fault.

    `route` is a pattern over method and path template, such as `POST /contact/list` or `* /audience/*`. The first
    `skip` matching calls pass; then it applies `count` times (None: always), each with `probability`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: FaultKind
    route: str = "*"
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    status: int | None = None
    error_type: str = ErrorType.BACKEND_EXCEPTION.value
    message: str = "Injected by the sandbox"
    retry_after_s: int | None = None
    latency_ms: float = 0
    body: object = field(default_factory=list)
    external_ids: list[str] = field(default_factory=lambda: ["*"])
    #: How often it has applied.
    struck: int = 0

    @property
    def drops(self) -> bool:
        """Whether the caller gets no answer at all."""
        return self.kind in _DROPS or (self.holds and self.status is None)

    @property
    def holds(self) -> bool:
        """Whether the call is carried out only when it is released."""
        return self.kind is FaultKind.LATE_EFFECT

    def strikes(self, route: str, rng: random.Random) -> bool:
        """Whether this call is hit; counts it."""
        if not fnmatchcase(route, self.route) or (self.count is not None and self.struck >= self.count):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1 and rng.random() >= self.probability:
            return False
        self.struck += 1
        return True

    def instead(self) -> Answer | None:
        """What is answered without carrying the call out now, or None where it is carried out."""
        if self.drops and self.kind is not FaultKind.DROP_AFTER_WRITE:
            return Answer(0)
        if self.kind in _REFUSALS:
            error_type, status = _REFUSALS[self.kind]
            body = {"errorType": error_type or self.error_type, "message": self.message}
            return self._with_retry(json_answer(body, self.status or status))
        if self.kind in {FaultKind.HTML, FaultKind.LATE_EFFECT}:
            return self._proxy_page()
        if self.kind is FaultKind.EMPTY_ERROR:
            return self._with_retry(Answer(self.status or 500))
        return self._wrong_body() if self.kind is FaultKind.WRONG_BODY else None

    def afterwards(self, answer: Answer) -> Answer:
        """What becomes of the answer to a call that was carried out."""
        if self.kind is FaultKind.ERROR_AFTER_WRITE:
            return self._proxy_page()
        if self.kind is FaultKind.WRONG_BODY_AFTER_WRITE:
            return self._wrong_body()
        if self.kind is FaultKind.EXTRA_MEMBERS:
            return with_extra_members(answer)
        return answer

    def failing_contacts(self) -> frozenset[str]:
        """The contacts of a batch that are answered with ERROR."""
        return frozenset(self.external_ids if self.kind is FaultKind.CONTACT_ERROR else ())

    def _proxy_page(self) -> Answer:
        return self._with_retry(html_answer(self.status or 503))

    def _wrong_body(self) -> Answer:
        return json_answer(self.body, self.status or 200)

    def _with_retry(self, answer: Answer) -> Answer:
        if self.retry_after_s is None:
            return answer
        header = (b"retry-after", str(self.retry_after_s).encode())
        return Answer(answer.status, answer.body, answer.content_type, (*answer.headers, header))


@dataclass(slots=True)
class Faults:
    """What is armed; a call is hit by the first that matches."""

    rng: random.Random
    armed: list[Fault] = field(default_factory=list)

    def for_call(self, route: str) -> Fault | None:
        """The fault that hits this call, if any."""
        return next((fault for fault in self.armed if fault.strikes(route, self.rng)), None)


@dataclass(slots=True)
class TokenBucket:
    """A limit of requests per second with room for a burst."""

    tokens: float | None = None
    at: float = 0

    def take(self, now: float, rate: float, burst: int) -> float:
        """Take one token; seconds to wait if there is none, else 0."""
        held = float(burst) if self.tokens is None else self.tokens
        held = min(float(burst), held + (now - self.at) * rate)
        self.at = now
        if held < 1:
            self.tokens = held
            return (1 - held) / rate
        self.tokens = held - 1
        return 0


def with_extra_members(answer: Answer) -> Answer:
    """The same answer with a member in every object that no model knows."""
    if not answer.body:
        return answer
    return Answer(
        answer.status,
        json_answer(_extended(parse_json(answer.body))).body,
        answer.content_type,
        answer.headers,
    )


def _extended(value: object) -> object:
    if isinstance(value, dict):
        return {name: _extended(each) for name, each in value.items()} | {"xNewMember": {"a": [1]}}
    if isinstance(value, list):
        return [_extended(each) for each in value]
    return value
