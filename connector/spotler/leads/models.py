"""What Spotler Leads answers, as far as the connector uses it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class VisitingCompany:
    """A visitor: a lead of the API. Personal data of contacts is not read.

    Attributes:
        id: the GUID of the visitor.
        type: as Spotler Leads calls it: Lead, Customer, Isp, ContactLead.
        status: as a user has set it there.
        score: the total score; None if there is none.
        first_visit: in UTC.
        last_visit: in UTC.
        assigned_to: e-mail addresses of the users that it is assigned to.
    """

    id: str
    type: str = ""
    status: str = ""
    name: str = ""
    domain: str = ""
    score: int | None = None
    first_visit: datetime | None = None
    last_visit: datetime | None = None
    assigned_to: tuple[str, ...] = ()
    city: str = ""
    country: str = ""
    phone: str = ""
    industry: str = ""
    employees: str = ""


@dataclass(frozen=True, slots=True)
class PageView:
    """One page that a visitor viewed.

    Attributes:
        key: the same for the same view of the same page.
        visitor: the id of the visitor.
        visited: when, in UTC.
        url: without its query and fragment, which may hold personal data.
    """

    key: str
    visitor: str
    visited: datetime
    title: str = ""
    url: str = ""
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class ViewBlock:
    """A block of page views that was handed out.

    Attributes:
        process_id: by which it is acknowledged.
        views: those that can be read.
        malformed: how many cannot be.
    """

    process_id: str
    views: tuple[PageView, ...]
    malformed: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is waiting."""
        return not self.views and not self.malformed
