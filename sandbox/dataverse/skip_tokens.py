"""The `$skiptoken` of the next page: the values by which the last row shown was ordered."""

import base64
import binascii
import json
from collections.abc import Sequence
from urllib.parse import quote

from sandbox.dataverse.errors import bad_query
from sandbox.dataverse.options import Ordering
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import SortKey, sort_key


def _before(row: Row, keys: list[SortKey], order: int, ordering: Sequence[Ordering]) -> bool:
    """Whether a row stands at or before the place that a token describes."""
    for term, key in zip(ordering, keys, strict=True):
        mine = sort_key(row.values.get(term.name))
        if mine != key:
            less: bool = mine < key
            return less is not term.descending
    return row.order <= order


def position_after(rows: list[Row], ordering: Sequence[Ordering], token: str) -> int:
    """Where the next page begins: after the last row shown, even if that row has gone or changed meanwhile."""
    try:
        content = json.loads(base64.urlsafe_b64decode(token))
        keys: list[SortKey] = [(kind, value) for kind, value in content["keys"]]
        order = int(content["order"])
        low, high = 0, len(rows)
        while low < high:
            middle = (low + high) // 2
            if _before(rows[middle], keys, order, ordering):
                low = middle + 1
            else:
                high = middle
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise bad_query("The $skiptoken cannot be read; follow @odata.nextLink as it is.") from None
    return low


def make_token(row: Row, ordering: Sequence[Ordering]) -> str:
    """The token of the page after this row."""
    content = {"keys": [sort_key(row.values.get(term.name)) for term in ordering], "order": row.order}
    return quote(base64.urlsafe_b64encode(json.dumps(content).encode()).decode(), safe="")
