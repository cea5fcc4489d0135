"""Visits of the website on a simulated day: companies view pages, and people promote some of them to leads."""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from connector.dataverse.choices import InteractionType, Operation
from connector.dataverse.names import Interaction, Job, Lead, Visitor, lookup_value
from connector.sync.visitors.columns import written
from sandbox.leads.fixtures import add_visitors, add_visits
from tests.unit.sync.consent_person import Person

if TYPE_CHECKING:
    from tests.faults.days.days import Days

#: Companies that visit the website; the first is an internet provider, which is left out.
COMPANIES: Final = 6
PROVIDER: Final = 0
#: The most pages of one visit.
PAGES: Final = 3
#: The score from which a visitor is hot, as the app has it.
HOT: Final = 100


@dataclass(slots=True)
class VisitingCompany:
    """A company, as Spotler Leads knows it."""

    number: int
    first_visit: datetime
    last_visit: datetime
    score: int = 0
    pages: int = 0

    @property
    def id(self) -> str:
        """In Spotler Leads."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"company {self.number}"))


def visit(days: "Days", _: Person) -> None:
    """A company comes, or comes again, and views some pages."""
    days.two.tick()
    number, now = days.chance.randrange(COMPANIES), days.two.now()
    company = days.companies.setdefault(number, VisitingCompany(number, now, now))
    company.last_visit, company.score = now, company.score + days.chance.randint(1, 40)
    views = [{"visitor": company.id, "link": f"page {days.number()}"} for _ in range(days.chance.randint(1, PAGES))]
    company.pages += len(views)
    shown = {
        "id": company.id,
        "name": f"company {number}",
        "type": "Isp" if number == PROVIDER else "Lead",
        "score": company.score,
        "first_visit": company.first_visit.isoformat(),
        "last_visit": now.isoformat(),
    }
    store = days.two.systems.leads.store
    add_visitors(store, json.dumps({"visitors": [shown]}).encode())
    add_visits(store, json.dumps({"visits": views}).encode())


def promote(days: "Days", _: Person) -> None:
    """Somebody orders that a visitor becomes a lead, perhaps one that is a lead already."""
    rows = sorted(days.two.systems.rows(Visitor.TABLE), key=lambda row: str(row[Visitor.EXTERNAL_ID]))
    if rows:
        bind = f"/{Visitor.SET}({days.chance.choice(rows)[Visitor.ID]})"
        order = {Job.NAME: "Promote", Job.OPERATION: Operation.PROMOTE_VISITOR.value}
        days.two.create(Job.TABLE, Job.SET, {**order, f"{Job.VISITOR_NAVIGATION}@odata.bind": bind})


def of_the_website(days: "Days") -> Iterator[str]:
    """Every company has one row, every page that it viewed one interaction, and a promoted one has one lead."""
    systems = days.two.systems
    if left := systems.leads.store.unacknowledged:
        yield f"{len(left)} page views wait in Spotler Leads"
    rows = {str(row[Visitor.EXTERNAL_ID]): row for row in systems.rows(Visitor.TABLE)}
    if len(rows) != len(systems.rows(Visitor.TABLE)):
        yield "a company has two rows of Website Visitor"
    views = Counter(
        str(row.get(lookup_value(Interaction.VISITOR)))
        for row in systems.rows(Interaction.TABLE)
        if row[Interaction.TYPE] == InteractionType.WEBSITE_VISIT
    )
    wanted = {each.id: each for each in days.companies.values() if each.number != PROVIDER}
    if rows.keys() != wanted.keys():
        yield f"visitors are too many: {sorted(rows.keys() - wanted.keys())}, or missing: {wanted.keys() - rows.keys()}"
    for key in rows.keys() & wanted.keys():
        company, row = wanted[key], rows[key]
        found = views[str(row[Visitor.ID])], row.get(Visitor.VISITS)
        if found != (company.pages, company.pages):
            yield f"company {company.number} has and shows {found} of {company.pages} page views"
        shown = row.get(Visitor.RATING), row.get(Visitor.HOT), row.get(Visitor.LAST_VISIT)
        if shown != (company.score, company.score >= HOT, written(company.last_visit)):
            yield f"company {company.number} shows {shown}"
    promoted = {row[lookup_value(Visitor.LEAD)] for row in rows.values() if row.get(lookup_value(Visitor.LEAD))}
    if (made := {row[Lead.ID] for row in systems.rows(Lead.TABLE)}) != promoted:
        yield f"there are {len(made)} leads of {len(promoted)} promoted visitors"
