"""From the JSON of Spotler Leads to the connector's values. What lacks its id or its moment cannot be read."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from connector.spotler.leads.errors import LeadsAnswerUnreadable
from connector.spotler.leads.models import PageView, ViewBlock, VisitingCompany
from connector.spotler.wire import Json, as_object, int_of, objects, text_of

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def read_visitor(source: Json) -> VisitingCompany:
    """A visitor.

    Raises:
        ValueError: it has no id.
    """
    company = as_object(source.get("company"))
    return VisitingCompany(
        id=_guid(source, "id"),
        type=_text(source, "type"),
        status=_text(source, "status"),
        name=_text(source, "companyName") or _text(company, "name"),
        domain=_text(company, "domain"),
        score=int_of(source, "totalScore"),
        first_visit=read_moment(source.get("firstVisit")),
        last_visit=read_moment(source.get("lastVisit")),
        assigned_to=tuple(
            address for each in objects(source.get("assignedTo")) if (address := text_of(each, "emailAddress"))
        ),
        city=_text(company, "city"),
        country=_text(company, "country"),
        phone=_text(company, "phoneNumber"),
        industry=next((_text(each, "name") for each in objects(company.get("industries"))), ""),
        employees=_text(company, "employees"),
    )


def read_block(body: object) -> ViewBlock:
    """A block of page views.

    Raises:
        Transient: this is none.
    """
    source = as_object(body)
    listed = source.get("trackedLinks")
    process_id = text_of(source, "processId") or ""
    if not isinstance(listed, list) or (listed and not process_id):
        raise LeadsAnswerUnreadable
    views, malformed = list[PageView](), 0
    for each in listed:
        try:
            views.append(_read_view(as_object(each)))
        except ValueError:
            malformed += 1
    return ViewBlock(process_id, tuple(views), malformed)


def read_moment(value: object) -> datetime | None:
    """A moment in UTC: without an offset it is in GMT. None for anything else."""
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def page_of(body: object) -> tuple[list[Mapping[str, object]], bool]:
    """The entries of a page, and whether another one follows.

    Raises:
        Transient: this is no page. One that is misread as empty would lose visitors.
    """
    source = as_object(body)
    listed = source.get("data")
    if not isinstance(listed, list) or (listed and not any(isinstance(each, dict) for each in listed)):
        raise LeadsAnswerUnreadable
    follows = source.get("hasNextPage")
    if not isinstance(follows, bool):
        raise LeadsAnswerUnreadable
    return [as_object(each) for each in listed], follows and bool(listed)


def _read_view(source: Json) -> PageView:
    link, visited = text_of(source, "linkId"), read_moment(source.get("visited"))
    if link is None or visited is None:
        raise ValueError("a page view without an id or a moment")
    visitor = _guid(source, "leadId")
    text = f"{visitor}|{link}|{visited.isoformat()}"
    return PageView(
        key=hashlib.sha256(text.encode(errors="replace")).hexdigest()[:40],
        visitor=visitor,
        visited=visited,
        title=_text(source, "title"),
        url=_address(_text(source, "url")),
        campaign=_text(source, "campaign"),
    )


def _address(text: str) -> str:
    """The address of a page without user, query and fragment; empty for anything but a page of the web."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _text(source: Json, name: str) -> str:
    return (text_of(source, name) or "").strip()


def _guid(source: Json, name: str) -> str:
    text = _text(source, name).lower()
    if not _GUID.fullmatch(text):
        raise ValueError(f"{name} is not a GUID")
    return text
