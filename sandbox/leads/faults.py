"""Faults that tests arm: what goes wrong, for which calls, how often."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import ClassVar

from pydantic import ConfigDict

from sandbox.leads.wire import LeadsAnswer, LeadsError, json_answer, page, refusal


class LeadsFaultKind(StrEnum):
    """What can go wrong."""

    #: A refusal of the API with `status` (500); the call is not carried out.
    ERROR = "error"
    #: 401, as for a token that has ended.
    AUTH = "auth"
    #: 429, with `Retry-After` if `retry_after_s` is given.
    THROTTLE = "throttle"
    #: A page of a gateway with `status` (503); the call is not carried out.
    HTML = "html"
    #: The answer takes `latency_ms` longer.
    LATENCY = "latency"
    #: The connection ends before anything was done, or after everything was.
    DROP_BEFORE_WRITE = "drop_before_write"
    DROP_AFTER_WRITE = "drop_after_write"
    #: `status` (200) and `body`, any JSON; the call is not carried out, or is.
    WRONG_BODY = "wrong_body"
    WRONG_BODY_AFTER_WRITE = "wrong_body_after_write"
    #: Objects in the answer have members that no model knows.
    EXTRA_MEMBERS = "extra_members"


_DROPS = {LeadsFaultKind.DROP_BEFORE_WRITE, LeadsFaultKind.DROP_AFTER_WRITE}
_STATUS = {LeadsFaultKind.ERROR: 500, LeadsFaultKind.AUTH: 401, LeadsFaultKind.THROTTLE: 429}


@dataclass(slots=True, kw_only=True)
class LeadsFault:
    """One armed fault.

    `route` is a pattern over the path template, such as `*/trackedlinks/{take}`. The first `skip` matching calls pass;
    then it applies `count` times (None: always).
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: LeadsFaultKind
    route: str = "*"
    count: int | None = 1
    skip: int = 0
    status: int | None = None
    retry_after_s: int | None = None
    latency_ms: float = 0
    body: object = field(default_factory=list)
    struck: int = 0

    @property
    def drops(self) -> bool:
        """Whether the caller gets no answer at all."""
        return self.kind in _DROPS

    def strikes(self, template: str) -> bool:
        """Whether this call is hit; counts it."""
        if not fnmatchcase(template, self.route) or (self.count is not None and self.struck >= self.count):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.struck += 1
        return True

    def instead(self) -> LeadsAnswer | None:
        """What is answered without carrying the call out, or None where it is carried out."""
        if self.kind is LeadsFaultKind.DROP_BEFORE_WRITE:
            return LeadsAnswer(0)
        if self.kind in _STATUS:
            return self._with_retry(refusal(LeadsError(self.status or _STATUS[self.kind], "Injected by the sandbox")))
        if self.kind is LeadsFaultKind.HTML:
            return self._with_retry(page(self.status or 503))
        return self._wrong_body() if self.kind is LeadsFaultKind.WRONG_BODY else None

    def afterwards(self, answer: LeadsAnswer) -> LeadsAnswer:
        """What becomes of the answer to a call that was carried out."""
        if self.kind is LeadsFaultKind.WRONG_BODY_AFTER_WRITE:
            return self._wrong_body()
        if self.kind is LeadsFaultKind.EXTRA_MEMBERS and answer.body:
            return json_answer(_extended(json.loads(answer.body)), answer.status)
        return answer

    def _wrong_body(self) -> LeadsAnswer:
        return json_answer(self.body, self.status or 200)

    def _with_retry(self, answer: LeadsAnswer) -> LeadsAnswer:
        if self.retry_after_s is None:
            return answer
        header = (b"retry-after", str(self.retry_after_s).encode())
        return LeadsAnswer(answer.status, answer.body, answer.content_type, (header,))


def _extended(value: object) -> object:
    if isinstance(value, dict):
        return {name: _extended(each) for name, each in value.items()} | {"xNewMember": {"a": [1]}}
    if isinstance(value, list):
        return [_extended(each) for each in value]
    return value
