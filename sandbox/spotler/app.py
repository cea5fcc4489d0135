"""The ASGI application: one call from the raw request to the answer.

```
request ─► prefix ─► signature ─► route ─► rate limit ─► fault ─► resource ─► answer
                        └── every refusal on the way ends here as well ──────┘
```

The resources are plain functions that run without interruption, so every call is atomic. Nothing on this way uses
a framework: paths must be routed as they were sent, and a bench drives thousands of calls per second through it.
"""

import logging
import math
import random
import time
from dataclasses import dataclass, replace
from email.utils import format_datetime

from sandbox.imitated_api import RawRequest
from sandbox.spotler.auth import SignedRequest, Verdict, Verifier, decoded_pairs
from sandbox.spotler.call import Call
from sandbox.spotler.dialect import DIALECTS, Dialect, other
from sandbox.spotler.errors import ApiError, ErrorType, UnknownRoute, invalid
from sandbox.spotler.faults import Fault, FaultKind, Faults, TokenBucket
from sandbox.spotler.headers import require_plain
from sandbox.spotler.held import HeldCalls
from sandbox.spotler.journal import DROPPED, Logged, Traffic
from sandbox.spotler.resources import ROUTES
from sandbox.spotler.routing import Router
from sandbox.spotler.seed import seeded_world
from sandbox.spotler.settings import Credential, DefaultFormat, Settings
from sandbox.spotler.wire import Answer, error_answer

log = logging.getLogger("sandbox.spotler")

UNROUTED = "(unknown)"

_JSON_ACCEPTED = ("application/json", "application/*", "*/*")


@dataclass(slots=True)
class _Course:
    """How far a call has come."""

    request: RawRequest
    verdict: Verdict
    dialect: Dialect
    template: str = UNROUTED
    fault: Fault | None = None


class Sandbox:
    """The stand-in without its network: settings, state, faults and traffic."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._initial = settings or Settings()
        self.router = Router(ROUTES)
        self.reset()

    def reset(self) -> None:
        """Back to how it was started."""
        self.router.check(self._initial)
        self.settings = self._initial
        self.world = seeded_world(self.settings)
        self.traffic = Traffic()
        self.faults = Faults(random.Random(self.settings.seed))
        self.held = HeldCalls()
        self._verifier = Verifier()
        self._bucket = TokenBucket()

    def use(self, settings: Settings) -> None:
        """Go on with other settings and the same state. Raises `ValueError` for some that cannot be."""
        self.router.check(settings)
        self.settings = self.world.settings = settings

    def handle(self, request: RawRequest) -> tuple[Answer, Fault | None]:
        """Carry out one call; a fault is handed back for what only the network can do about it."""
        dialect = _dialect(request.path)
        if dialect is None:
            self._count(request, UNROUTED, 404, Verdict(None, reason="outside the API"))
            return error_answer(UnknownRoute()), None
        verdict = self._verifier.verify(_signed(request), self.settings, time.time())
        course = _Course(request, verdict, dialect)
        try:
            answer = self._answer(course)
        except ApiError as refusal:
            answer = error_answer(refusal)
        except Exception:
            log.exception("the stand-in failed at %s %s", request.method, course.template)
            answer = error_answer(ApiError(ErrorType.BACKEND_EXCEPTION, "The stand-in failed", status=500))
        status = DROPPED if course.fault is not None and course.fault.drops else answer.status
        self._count(request, course.template, status, verdict, answer.note)
        return self._dated(answer), course.fault

    def _answer(self, course: _Course) -> Answer:
        request, credential = course.request, course.verdict.credential
        if credential is None:
            verdict = course.verdict
            raise ApiError(verdict.error_type, verdict.reason, status=self.settings.auth_status)
        path = request.path.removeprefix(course.dialect.prefix)
        route, ids = self.router.find(request.method, course.dialect.prefix, path, self.settings)
        course.template = route.template
        require_plain(request.headers)
        self._require_json_accepted(request)
        if (throttled := self._throttled()) is not None:
            return throttled
        fault = course.fault = self.faults.for_call(route.name)
        call = self._call(course, credential)

        def carry_out() -> Answer:
            try:
                return route.run(call, ids)
            except ApiError as refusal:
                return error_answer(refusal)

        if fault is None:
            return carry_out()
        instead = fault.instead()
        if instead is None:
            return fault.afterwards(carry_out())
        if fault.holds:
            self.held.hold(request.method, route.template, request.path, carry_out)
        return instead

    def _call(self, course: _Course, credential: Credential) -> Call:
        request, fault = course.request, course.fault
        query = decoded_pairs(request.query)
        if len(dict(query)) < len(query):
            raise invalid("A query parameter comes twice")
        turned = fault is not None and fault.kind is FaultKind.OTHER_DIALECT
        return Call(
            world=self.world,
            credential=credential,
            dialect=other(course.dialect) if turned else course.dialect,
            url=course.verdict.base + request.path,
            query=dict(query),
            content_type=request.headers.get("content-type", ""),
            body=request.body,
            failing_contacts=frozenset() if fault is None else fault.failing_contacts(),
        )

    def _dated(self, answer: Answer) -> Answer:
        if not self.settings.dates_answers:
            return answer
        date = format_datetime(self.world.clock.now(), usegmt=True).encode()
        return replace(answer, headers=(*answer.headers, (b"date", date)))

    def _require_json_accepted(self, request: RawRequest) -> None:
        accept = request.headers.get("accept", "")
        if any(kind in accept for kind in _JSON_ACCEPTED[:2]):
            return
        if accept and _JSON_ACCEPTED[2] not in accept:
            raise ApiError(ErrorType.INVALID_PARAMS, "Only application/json is produced", status=406)
        if self.settings.default_format is DefaultFormat.XML:
            raise ApiError(ErrorType.INVALID_PARAMS, "Without Accept the answer is XML", status=406)
        log.debug("a call does not say that it accepts JSON; the real service would answer XML")

    def _throttled(self) -> Answer | None:
        rate = self.settings.rate_per_s
        if not rate:
            return None
        wait = self._bucket.take(time.monotonic(), rate, self.settings.rate_burst)
        if not wait:
            return None
        return Fault(kind=FaultKind.THROTTLE, retry_after_s=math.ceil(wait)).instead()

    def _count(self, request: RawRequest, template: str, status: int, verdict: Verdict, note: str = "") -> None:
        self.traffic.counts[request.method, template, status] += 1
        self.traffic.recent.append(
            Logged(
                at=self.world.clock.now(),
                method=request.method,
                target=request.target,
                status=status,
                verified=verdict.verified,
                reason=verdict.reason or note,
                expected_base_string=verdict.expected,
            )
        )


def _dialect(path: str) -> Dialect | None:
    return next((each for each in DIALECTS if path.startswith(f"{each.prefix}/")), None)


def _signed(request: RawRequest) -> SignedRequest:
    return SignedRequest(
        method=request.method,
        scheme="http",
        host=request.host,
        path=request.path,
        query=request.query,
        authorization=request.headers.get("authorization", ""),
        content_type=request.headers.get("content-type", ""),
        body=request.body,
    )
