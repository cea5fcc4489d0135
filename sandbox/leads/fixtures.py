"""Visitors and visits as tests and people put them in place; what the API would not show is refused."""

import uuid
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sandbox.leads.store import JsonObject, Store, Visitor
from sandbox.leads.views import date


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CompanyFixture(_Strict):
    """The company behind a visitor."""

    name: str | None = None
    domain: str | None = None
    street: str | None = None
    city: str | None = None
    postCode: str | None = None  # noqa: N815 - its name in the API
    country: str | None = None
    employees: str | None = None
    phoneNumber: str | None = None  # noqa: N815
    industries: list[dict[str, str]] = []


class VisitorFixture(_Strict):
    """A visitor; one that is there is replaced."""

    id: uuid.UUID = Field(default_factory=uuid.uuid4)
    type: str = "Lead"
    status: str = "New"
    name: str | None = None
    email: str | None = None
    score: int = 0
    band: str | None = None
    first_visit: AwareDatetime | None = None
    last_visit: AwareDatetime | None = None
    assigned_to: list[str] = []
    company: CompanyFixture = CompanyFixture()
    contact: dict[str, str] | None = None


class VisitFixture(_Strict):
    """A page that a visitor viewed."""

    visitor: uuid.UUID
    link: str = ""
    title: str | None = "Home"
    url: str = "https://shop.example/"
    visited: AwareDatetime | None = None
    score: int = 1
    campaign: str | None = None
    email: str | None = None


class Visitors(_Strict):
    """Body of `POST /_sandbox/visitors`."""

    visitors: list[VisitorFixture]


class Visits(_Strict):
    """Body of `POST /_sandbox/visits`; `raw` entries are handed out as they are."""

    visits: list[VisitFixture] = []
    raw: list[JsonObject] = []


def add_visitors(store: Store, body: bytes) -> object:
    """Put visitors in place; their ids. Raises `ValueError` for wrong input."""
    wanted = Visitors.model_validate_json(body).visitors
    for each in wanted:
        if each.type not in store.settings.types:
            raise ValueError(f"{each.type} is no type of leads")
        last = each.last_visit or store.now()
        store.add_visitor(
            Visitor(
                id=str(each.id),
                type=each.type,
                status=each.status,
                company_name=each.name,
                email_address=each.email,
                total_score=each.score,
                lead_band=each.band,
                first_visit=(each.first_visit or last).astimezone(UTC),
                last_visit=last.astimezone(UTC),
                assigned_to=[{"name": "A User", "emailAddress": address} for address in each.assigned_to],
                company={"name": each.name, **each.company.model_dump(exclude_none=True)},
                contact=dict(each.contact) if each.contact else None,
            )
        )
    return {"ids": [str(each.id) for each in wanted]}


def add_visits(store: Store, body: bytes) -> object:
    """Let pages be viewed; how many wait now. Raises `ValueError` for wrong input."""
    wanted = Visits.model_validate_json(body)
    for each in wanted.visits:
        at = (each.visited or store.now()).astimezone(UTC)
        visitor = store.visitors.get(str(each.visitor))
        if visitor is not None:
            visitor.last_visit = max(visitor.last_visit, at)
        store.add_visits([_visit(each, at)])
    store.add_visits(wanted.raw)
    return {"waiting": len(store.unacknowledged)}


def _visit(visit: VisitFixture, at: datetime) -> JsonObject:
    return {
        "linkId": visit.link or str(uuid.uuid4()),
        "title": visit.title,
        "url": visit.url,
        "categories": [],
        "visited": date(at),
        "pageType": "Page",
        "pageScore": visit.score,
        "leadId": str(visit.visitor),
        "refererUrl": None,
        "webBrowser": "Firefox",
        "campaign": visit.campaign,
        "source": None,
        "medium": None,
        "term": None,
        "emailAddress": visit.email,
        "contactId": None,
        "personId": 0,
        "crmPersonId": None,
        "crmType": None,
        "crmAccountId": None,
        "custom1": None,
        "custom2": None,
        "custom3": None,
    }
