"""The row of each new subscriber: one that exists, or a new one.

The id of a new row follows from Spotler's own id of the contact. So a subscriber that comes again, after a crash or
with a later change, finds the row that was made before, and no second one is made.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from typing import Final
from uuid import UUID, uuid5

from connector.dataverse.api import Dataverse, Row, filters
from connector.dataverse.names import Flags
from connector.dataverse.schema.model import Column, Kind
from connector.mapping.inward import InwardPlan, InwardValue
from connector.spotler import Fields, SpotlerContact, name_key
from connector.sync.newcomers.target import Target

#: Makes the ids of rows; never changed, or a subscriber could get a second row.
_NAMESPACE: Final = UUID("0f6b1a52-6c0e-5d0b-8a37-3d6e0c7b9a41")
#: Where the local part of an address ends.
_AT: Final = "@"


class RowOrigin(Enum):
    """How a row belongs to a subscriber."""

    NEW = auto()
    OWN = auto()  # it was made for this subscriber before
    MATCH = auto()  # it existed, and is the same person by the matching columns


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A new subscriber.

    Attributes:
        contact: as Spotler has it.
        address: the e-mail address.
        own_id: the id of the row that is made for it.
        values: what Spotler has for each column of a new row.
    """

    contact: SpotlerContact
    address: str
    own_id: str
    values: Mapping[str, InwardValue]

    def key(self, columns: Sequence[str]) -> tuple[object, ...] | None:
        """The values of these columns as they are compared; None if one is missing."""
        values = [each.value if (each := self.values.get(column)) else None for column in columns]
        return None if None in values else tuple(map(_comparable, values))


@dataclass(frozen=True, slots=True)
class Place:
    """The row of a subscriber.

    Attributes:
        row_id: its id.
        row: its columns as they were read; empty where it does not exist yet.
        others: how many other rows match too.
    """

    row_id: str
    origin: RowOrigin
    row: Row
    others: int = 0


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A subscriber with its row, and everybody who has its address in Spotler."""

    subscriber: Subscriber
    place: Place
    holders: Sequence[SpotlerContact]

    @property
    def row_id(self) -> str:
        """The id of its row."""
        return self.place.row_id


def own_id(target: Target, contact: SpotlerContact) -> str:
    """The id of the row that is made for a contact."""
    identity = contact.encrypted_id or f"{name_key(contact.email or '')}|{contact.created}"
    return str(uuid5(_NAMESPACE, f"{target.table}|{identity}"))


def find_places(
    dataverse: Dataverse, target: Target, select: Iterable[str], subscribers: Sequence[Subscriber]
) -> dict[str, Place | None]:
    """The row of each subscriber, by the id of its own row; None where that one was deactivated.

    Args:
        dataverse: where.
        target: the table.
        select: columns to read of existing rows.
        subscribers: no two of them may match one another.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    state = (Flags.STATE,) if Flags.STATE in target.columns else ()
    columns = tuple(dict.fromkeys((target.id_column, *state, *select)))
    rows = dataverse.query(
        target.set_name,
        select=columns,
        filter=filters.in_(target.id_column, [each.own_id for each in subscribers]),
        annotations=True,
    )
    own = {str(row[target.id_column]).lower(): row for row in rows}
    places: dict[str, Place | None] = {}
    for key, row in own.items():
        places[key] = Place(key, RowOrigin.OWN, row) if row.get(Flags.STATE, 0) == 0 else None
    for match in target.match:
        open_ones = [each for each in subscribers if each.own_id not in places and each.key(match)]
        if open_ones:
            places |= _matching(dataverse, target, (*columns, *match, _MODIFIED_ON), match, open_ones)
    for each in subscribers:
        places.setdefault(each.own_id, Place(each.own_id, RowOrigin.NEW, {}))
    return places


def new_row(target: Target, subscriber: Subscriber, topic: str) -> dict[str, object]:
    """The columns of a new row: what can be converted, and what Dataverse requires."""
    values = {column: each.value for column, each in subscriber.values.items() if not each.warning}
    for column in target.required:
        if values.get(column) is None:
            text = topic if column == _TOPIC else subscriber.address.partition(_AT)[0]
            values[column] = text[: target.columns[column].length] if column in target.columns else text
    return {column: value for column, value in values.items() if value is not None}


def changes_of(plan: InwardPlan, fields: Fields, subscriber: Subscriber, place: Place) -> Row:
    """What Spotler may write into a row that exists, has a value for, and has otherwise."""
    if not place.row:
        return {}
    sent = plan.sent(place.row, fields)
    return {
        column: each.value
        for column, each in plan.values(subscriber.contact, fields).items()
        if not each.warning and each.value is not None and each.arrives != sent.get(column)
    }


def lacking_of(plan: InwardPlan, fields: Fields, subscriber: Subscriber, place: Place) -> dict[str, object]:
    """The two-way values that a row has and Spotler lacks, by field."""
    if not place.row:
        return {}
    sent = plan.sent(place.row, fields)
    return {
        each.field: sent[column]
        for column, each in plan.values(subscriber.contact, fields).items()
        if column in plan.two_way and each.value is None and not each.warning and sent.get(column)
    }


def _matching(
    dataverse: Dataverse,
    target: Target,
    columns: Sequence[str],
    match: Sequence[str],
    subscribers: Sequence[Subscriber],
) -> dict[str, Place | None]:
    """The newest active row that matches each subscriber; never one that is deactivated."""
    rows = dataverse.query(
        target.set_name,
        select=tuple(dict.fromkeys(columns)),
        filter=filters.and_(
            filters.eq(Flags.STATE, 0),
            filters.or_(*(f"({_condition(target, match, each)})" for each in subscribers)),
        ),
        annotations=True,
    )
    found: defaultdict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(row.get(_MODIFIED_ON) or ""), reverse=True):
        found[tuple(_comparable(row.get(name)) for name in match)].append(row)
    places: dict[str, Place | None] = {}
    for each in subscribers:
        if matching := found.get(each.key(match) or ()):
            newest = matching[0]
            row_id = str(newest[target.id_column]).lower()
            places[each.own_id] = Place(row_id, RowOrigin.MATCH, newest, len(matching) - 1)
    return places


def _condition(target: Target, match: Sequence[str], subscriber: Subscriber) -> str:
    return filters.and_(*(filters.eq(name, _literal(target.columns[name], subscriber)) for name in match))


def _literal(column: Column, subscriber: Subscriber) -> filters.Value:
    """The value of a column for a filter: a date is not written as text is."""
    value = subscriber.values[column.name].value
    if isinstance(value, str) and column.kind is Kind.DATE:
        return date.fromisoformat(value)
    if isinstance(value, str) and column.kind in (Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE):
        return datetime.fromisoformat(value)
    return value


def _comparable(value: object) -> object:
    """Texts that differ only in case and blanks are the same, as they are in Dataverse."""
    return name_key(value) if isinstance(value, str) else value


_MODIFIED_ON: Final = "modifiedon"
_TOPIC: Final = "subject"
