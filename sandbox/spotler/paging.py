"""Pages: `after` is an offset and not a cursor, and `paging.after` is the offset of the next page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.spotler.auth import percent_encoded
from sandbox.spotler.errors import invalid

DEFAULT_PAGE_SIZE = 1000
MAX_PAGE_SIZE = 10000
#: The mailing histories of a contact have pages of this size, whatever is asked for.
HISTORY_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a list that a call asks for."""

    after: int
    size: int

    def of[T](self, records: Sequence[T]) -> Sequence[T]:
        """Cut it out."""
        return records[self.after : self.after + self.size]

    def described(self, total: int, url: str, query: Mapping[str, str]) -> dict[str, object]:
        """The member `paging`: the last page has no `next`.

        `next` is absolute and holds the query as it came, but for `after` and the OAuth parameters.
        """
        following = min(self.after + self.size, max(total, self.after))
        if following >= total:
            return {"after": following}
        kept = {name: value for name, value in query.items() if not name.startswith("oauth_")}
        kept["after"] = str(following)
        parameters = "&".join(f"{percent_encoded(n)}={percent_encoded(v)}" for n, v in kept.items())
        return {"next": f"{url}?{parameters}", "after": following}


def requested_page(query: Mapping[str, str], *, size_required: bool = False) -> Page:
    """The page that a query asks for. Raises `ApiError` 400."""
    if size_required and not query.get("pageSize"):
        raise invalid("pageSize is missing")
    size = _number(query, "pageSize", default=DEFAULT_PAGE_SIZE, least=1)
    return Page(_number(query, "after", default=0, least=0), min(size, MAX_PAGE_SIZE))


def requested_history_page(query: Mapping[str, str]) -> Page:
    """The same for lists whose page size is fixed."""
    return Page(_number(query, "after", default=0, least=0), HISTORY_PAGE_SIZE)


def _number(query: Mapping[str, str], name: str, *, default: int, least: int) -> int:
    text = query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < len(str(2**31))) or int(text) < least:
        raise invalid(f"{name} must be a whole number of at least {least}")
    return int(text)
