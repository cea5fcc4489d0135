"""Reading a long list page by page.

Spotler pages by offset: `after` is the number of records to skip. A list comes as an envelope with `paging`, or bare.

    fetch(after) ─► page ─┬─ empty, without a `next` or for the third time ► end
         ▲                ├─ `paging` without `next` ──────────────────────► end
         │                ├─ no `paging`, and shorter than asked for ───────► end
         │                ├─ the same records as the page before ──────────► Transient: the offset is ignored
         └── next offset ◄┘

A short page with a `next` is not the end, nor is an empty one: the service may filter after it has cut the page.
The price is three more calls if Spotler should always name a `next`; the gain is that nothing is lost.
"""

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

from connector.spotler.calls import list_of
from connector.spotler.errors import SamePageTwice
from connector.spotler.wire import Json, as_object, int_of, text_of

#: Records asked for at once: the documented default; the documented maximum is 10,000.
PAGE_SIZE: Final = 1000
#: Empty pages in a row that are the end of a list, although they name a next one.
EMPTY_PAGES: Final = 3


def records(fetch: Callable[[int], object], name: str, *, page_size: int, after: int = 0) -> Iterator[Json]:
    """All records of a list.

    Args:
        fetch: returns the JSON of the page that begins after so many records.
        name: the member of the envelope that holds the list.
        page_size: the records asked for per page.
        after: how many records are skipped.

    Raises:
        Transient: Spotler sends the same page again and again, or a page that is none.
    """
    before: list[object] = []
    empty = 0
    while True:
        body = fetch(after)
        page = list_of(body, name)
        empty = 0 if page else empty + 1
        if page and page == before:
            raise SamePageTwice
        yield from map(as_object, page)
        following = _following(body, after, len(page), page_size)
        if following is None or empty == EMPTY_PAGES:
            return
        after, before = following, page


def _following(body: object, after: int, count: int, page_size: int) -> int | None:
    """The offset of the next page, or None after the last one. Always larger than the present one."""
    envelope = as_object(body)
    if "paging" not in envelope:
        return after + count if count and count >= page_size else None
    paging = as_object(envelope["paging"])
    link = text_of(paging, "next")
    if link is None:
        return None
    named = int_of(paging, "after") or _after_of(link) or 0
    return named if named > after else after + (count or page_size)


def _after_of(link: str) -> int | None:
    """The offset in the link to the next page. The link itself is not followed: it is not signed, nor ours."""
    try:
        values = parse_qs(urlsplit(link).query).get("after", [])
    except ValueError:
        return None
    return int_of({"after": values[-1]}, "after") if values else None
