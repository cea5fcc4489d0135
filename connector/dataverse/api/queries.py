"""A query for rows, as an address and headers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api.rows import FORMATTED, LOOKUP_TABLE

#: Characters that mean something in a query and need no encoding.
_SAFE: Final = "$,()'/:@=*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The rows of one table that fit.

    Attributes:
        set_name: of the table: "contacts".
        select: columns; lookups as `_x_value`. Without any, Dataverse would send all.
        filter: as `filters` writes it.
        orderby: columns, with " desc" where wanted.
        top: the most rows to return; then there is one page.
        expand: navigation properties, with their own options in brackets.
        annotations: also ask for labels of choices, names behind lookups and the tables they point to.
        page_size: rows per page; Dataverse sends 5000, which is also its maximum.
    """

    set_name: str
    select: Sequence[str]
    filter: str | None = None
    orderby: Sequence[str] = ()
    top: int | None = None
    expand: Sequence[str] = ()
    annotations: bool = False
    page_size: int | None = None

    @property
    def path(self) -> str:
        """The address below the root of the Web API."""
        return f"{self.set_name}?{self.options}"

    @property
    def options(self) -> str:
        """What stands behind the question mark, encoded."""
        options = {
            "$select": ",".join(self.select),
            "$filter": self.filter,
            "$orderby": ",".join(self.orderby),
            "$top": str(self.top) if self.top else None,
            "$expand": ",".join(self.expand),
        }
        return "&".join(
            f"{name}={quote(value, safe=_SAFE, errors='replace')}" for name, value in options.items() if value
        )

    @property
    def headers(self) -> Mapping[str, str]:
        """Preferences, which share one header; they belong on the request for every page."""
        wanted = []
        if self.page_size and not self.top:
            wanted.append(f"odata.maxpagesize={self.page_size}")
        if self.annotations:
            wanted.append(f'odata.include-annotations="{FORMATTED},{LOOKUP_TABLE}"')
        headers = {"Prefer": ",".join(wanted)} if wanted else {}
        if self.expand:
            headers["If-None-Match"] = "null"  # or Dataverse may answer from a cache, with old expanded rows
        return headers
