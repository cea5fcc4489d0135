"""Rows by FetchXML, a page at a time.

The cookie of a page says where the next one begins. It comes encoded twice inside of an XML text, and goes back
decoded; the last page has neither a cookie nor the flag that says that more follow.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import quote, unquote

from connector.dataverse.api.answers import rows_of
from connector.dataverse.api.client import Dataverse
from connector.dataverse.api.rows import FORMATTED, LOOKUP_TABLE, Row

_COOKIE: Final = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
_MORE: Final = "Microsoft.Dynamics.CRM.morerecords"
_PAGING_COOKIE: Final = re.compile(r"""\bpagingcookie=("([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """One page.

    Attributes:
        rows: columns without a value are left out of them.
        has_more: whether more follow.
        cookie: where the next page begins; empty where Dataverse says nothing of that.
    """

    rows: list[Row]
    has_more: bool
    cookie: str


def fetch_page(
    dataverse: Dataverse, set_name: str, query: str, *, labels: bool = False, columns: Iterable[str] = ()
) -> FetchedPage:
    """One page of a query.

    Args:
        dataverse: where.
        set_name: of the table of the query.
        query: FetchXML with its page, count and cookie.
        labels: also ask for labels of choices and names behind lookups.
        columns: names that may be mentioned when the query is refused.

    Raises:
        ConnectorError: what Dataverse said.
    """
    wanted = [_COOKIE, _MORE, *((FORMATTED, LOOKUP_TABLE) if labels else ())]
    page = dataverse.read(
        f"{set_name}?fetchXml={quote(query, safe='')}",
        set_name,
        {"Prefer": f'odata.include-annotations="{",".join(wanted)}"'},
        columns,
    )
    more = page.get(f"@{_MORE}")
    return FetchedPage(rows_of(page, set_name), more is True or str(more).lower() == "true", _cookie(page))


def _cookie(page: Row) -> str:
    found = _PAGING_COOKIE.search(str(page.get(f"@{_COOKIE}") or ""))
    return unquote(unquote(unescape(found[2] or found[3] or ""))) if found else ""
