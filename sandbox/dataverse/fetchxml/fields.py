"""Columns as conditions, orders and groups see them: how to read them, convert values to them, and sort them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.annotations import formatted
from sandbox.dataverse.fetchxml.perspective import Perspective
from sandbox.dataverse.fetchxml.refusals import INVALID_VALUE, refuse, unknown_column
from sandbox.dataverse.guids import guid_key
from sandbox.dataverse.literals import IDS, NUMBERS, OPTIONS, value_of
from sandbox.dataverse.model import LOOKUP_KINDS, TableModel, property_name
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Scalar, SortKey, fold, stamp

TEXTS: Final = frozenset({Kind.TEXT, Kind.MEMO})
DATES: Final = frozenset({Kind.DATE, Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE})
#: Types that have a label in place of their value.
LABELLED: Final = frozenset({*LOOKUP_KINDS, *OPTIONS, Kind.YES_NO})


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table.

    Attributes:
        table: the table.
        name: the column.
        kind: its type.
        property: the property of the row that has it; empty for the label of another column.
        show: its value.
        read: its value in the form in which values are compared.
        who: the caller, in whose time zone values are read.
    """

    table: str
    name: str
    kind: Kind
    property: str
    show: Callable[[Row], Scalar]
    read: Callable[[Row], Scalar]
    who: Perspective

    def value(self, text: str) -> Scalar:
        """The value that a text of a query means to this column.

        Raises:
            ApiError: 400 when it means none.
        """
        value: Scalar
        if self.kind in DATES:
            value = self._moment(text)
        else:
            value = value_of(text.strip("{}") if self.kind in IDS else text, self.kind)
            if self.kind in NUMBERS | OPTIONS and not (isinstance(value, int | float) and isfinite(value)):
                value = None
            if self.kind in OPTIONS and not isinstance(value, int):
                value = None
        if value is None:
            message = f"The value '{text}' is not valid for the attribute '{self.name}' of type '{self.kind}'."
            raise refuse(INVALID_VALUE, message)
        return fold(value) if self.kind in TEXTS else value

    def moment(self, text: str) -> datetime:
        """The moment that a text means; without an offset it is the caller's local time.

        Raises:
            ApiError: 400 when it means none.
        """
        try:
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=self.who.zone)
        except ValueError:
            raise refuse(INVALID_VALUE, f"The value '{text}' is not a date of '{self.name}'.") from None

    def stored(self, moment: datetime) -> str:
        """A moment as texts of `comparable` have it: local time, except for columns that are kept in UTC."""
        if self.kind is Kind.DATE_TIME:
            return stamp(moment.astimezone(UTC))
        return stamp(moment.astimezone(self.who.zone))

    def comparable(self, value: Scalar) -> str:
        """The text of a date that can be compared with `stored`: a day counts as its midnight."""
        return f"{value}T00:00:00Z" if self.kind is Kind.DATE else str(value)

    def local(self, value: Scalar) -> datetime:
        """The local time of a stored date."""
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(self.who.zone) if self.kind is Kind.DATE_TIME else moment

    def key(self, value: Scalar) -> SortKey:
        """By what its values are ordered: nulls first, guids as SQL Server does it."""
        if value is None:
            return (0, "")
        return (1, guid_key(str(value)) if self.kind in IDS else value)

    def _moment(self, text: str) -> str | None:
        moment = self.moment(text)
        if self.kind is Kind.DATE_TIME:
            return stamp(moment.astimezone(UTC))
        # What belongs to no time zone is compared as it is written.
        return moment.date().isoformat() if self.kind is Kind.DATE else stamp(moment)


def find_field(store: Store, model: TableModel, name: str, who: Perspective) -> Field:
    """A column by its name; `<column>name` is the label of a choice, and the name behind a lookup.

    Raises:
        ApiError: 400 when there is no such column.
    """
    column = model.columns.get(name)
    if column is not None:
        prop = property_name(column)
        return _field(model, name, column.kind, prop, lambda row: row.values.get(prop), who)
    labelled = model.columns.get(name.removesuffix("name"))
    if labelled is None or labelled.kind not in LABELLED or not name.endswith("name"):
        raise unknown_column(model.name, name)
    return label_of(store, model, labelled.name, who)


def label_of(store: Store, model: TableModel, name: str, who: Perspective) -> Field:
    """What people read in place of the value of a column."""
    prop = property_name(model.columns[name])
    return _field(model, f"{name}name", Kind.TEXT, "", lambda row: formatted(store, model, row, prop), who)


def _field(
    model: TableModel, name: str, kind: Kind, prop: str, show: Callable[[Row], Scalar], who: Perspective
) -> Field:
    read = (lambda row: fold(show(row))) if kind in TEXTS else show
    return Field(model.name, name, kind, prop, show, read, who)
