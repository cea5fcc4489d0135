"""FetchXML, run: rows of one table, joined with others, a page at a time with a paging cookie."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from connector.dataverse.schema import Column, Kind
from sandbox.dataverse.annotations import annotate
from sandbox.dataverse.errors import ApiError, bad_query
from sandbox.dataverse.fetch_query import Fetch, FetchCondition, FetchEntity, FetchFilter, FetchLink
from sandbox.dataverse.filters import Predicate, Values
from sandbox.dataverse.literals import Literal, convert
from sandbox.dataverse.model import LOOKUP_KINDS, TableModel, property_name
from sandbox.dataverse.reads import LARGEST_COUNT, sort_key
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import JsonObject, Scalar, fold

#: "The entity with a name = ... was not found."
UNKNOWN_TABLE: Final = "0x80041102"
#: "'...' entity doesn't contain attribute with Name = '...'."
UNKNOWN_COLUMN: Final = "0x80041103"

_SORTED_BY_LABEL: Final = frozenset({*LOOKUP_KINDS, Kind.CHOICE, Kind.CHOICES, Kind.STATE, Kind.STATUS, Kind.YES_NO})


@dataclass(frozen=True, slots=True)
class FetchPage:
    """One page: the rows, whether more follow, the cookie of the next page if there is one, and the total if wanted."""

    rows: list[JsonObject]
    more: bool
    cookie: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class _Joined:
    """A row of the entity, with its partner in each link."""

    row: Row
    partners: dict[str, Row]


@dataclass(frozen=True, slots=True)
class _Columns:
    """What to show of one table: each property with the name it is shown under."""

    alias: str
    names: list[tuple[str, str]]


class Fetcher:
    """Runs FetchXML on the rows in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tables(self, fetch: Fetch) -> list[TableModel]:
        """The tables that a query reads, the one of the entity first.

        Raises:
            ApiError: 400 when there is no such table.
        """
        return [self._model(entity.name) for entity in (fetch.entity, *(link.entity for link in fetch.links))]

    def run(self, fetch: Fetch, annotations: frozenset[str]) -> FetchPage:
        """One page of a query.

        Raises:
            ApiError: 400 when it names an unknown table or column, or an operator that is not supported.
        """
        model = self._model(fetch.entity.name)
        matches = _predicate(model, fetch.entity.filters)
        data = self._store.tables[model.name]
        found: Iterable[_Joined] = (_Joined(row, {}) for row in data.rows.values() if matches(row.values))
        for link in fetch.links:
            found = self._join(model, link, found)
        joined = self._ordered(model, fetch, list(found))
        start = _start(fetch, joined)
        size = fetch.count if fetch.top is None else fetch.top
        page = joined[start : start + size]
        more = fetch.top is None and start + size < len(joined)
        cookie = None
        if more and page and not any(link.entity.orders for link in fetch.links):
            cookie = _cookie(model, fetch.page + 1, page[0].row.id, page[-1].row.id)
        columns = self._columns(model, fetch)
        rows = [self._show(model, columns, one, annotations) for one in page]
        return FetchPage(rows, more, cookie, min(len(joined), LARGEST_COUNT) if fetch.wants_total else None)

    def _join(self, model: TableModel, link: FetchLink, rows: Iterable[_Joined]) -> list[_Joined]:
        other = self._model(link.entity.name)
        source, target = _property(other, link.source), _property(model, link.target)
        matches = _predicate(other, link.entity.filters)
        data = self._store.tables[other.name]
        joined: list[_Joined] = []
        for one in rows:
            value = one.row.values.get(target)
            ids = () if value is None else data.where(source, (fold(value),))
            partners = [row for row in (data.rows[i] for i in ids) if matches(row.values)]
            partners.sort(key=lambda row: row.order)
            if not partners and link.outer:
                joined.append(one)
            joined.extend(_Joined(one.row, {**one.partners, link.alias: partner}) for partner in partners)
        return joined

    def _ordered(self, model: TableModel, fetch: Fetch, rows: list[_Joined]) -> list[_Joined]:
        terms: list[tuple[str | None, str, bool]] = [
            (None, _sortable(model, order.attribute), order.descending) for order in fetch.entity.orders
        ]
        for link in fetch.links:
            other = self._model(link.entity.name)
            terms += [(link.alias, _sortable(other, o.attribute), o.descending) for o in link.entity.orders]
        for alias, name, descending in reversed(terms):
            rows.sort(key=_sort_by(alias, name), reverse=descending)
        return rows

    def _columns(self, model: TableModel, fetch: Fetch) -> list[_Columns]:
        """What to show: of the entity first, then of each link."""
        columns = [_Columns("", _wanted(model, fetch.entity, ""))]
        for link in fetch.links:
            other = self._model(link.entity.name)
            columns.append(_Columns(link.alias, _wanted(other, link.entity, f"{link.alias}.")))
        return columns

    def _show(
        self, model: TableModel, columns: list[_Columns], one: _Joined, annotations: frozenset[str]
    ) -> JsonObject:
        shown: JsonObject = {"@odata.etag": one.row.etag, model.id_column: one.row.id}
        for part in columns:
            row = one.partners.get(part.alias) if part.alias else one.row
            if row is None:
                continue
            for name, title in part.names:
                if (value := row.values.get(name)) is not None:  # nulls are left out, unlike in answers to `$select`
                    shown[title] = value
            if annotations and not part.alias:
                plain = tuple(name for name, title in part.names if title == name)
                shown.update(annotate(self._store, model, row, plain, annotations))
        return shown

    def _model(self, table: str) -> TableModel:
        model = self._store.catalog.table(table)
        if model is None:
            raise ApiError(400, UNKNOWN_TABLE, f"The entity with a name = '{table}' was not found.")
        return model


def _column(model: TableModel, name: str) -> Column:
    column = model.columns.get(name)
    if column is None:
        message = f"'{model.name}' entity doesn't contain attribute with Name = '{name}'."
        raise ApiError(400, UNKNOWN_COLUMN, message)
    return column


def _property(model: TableModel, name: str) -> str:
    return property_name(_column(model, name))


def _sortable(model: TableModel, name: str) -> str:
    """The property to sort by; Dataverse sorts lookups by name and choices by label, which the stand-in does not."""
    if _column(model, name).kind in _SORTED_BY_LABEL:
        raise bad_query(f"To sort by '{name}', a lookup or a choice, is not supported.")
    return _property(model, name)


def _wanted(model: TableModel, entity: FetchEntity, prefix: str) -> list[tuple[str, str]]:
    if entity.attributes is None:
        return [(name, name) for name in model.properties]
    return [
        (_property(model, name), alias or (f"{prefix}{name}" if prefix else _property(model, name)))
        for name, alias in entity.attributes
    ]


def _sort_by(alias: str | None, name: str) -> Callable[[_Joined], tuple[int, Scalar]]:
    def key(one: _Joined) -> tuple[int, Scalar]:
        row = one.row if alias is None else one.partners.get(alias)
        return sort_key(None if row is None else row.values.get(name))

    return key


def _start(fetch: Fetch, rows: list[_Joined]) -> int:
    """Where the page begins: after the row that the cookie names, or by the number of the page."""
    if fetch.last_id is not None:
        for position in range(len(rows) - 1, -1, -1):
            if rows[position].row.id == fetch.last_id:
                return position + 1
    return (fetch.page - 1) * fetch.count


def _cookie(model: TableModel, page: int, first_id: str, last_id: str) -> str:
    """The paging cookie; its content is encoded twice, as Dataverse does it."""
    inner = f'<cookie page="{page - 1}"><{model.id_column} last="{{{last_id}}}" first="{{{first_id}}}" /></cookie>'
    return f'<cookie pagenumber="{page}" pagingcookie={quoteattr(quote(quote(inner)))} istracking="False" />'


def _predicate(model: TableModel, filters: tuple[FetchFilter, ...]) -> Predicate:
    predicates = [_filter(model, each) for each in filters]
    return lambda values: all(matches(values) for matches in predicates)


def _filter(model: TableModel, fetch_filter: FetchFilter) -> Predicate:
    parts = [
        _filter(model, part) if isinstance(part, FetchFilter) else _condition(model, part)
        for part in fetch_filter.parts
    ]
    if fetch_filter.any_of:
        return lambda values: any(matches(values) for matches in parts)
    return lambda values: all(matches(values) for matches in parts)


type _Test = Callable[[Scalar, tuple[Scalar, ...]], bool]


_WILDCARD: Final = re.compile(r"\[(\^?)([^\]]+)\]|.", re.DOTALL)


def _wildcard(match: re.Match[str]) -> str:
    if match[2] is not None:  # a set or a range of characters
        return f"[{match[1]}{re.sub(r'[\\^\[]', r'\\\g<0>', match[2])}]"
    return {"%": ".*", "_": "."}.get(match[0], re.escape(match[0]))


def _like(mine: Scalar, pattern: str) -> bool:
    """Whether a text fits a pattern of T-SQL."""
    return isinstance(mine, str) and re.fullmatch(_WILDCARD.sub(_wildcard, pattern), mine, re.DOTALL) is not None


#: Operators on a value that is there; nulls satisfy only those that are negations.
_TESTS: Final[dict[str, _Test]] = {
    "eq": lambda mine, wanted: mine == wanted[0],
    "in": lambda mine, wanted: mine in wanted,
    "gt": lambda mine, wanted: mine > wanted[0],  # type: ignore[operator]
    "ge": lambda mine, wanted: mine >= wanted[0],  # type: ignore[operator]
    "lt": lambda mine, wanted: mine < wanted[0],  # type: ignore[operator]
    "le": lambda mine, wanted: mine <= wanted[0],  # type: ignore[operator]
    "like": lambda mine, wanted: _like(mine, str(wanted[0])),
    # Wildcards stay active in the values of these two.
    "begins-with": lambda mine, wanted: _like(mine, f"{wanted[0]}%"),
    "ends-with": lambda mine, wanted: _like(mine, f"%{wanted[0]}"),
}
_NEGATIONS: Final = {
    "ne": "eq",
    "neq": "eq",
    "not-in": "in",
    "not-like": "like",
    "not-begin-with": "begins-with",
    "not-end-with": "ends-with",
}


def _condition(model: TableModel, condition: FetchCondition) -> Predicate:
    column = _column(model, condition.attribute)
    name = property_name(column)
    operator = condition.operator
    if operator in ("null", "not-null"):
        if condition.values:
            raise bad_query(f"The condition operator '{operator}' takes no value.")
        wants_null = operator == "null"
        return lambda values: (values.get(name) is None) is wants_null
    test = _TESTS.get(_NEGATIONS.get(operator, operator))
    if test is None:
        raise bad_query(f"The condition operator '{operator}' is not supported.")
    if len(condition.values) != 1 and not (condition.values and operator in ("in", "not-in")):
        raise bad_query(f"The condition operator '{operator}' on '{condition.attribute}' needs one value.")
    if column.kind is Kind.CHOICES:
        raise bad_query(f"The condition operator '{operator}' on '{condition.attribute}' is not supported.")
    wanted = tuple(fold(convert(Literal("item", text), column.kind, name)) for text in condition.values)
    negated = operator in _NEGATIONS

    def matches(values: Values) -> bool:
        mine = fold(values.get(name))
        return negated if mine is None else test(mine, wanted) is not negated

    return matches
