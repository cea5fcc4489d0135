"""The calls of the API: which there are, and what each answers. A call runs without interruption."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from uuid import UUID

from sandbox.leads.store import JsonObject, Store, Visitor
from sandbox.leads.views import company_view, paged, visitor_view
from sandbox.leads.wire import LeadsAnswer, LeadsError, NoSuchCall, invalid, json_answer

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_MOST_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Call:
    """A verified call: the state, the parts of its path, the api-version."""

    store: Store
    ids: Mapping[str, str]
    version: int

    def number(self, name: str, most: int) -> int:
        """A whole number from 1 to `most`. Raises `LeadsError` 400."""
        text = self.ids[name]
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= most:
            raise invalid(**{name: f"must be a whole number from 1 to {most}"})
        return int(text)

    def date(self, name: str) -> datetime:
        """A date in GMT. Raises `LeadsError` 400."""
        text = self.ids[name]
        try:
            moment = datetime.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            moment = None
        if moment is None:
            raise invalid(**{name: "must be yyyy-MM-ddTHH:mm:ss"})
        return moment.replace(tzinfo=UTC)

    def visitor(self) -> Visitor:
        """The visitor of the path. Raises `LeadsError` 404."""
        found = self.store.visitors.get(self.guid("lead"))
        if found is None:
            raise LeadsError(404, "The lead does not exist.")
        return found

    def guid(self, name: str) -> str:
        """An id. Raises `LeadsError` 400."""
        try:
            return str(UUID(self.ids[name]))
        except ValueError:
            raise invalid(**{name: "must be a GUID"}) from None

    def show(self, visitor: Visitor) -> JsonObject:
        """A visitor in the form of the version that was asked for."""
        return visitor_view(visitor, self.store.settings, self.version)


def _clients(call: Call) -> object:
    return [_client(call)]


def _client(call: Call) -> JsonObject:
    return {
        "id": call.store.settings.account, "name": "Sandbox", "accountExpiry": "2099-01-01T00:00:00",
        "trackingCode": "T-1", "domains": ["shop.example"],
    }  # fmt: skip


def _counts(call: Call) -> object:
    counts = Counter(each.type for each in call.store.visitors.values())
    return [{"type": name, "leads": counts[name]} for name in call.store.settings.types]


def _latest(call: Call) -> object:
    minutes, count = call.number("minutes", _MOST_MINUTES), call.number("count", call.store.settings.most)
    end = call.store.now() + timedelta(seconds=1)
    return [call.show(each) for each in call.store.last_visited(end - timedelta(minutes=minutes), end)[:count]]


def _by_date(call: Call) -> object:
    kind, start, end = call.ids["type"], call.date("start"), call.date("end")
    if kind not in call.store.settings.types:
        raise invalid(type="is not a type of leads")
    if start > end:
        raise invalid(startDate="is after the end")
    page, take = call.number("page", 1_000_000), call.number("take", call.store.settings.most)
    found = [each for each in call.store.last_visited(start, end) if each.type == kind]
    shown = [call.show(each) for each in found[(page - 1) * take : page * take]]
    return paged(shown, len(found), page, take)


def _tracked_links(call: Call) -> object:
    process_id, visits = call.store.hand_out(call.number("take", call.store.settings.most))
    return {"processId": process_id, "trackedLinks": visits}


_TYPE_NAMES = (
    *("lead", "competitor", "customer", "qualified", "partner", "contact", "supplier", "isp"),
    *("custom1", "custom2", "custom3"),
)

_OF_CLIENT = "/leads/client/{client}"
#: Path templates of the calls, all of them GET, and what they answer.
CALLS: Mapping[str, Callable[[Call], object]] = {
    "/leads/clients": _clients,
    "/leads/clients/{client}": _client,
    "/leads/settings/leadtypes": lambda call: list(call.store.settings.types),
    "/leads/settings/leadtypenames/{client}": lambda _: {
        name: {"show": True, "name": name.title()} for name in _TYPE_NAMES
    },
    f"{_OF_CLIENT}/leads/types": _counts,
    f"{_OF_CLIENT}/latestleads/{{minutes}}/{{count}}": _latest,
    f"{_OF_CLIENT}/leads/{{type}}/{{start}}/{{end}}/{{page}}/{{take}}": _by_date,
    f"{_OF_CLIENT}/lead/{{lead}}": lambda call: call.show(call.visitor()),
    f"{_OF_CLIENT}/company/{{lead}}": lambda call: company_view(call.visitor()),
    f"{_OF_CLIENT}/trackedlinks/{{take}}": _tracked_links,
    f"{_OF_CLIENT}/trackedlinks/markprocessed/{{process}}": lambda call: call.store.acknowledge(call.guid("process")),
}

_PATTERNS = {
    template: re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))) for template in CALLS
}


def find(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The template of a path, and its decoded parts. Raises `NoSuchCall`."""
    for template, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(path):
            if method != "GET":
                raise NoSuchCall(405)
            return template, {name: unquote(text) for name, text in found.groupdict().items()}
    raise NoSuchCall


def perform(template: str, call: Call) -> LeadsAnswer:
    """Carry a call out. Raises `LeadsError`."""
    if "client" in call.ids and call.guid("client") != call.store.settings.account:
        raise LeadsError(404, "The client does not exist.")
    return json_answer(CALLS[template](call))
