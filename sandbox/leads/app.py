"""The ASGI application: one call from the raw request to the answer.

request ─► path ─► token ─► api-version ─► fault ─► call ─► answer
"""

import logging
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.imitated_api import RawRequest
from sandbox.leads.calls import Call, find, perform
from sandbox.leads.faults import LeadsFault
from sandbox.leads.settings import LeadsSettings
from sandbox.leads.store import Store
from sandbox.leads.tokens import PATH as TOKEN, LeadsTokens
from sandbox.leads.wire import LeadsAnswer, LeadsError, NoSuchCall, invalid, page, refusal

log = logging.getLogger("sandbox.leads")

#: Calls that are kept to look at.
_KEPT = 1000
#: Status under which a call is counted whose connection was dropped instead of answered.
DROPPED = 0


class LeadsSandbox:
    """The stand-in without its network: settings, state, faults and traffic."""

    def __init__(self, settings: LeadsSettings | None = None) -> None:
        self._initial = settings or LeadsSettings()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.reset()

    def reset(self) -> None:
        """Back to how it was started."""
        self.settings = self._initial
        self.ahead = timedelta(0)
        self.store = Store(self.settings, self.now)
        self.tokens = LeadsTokens(self.settings, self.now)
        self.faults: list[LeadsFault] = []
        self.counts = Counter[tuple[str, int]]()
        self.recent = deque[dict[str, object]](maxlen=_KEPT)

    def now(self) -> datetime:
        """The time in UTC, in whole seconds, because that is what dates on the wire carry."""
        return (self.clock() + self.ahead).replace(microsecond=0)

    def handle(self, request: RawRequest) -> tuple[LeadsAnswer, LeadsFault | None]:
        """Carry out one call; a fault is handed back for what only the network can do about it."""
        template, fault = "(unknown)", None
        try:
            template, ids = (TOKEN, {}) if request.path == TOKEN else find(request.method, request.path)
            fault = next((each for each in self.faults if each.strikes(template)), None)
            answer = fault.instead() if fault else None
            if answer is None:
                answer = self.tokens.issue(request) if template == TOKEN else self._answer(request, template, ids)
                answer = fault.afterwards(answer) if fault else answer
        except LeadsError as error:
            answer = refusal(error)
        except NoSuchCall as error:
            answer = page(error.status)
        except Exception:
            log.exception("the stand-in failed at %s %s", request.method, template)
            answer = refusal(LeadsError(500, "The stand-in failed."))
        status = DROPPED if fault is not None and fault.drops else answer.status
        self.counts[template, status] += 1
        self.recent.append({"method": request.method, "path": request.path, "status": status})
        return answer, fault

    def _answer(self, request: RawRequest, template: str, ids: dict[str, str]) -> LeadsAnswer:
        if not self.tokens.accepts(request.headers.get("authorization", "")):
            raise LeadsError(401, "Authorization has been denied for this request.")
        version = request.headers.get("api-version", "")
        if not (version.isascii() and version.isdigit()) or not 1 <= int(version) <= self.settings.newest_version:
            raise invalid(**{"api-version": f"must be a whole number from 1 to {self.settings.newest_version}"})
        if request.query:
            raise invalid(query="this call knows no parameters")
        if request.body:
            raise invalid(body="this call takes no body")
        return perform(template, Call(self.store, ids, int(version)))
