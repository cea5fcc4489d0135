"""Pages: where one begins, what the cookie of the next one says, and how far pages go without cookies.

A cookie has the values of the sort terms and the id of the last row of the query's own table. So a page begins after
that row, even if rows came or went meanwhile; and of a row that was joined with several, those that did not fit on its
page are lost.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from connector.dataverse.schema import Kind
from sandbox.dataverse.fetchxml.assumptions import Assumptions
from sandbox.dataverse.fetchxml.fields import DATES, Field
from sandbox.dataverse.fetchxml.links import Combination
from sandbox.dataverse.fetchxml.ordering import Term
from sandbox.dataverse.fetchxml.query import Fetch
from sandbox.dataverse.fetchxml.refusals import BEYOND_SIMPLE_PAGING, COOKIE_ORDERS, COOKIE_PAGE, INVALID_XML, refuse
from sandbox.dataverse.literals import IDS
from sandbox.dataverse.values import Scalar, SortKey

#: Where the annotation names the page that it belongs to, the first page still names the second one.
_SECOND_PAGE: Final = 2

_ENCODED: Final = re.compile("%[0-9A-F]{2}")

type Position = tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Slice[T]:
    """The rows of one page, and whether more follow."""

    rows: list[T]
    more: bool


def find_position(fetch: Fetch, terms: tuple[Term, ...], *, has_cookies: bool) -> Position | None:
    """After which row the page begins; None when its number decides.

    Raises:
        ApiError: 400 when the cookie cannot be read or belongs to another order.
    """
    if not fetch.cookie:
        return None
    page, position = _read(fetch.cookie, terms)
    if not has_cookies:
        raise refuse(COOKIE_ORDERS, "The order of the query has no paging cookies.")
    return position if fetch.page == page + 1 else None


def cut_page[T](
    rows: Iterable[T], fetch: Fetch, assumptions: Assumptions, *, from_position: bool, has_cookies: bool
) -> Slice[T]:
    """The rows of a page, of rows in their order.

    Raises:
        ApiError: 400 for a page that can only be reached with a cookie.
    """
    if fetch.top is not None:
        return Slice(list(islice(rows, fetch.top)), more=False)
    if from_position:
        found = list(islice(rows, fetch.count + 1))
        return Slice(found[: fetch.count], len(found) > fetch.count)
    start, end = (fetch.page - 1) * fetch.count, fetch.page * fetch.count
    limit = assumptions.simple_paging_limit
    if has_cookies and fetch.page == 1:
        limit = end + 1
    if start >= limit and assumptions.refuses_beyond_limit:
        message = "Paging cookie is required when trying to retrieve a set of records on any high pages."
        raise refuse(BEYOND_SIMPLE_PAGING, message)
    found = list(islice(rows, min(start, limit), min(end + 1, limit)))
    return Slice(found[: fetch.count], len(found) > fetch.count)


def write_cookie(fetch: Fetch, terms: Iterable[Term], page: list[Combination], assumptions: Assumptions) -> str:
    """The annotation with the cookie of the page after this one; its content is encoded twice, as Dataverse does it."""
    parts = "".join(_element(term, page) for term in terms)
    inner = f'<cookie page="{fetch.page}">{parts}</cookie>'
    number = fetch.page + 1 if assumptions.cookie_names_next_page else max(fetch.page, _SECOND_PAGE)
    return f'<cookie pagenumber="{number}" pagingcookie={quoteattr(_encode(_encode(inner)))} istracking="False" />'


def _encode(text: str) -> str:
    """Percent-encoded, with the digits in lower case."""
    return _ENCODED.sub(lambda match: match[0].lower(), quote(text, safe=""))


def _element(term: Term, page: list[Combination]) -> str:
    edges = [("last", term.shown(page[-1])), ("first", term.shown(page[0]))]
    written = (
        f'{name}null="1"' if value is None else f"{name}={quoteattr(_written(term.field, value))}"
        for name, value in edges
    )
    return f"<{term.name} {' '.join(written)} />"


def _written(field: Field, value: Scalar) -> str:
    if field.kind in IDS:
        return f"{{{str(value).upper()}}}"
    return field.local(value).isoformat() if field.kind in DATES and field.kind is not Kind.DATE else str(value)


def _read(cookie: str, terms: tuple[Term, ...]) -> tuple[int, Position]:
    """The page that a cookie comes from, and its last row."""
    try:
        root = ET.fromstring(cookie)  # noqa: S314 - tests talk to themselves
    except ET.ParseError:
        hint = " Decode the paging cookie twice." if unquote(cookie) != cookie else ""
        raise refuse(INVALID_XML, f"Malformed XML in the Paging Cookie.{hint}") from None
    page = root.get("page", "")
    if root.tag != "cookie" or not page.isdigit() or int(page) < 1:
        raise refuse(COOKIE_PAGE, "The page number of the paging cookie is not valid.")
    if [each.tag for each in root] != [term.name for term in terms]:
        raise refuse(COOKIE_ORDERS, "The orders of the query do not match those of the paging cookie.")
    return int(page), tuple(_edge(term, each) for term, each in zip(terms, root, strict=True))


def _edge(term: Term, element: ET.Element) -> SortKey:
    text = element.get("last")
    if text is None and element.get("lastnull") != "1":
        raise refuse(COOKIE_ORDERS, f"The paging cookie has no last value of '{term.name}'.")
    return term.field.key(None if text is None else term.field.value(text))


def distinct_by[T](rows: Iterable[T], key: Callable[[T], object]) -> Iterator[T]:
    """Each row once."""
    seen: set[object] = set()
    for row in rows:
        value = key(row)
        if value not in seen:
            seen.add(value)
            yield row
