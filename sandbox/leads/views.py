"""What the API shows of a visitor, in the members that its description names."""

from datetime import UTC, datetime

from sandbox.leads.settings import LeadsSettings
from sandbox.leads.store import JsonObject, Visitor

_COMPANY = (
    *("name", "domain", "street", "city", "county", "postCode", "country", "region", "employees", "industries"),
    *("phoneNumber", "companyDescription", "revenue"),
)


def date(moment: datetime) -> str:
    """A date as it travels: in GMT, without an offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def visitor_view(visitor: Visitor, settings: LeadsSettings, version: int) -> JsonObject:
    """A lead of the API."""
    shown: JsonObject = {
        "id": visitor.id,
        "clientId": settings.account,
        "type": visitor.type,
        "status": visitor.status,
        "companyName": visitor.company_name,
        "permaLink": f"https://leads.example/{visitor.id}",
        "emailAddress": visitor.email_address,
        "totalScore": visitor.total_score,
        "todayScore": 0,
        "yesturdayScore": 0,
        "last7DayScore": visitor.total_score,
        "last30DaysScore": visitor.total_score,
        "leadBand": visitor.lead_band,
        "firstVisit": date(visitor.first_visit),
        "lastVisit": date(visitor.last_visit),
        "assignedTo": visitor.assigned_to,
        "assignedDate": None,
        "company": company_view(visitor),
    }
    if version > 1:
        shown["contact"] = visitor.contact
    return shown


def company_view(visitor: Visitor) -> JsonObject:
    """A company of the API."""
    return {name: visitor.company.get(name, [] if name == "industries" else None) for name in _COMPANY}


def paged(items: list[JsonObject], total: int, page: int, take: int) -> JsonObject:
    """One page of a list."""
    pages = -(-total // take)
    first = (page - 1) * take + 1
    return {
        "data": items,
        "pageCount": pages,
        "totalItemCount": total,
        "pageIndex": page - 1,
        "pageNumber": page,
        "pageSize": take,
        "hasPreviousPage": page > 1,
        "hasNextPage": page < pages,
        "isFirstPage": page == 1,
        "isLastPage": page >= pages,
        "firstItemOnPage": first if items else 0,
        "lastItemOnPage": first + len(items) - 1 if items else 0,
    }
