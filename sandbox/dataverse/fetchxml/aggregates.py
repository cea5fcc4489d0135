"""Aggregates: rows counted and summed, by groups."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.annotations import FORMATTED, formatted
from sandbox.dataverse.fetchxml.assumptions import Assumptions
from sandbox.dataverse.fetchxml.calendars import start_of
from sandbox.dataverse.fetchxml.fields import DATES, LABELLED, Field, find_field, label_of
from sandbox.dataverse.fetchxml.links import Combination, Joined
from sandbox.dataverse.fetchxml.perspective import Perspective
from sandbox.dataverse.fetchxml.planning import Plan
from sandbox.dataverse.fetchxml.query import FetchAttribute
from sandbox.dataverse.fetchxml.refusals import (
    AGGREGATE_LIMIT,
    AGGREGATE_ORDER_BY_ATTRIBUTE,
    AGGREGATE_ORDER_NEEDS_ALIAS,
    CHOICES_NOT_HERE,
    GROUP_AND_AGGREGATE,
    NEEDS_AGGREGATE,
    NEEDS_ALIAS,
    UNKNOWN_ALIAS,
    WRONG_DATE_GROUPING,
    WRONG_FUNCTION,
    refuse,
)
from sandbox.dataverse.literals import NUMBERS
from sandbox.dataverse.store import Store
from sandbox.dataverse.values import JsonObject, Scalar, SortKey, sort_key

#: What is computed of the values of a group that are not null.
type Function = Callable[[list[Scalar]], Scalar]

_WHOLE: Final = frozenset({Kind.INTEGER, Kind.BIG_INTEGER})


def _average(values: list[Scalar]) -> Scalar:
    if not values:
        return None
    mean = sum(values) / len(values)  # type: ignore[arg-type]
    return int(mean) if all(isinstance(each, int) for each in values) else mean


_FUNCTIONS: Final[dict[str, Function]] = {
    "count": len,
    "countcolumn": len,
    "sum": sum,  # type: ignore[dict-item]
    "avg": _average,
    "min": lambda values: min(values, default=None),  # type: ignore[type-var]
    "max": lambda values: max(values, default=None),  # type: ignore[type-var]
}
_FOR_NUMBERS: Final = frozenset({"sum", "avg"})
_FOR_ORDERED: Final = frozenset({"min", "max"})


def _week(who: Perspective, moment: datetime) -> int:
    """The week of the year; the first one begins on 1 January, whatever day that is."""
    day = moment.date()
    first = start_of(day.replace(month=1, day=1), "weeks", who.first_week_day)
    return (day - first).days // 7 + 1


_PARTS: Final[dict[str, Callable[[Perspective, datetime], int]]] = {
    "day": lambda _, moment: moment.day,
    "week": _week,
    "month": lambda _, moment: moment.month,
    "quarter": lambda _, moment: (moment.month + 2) // 3,
    "year": lambda _, moment: moment.year,
    "fiscal-period": lambda who, moment: who.fiscal.locate(moment.date())[1],
    "fiscal-year": lambda who, moment: who.fiscal.locate(moment.date())[0],
}


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the result: a group, or a function of a column."""

    attribute: FetchAttribute
    table: Joined
    field: Field
    label: Field | None
    who: Perspective

    def read(self, combination: Combination) -> Scalar:
        """The value of a row as it is shown, its part of a date if that is what is grouped."""
        row = combination[self.table.place]
        value = None if row is None else row.values.get(self.field.property)
        part = self.attribute.date_grouping
        if value is None or not part:
            return value
        moment = self.field.local(value)
        return _PARTS[part](self.who, moment if self.attribute.in_user_zone else moment.astimezone(UTC))

    def group(self, combination: Combination) -> Scalar:
        """What makes rows one group: text without case."""
        row = combination[self.table.place]
        return self.read(combination) if row is None or self.attribute.date_grouping else self.field.read(row)

    def key(self, first: Combination, value: Scalar) -> SortKey:
        """By what the result is ordered: labels of choices and names behind lookups, else the value."""
        row = first[self.table.place]
        if self.label is not None and row is not None:
            return self.label.key(self.label.read(row))
        return sort_key(value)


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregate query, ready to run.

    Attributes:
        store: names behind lookups.
        columns: of the result.
        orders: columns by which it is ordered, and whether the largest comes first.
        limit: rows that may be evaluated.
        annotations: what is added.
    """

    store: Store
    columns: tuple[_Column, ...]
    orders: tuple[tuple[_Column, bool], ...]
    limit: int
    annotations: frozenset[str]

    def run(self, rows: Iterable[Combination]) -> list[JsonObject]:
        """The rows of the result.

        Raises:
            ApiError: 400 when there are too many rows.
        """
        found = list(islice(rows, self.limit + 1))
        if len(found) > self.limit:
            raise refuse(AGGREGATE_LIMIT, "AggregateQueryRecordLimit exceeded. Cannot perform this operation.")
        grouped = [column for column in self.columns if column.attribute.grouped]
        groups: dict[tuple[Scalar, ...], list[Combination]] = {}
        for each in found:
            groups.setdefault(tuple(column.group(each) for column in grouped), []).append(each)
        if not grouped and not groups:
            groups[()] = []
        results = [(members, self._values(members)) for members in groups.values()]
        for column, descending in reversed(self.orders):
            results.sort(key=lambda result: _result_key(column, *result), reverse=descending)
        return [self._show(members, values) for members, values in results]

    def _values(self, members: list[Combination]) -> dict[str, Scalar]:
        return {column.attribute.alias: _compute(column, members) for column in self.columns}

    def _show(self, members: list[Combination], values: dict[str, Scalar]) -> JsonObject:
        shown: JsonObject = {name: value for name, value in values.items() if value is not None}
        if FORMATTED in self.annotations:
            for column in self.columns:
                row = members[0][column.table.place] if members else None
                if column.label is not None and row is not None:
                    text = formatted(self.store, column.table.model, row, column.field.property)
                    shown |= {f"{column.attribute.alias}@{FORMATTED}": text} if text is not None else {}
        return shown


def _compute(column: _Column, members: list[Combination]) -> Scalar:
    attribute = column.attribute
    if attribute.grouped:
        return column.read(members[0])
    if attribute.aggregate == "count":
        return len(members)
    values: list[Scalar] = [value for value in map(column.read, members) if value is not None]
    if attribute.distinct:
        values = list(dict.fromkeys(values))
    return _FUNCTIONS[attribute.aggregate](values)


def _result_key(column: _Column, members: list[Combination], values: dict[str, Scalar]) -> SortKey:
    value = values[column.attribute.alias]
    return column.key(members[0], value) if members else (1, value)


def make_aggregation(
    store: Store, plan: Plan, who: Perspective, assumptions: Assumptions, annotations: frozenset[str]
) -> Aggregation:
    """Prepare an aggregate.

    Raises:
        ApiError: 400 for a column that is neither aggregated nor grouped, and an order that is not possible.
    """
    columns: dict[str, _Column] = {}
    orders: list[tuple[str, bool]] = []
    for table, entity in zip(plan.tables, plan.entities, strict=True):
        if entity.attributes is None:
            raise refuse(NEEDS_AGGREGATE, "An aggregate names its attributes, each with an alias.")
        for attribute in entity.attributes:
            _check(attribute)
            if attribute.alias in columns:
                raise refuse(NEEDS_ALIAS, f"The alias '{attribute.alias}' is used twice.")
            columns[attribute.alias] = _column(store, table, attribute, who, raw=plan.fetch.raw_order)
        for order in entity.orders:
            if order.attribute:
                raise refuse(AGGREGATE_ORDER_BY_ATTRIBUTE, "An aggregate is ordered by an alias, not by an attribute.")
            if not order.alias:
                raise refuse(AGGREGATE_ORDER_NEEDS_ALIAS, "An order of an aggregate needs an alias.")
            orders.append((order.alias, order.descending))
    for alias, _ in orders:
        if alias not in columns:
            raise refuse(UNKNOWN_ALIAS, f"The alias '{alias}' does not exist in this query.")
    limit = min(plan.fetch.aggregate_limit or assumptions.aggregate_limit, assumptions.aggregate_limit)
    terms = tuple((columns[alias], descending) for alias, descending in orders)
    return Aggregation(store, tuple(columns.values()), terms, limit, annotations)


def _check(attribute: FetchAttribute) -> None:
    name = attribute.name
    if not attribute.alias:
        raise refuse(NEEDS_ALIAS, f"The attribute '{name}' of an aggregate needs an alias.")
    if attribute.aggregate and attribute.grouped:
        raise refuse(GROUP_AND_AGGREGATE, f"The attribute '{name}' is both aggregated and grouped.")
    if not attribute.aggregate and not attribute.grouped:
        raise refuse(NEEDS_AGGREGATE, f"The attribute '{name}' is neither aggregated nor grouped.")


def _column(store: Store, table: Joined, attribute: FetchAttribute, who: Perspective, *, raw: bool) -> _Column:
    field = find_field(store, table.model, attribute.name, who)
    if attribute.grouped and field.kind is Kind.CHOICES:
        raise refuse(CHOICES_NOT_HERE, f"To group by '{field.name}', a column of several choices, is not possible.")
    if attribute.date_grouping and not (attribute.grouped and field.kind in DATES):
        raise refuse(WRONG_DATE_GROUPING, f"The attribute '{field.name}' cannot be grouped as a date.")
    ordered = NUMBERS | DATES
    if (attribute.aggregate in _FOR_NUMBERS and field.kind not in NUMBERS) or (
        attribute.aggregate in _FOR_ORDERED and field.kind not in ordered
    ):
        message = f"The function '{attribute.aggregate}' is not for attributes of type '{field.kind}'."
        raise refuse(WRONG_FUNCTION, message)
    is_labelled = attribute.grouped and field.kind in LABELLED and not raw
    return _Column(attribute, table, field, label_of(store, table.model, field.name, who) if is_labelled else None, who)
