"""The columns of a Website Visitor that follow Spotler Leads."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from connector.dataverse.api import Row
from connector.dataverse.names import Visitor
from connector.dataverse.texts import cut
from connector.spotler import clean_text
from connector.spotler.leads import VisitingCompany

#: The longest texts that the columns take.
LENGTHS: Final[Mapping[str, int]] = {
    Visitor.NAME: 200,
    Visitor.DOMAIN: 255,
    Visitor.CITY: 80,
    Visitor.COUNTRY: 80,
    Visitor.PHONE: 50,
    Visitor.INDUSTRY: 200,
    Visitor.EMPLOYEES: 100,
    Visitor.TYPE: 100,
    Visitor.VISITOR_STATUS: 100,
}
#: The largest whole number of Dataverse.
LARGEST: Final = 2_147_483_647
#: What a visitor is called whose company has no name.
NAMELESS: Final = "Unknown company"


def columns_of(company: VisitingCompany, hot_score: int) -> Row:
    """The columns; of what Spotler Leads does not say there is none, so that the row keeps what it has."""
    texts = {
        Visitor.NAME: company.name or company.domain or NAMELESS,
        Visitor.DOMAIN: company.domain,
        Visitor.CITY: company.city,
        Visitor.COUNTRY: company.country,
        Visitor.PHONE: company.phone,
        Visitor.INDUSTRY: company.industry,
        Visitor.EMPLOYEES: company.employees,
        Visitor.TYPE: company.type,
        Visitor.VISITOR_STATUS: company.status,
    }
    fitting = {column: cut(clean_text(text), LENGTHS[column]).rstrip() for column, text in texts.items()}
    values: dict[str, object] = {column: text for column, text in fitting.items() if text}
    if company.score is not None:
        score = max(-LARGEST, min(company.score, LARGEST))
        values |= {Visitor.RATING: score, Visitor.HOT: score >= hot_score}
    for column, moment in ((Visitor.FIRST_VISIT, company.first_visit), (Visitor.LAST_VISIT, company.last_visit)):
        if moment is not None:
            values[column] = written(moment)
    return values


def changes(row: Row, wanted: Row) -> Row:
    """What really differs from a row."""
    return {column: value for column, value in wanted.items() if row.get(column) != value}


def written(moment: datetime) -> str:
    """A moment as Dataverse writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
