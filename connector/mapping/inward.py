"""From a Spotler contact to the columns of a Dataverse record.

    inward_plan(mapping, table)         once: which columns a value may come back into
    plan.values(contact, fields)        per contact: the value for each column, or why it cannot be written
    plan.sent(record, fields)           per record: what the same columns say to Spotler, in the same form
    plan.new_values(contact, fields)    for a new record: all mapped columns, and the constants of `$value:` rows

Two values are the same if `InwardValue.arrives` equals what `sent` says of the column: a difference that the column
cannot keep is none, so that nothing is written again and again. `InwardValue.spotler` is what Spotler itself has.
Permissions are not among the values; they have rules of their own (`connector.consent`).

What is lost on the way, by design; everything else that goes out comes back equal, and the reverse:

| Column and field | Out, then in | In, then out |
|---|---|---|
| text, any | blanks and invisible characters at the ends; Unicode becomes NFC | the same |
| text, mobNr or postcode | spaces, brackets and hyphens of a number; lower case of a code | nothing |
| text or choice, gender | the word (`vrouw`) becomes `M` or `F` in a text; another gender is not sent | nothing |
| yes/no, text | nothing | another word (`ja`) becomes `true` or `false` |
| choice(s), text | labels that only differ in case, and choices without a label | upper and lower case of the label |
| choices, text | a semicolon in a label, where its parts are labels too | the order of the labels |
| whole number, text | nothing | a separator between thousands |
| decimal or currency, money | the third decimal and further ones; the currency | nothing |
| moment, date or birthdate | the time of day: it is midnight in the time zone | nothing |
| moment shown as a day, date or birthdate | the time; before 1996 it is two hours after midnight | nothing |
| moment without a zone, date | the time of day: it is midnight | nothing |
| moment without a zone, dateTime | a time that the clocks skip: an hour later | the second of two equal hours |
| date, dateTime | nothing | the time of day |
| moment, dateTime | nothing | fractions of a second |

The pairs that can be mapped are in `connector.mapping.check.CONVERTIBLE`. A value that does not fit (a text that is too
long, a label that is no choice) is left alone with a warning, and never cut.
"""

from collections import abc
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import lru_cache
from typing import Final

from connector.dataverse.api.rows import Row
from connector.dataverse.names import Flags
from connector.dataverse.schema.model import Column
from connector.errors import Invalid
from connector.mapping.columns import Plain
from connector.mapping.draft import Draft, allowed_entries, entries_of
from connector.mapping.model import EMAIL, Direction, Mapping
from connector.mapping.sources import ColumnSource, FixedSource
from connector.mapping.steps import FieldStep
from connector.mapping.values.into_columns import ColumnValue, item_to_column, items_to_column, shown, to_column
from connector.mapping.values.labels import label_key
from connector.spotler import (
    CLEARED,
    Field,
    Fields,
    PropertyType,
    SpotlerContact,
    clean_text,
    from_spotler,
    to_spotler,
)
from connector.spotler.wire import objects

#: Columns that decide who may be mailed: only people set them.
_NEVER_FILLED: Final = frozenset({Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL, Flags.STATE, Flags.STATUS})
_LONGEST_NUMBER: Final = 18


@dataclass(frozen=True, slots=True)
class InwardValue:
    """What a contact says of one column.

    Attributes:
        field: the Spotler field.
        item: its item; empty for the whole field.
        value: what to write into the column; None empties it. Nothing may be written where there is a warning.
        spotler: what Spotler has, in the form of `OutwardPlan`'s properties: text, number, or items of a list field.
        arrives: what the record will say to Spotler once it has the value; equal to `spotler` but for what is lost.
        warning: why the value cannot be written, without the value; empty if it can.
    """

    field: str
    item: str
    value: ColumnValue
    spotler: object
    arrives: object
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """One mapped column, both ways."""

    step: FieldStep
    inward: bool

    def sent(self, record: Row, fields: Fields, zone: tzinfo) -> object:
        """What the record says to the field; None if the column was not read, or its value cannot be sent."""
        draft = Draft(fields, zone)
        try:
            self.step.take(record, draft)
        except Invalid:
            return None
        draft.finish()
        return next(iter(draft.properties.values()), None)


@dataclass(frozen=True, slots=True, eq=False)
class InwardPlan:
    """How Spotler contacts become values of records of one table.

    Attributes:
        table: the logical name of the table.
        select: the columns that `sent` needs to be read.
        two_way: those of them that go to Spotler as well.
        filled: the columns of `new_values` that come from Spotler.
        address: the column of the e-mail address; empty if none is mapped.
    """

    table: str
    select: tuple[str, ...]
    two_way: frozenset[str]
    filled: frozenset[str]
    address: str
    _rows: abc.Mapping[str, _Row]
    _constants: abc.Mapping[str, str]
    _mapping: Mapping

    def values(self, contact: SpotlerContact, fields: Fields) -> dict[str, InwardValue]:
        """The columns that Spotler may write (`<-`, `<->`), as far as something is known of their fields.

        A property that the contact does not have is empty if Spotler shows its field. Nothing is known of list fields
        that are absent, and of a contact without any property: Spotler always sends all items of a list.

        Raises:
            Misconfigured, Transient: the definitions of the columns cannot be read.
        """
        return self._read(contact, fields, [column for column, row in self._rows.items() if row.inward])

    def new_values(self, contact: SpotlerContact, fields: Fields) -> dict[str, InwardValue]:
        """The columns of a new record: all mapped ones whatever their direction, and the constants.

        Spotler is the only one who knows the person yet, and what is left empty would be emptied there by the first
        sync. Columns that Spotler has nothing for are left out.

        Raises:
            Misconfigured, Transient: the definitions of the columns cannot be read.
        """
        wanted = [column for column, row in self._rows.items() if row.inward or column not in _NEVER_FILLED]
        found = self._read(contact, fields, wanted)
        values = {column: each for column, each in found.items() if each.value is not None or each.warning}
        definitions = self._mapping.definitions(self.table) if self._constants else {}
        return values | {
            column: _constant(column, definitions.get(column), text, self._mapping.times.zone)
            for column, text in self._constants.items()
        }

    def sent(self, record: Row, fields: Fields) -> dict[str, object]:
        """What the columns of `values` say to Spotler, in the same form; without those that cannot be sent.

        Args:
            record: the row, read with `select` and its annotations.
            fields: the account's fields.

        Raises:
            Transient: the behaviour of a date column cannot be read now.
        """
        zone = self._mapping.times.zone
        found = {column: row.sent(record, fields, zone) for column, row in self._rows.items() if row.inward}
        return {column: value for column, value in found.items() if value is not None}

    def _read(self, contact: SpotlerContact, fields: Fields, columns: abc.Sequence[str]) -> dict[str, InwardValue]:
        if not contact.properties or not columns:
            return {}
        definitions = self._mapping.definitions(self.table)
        properties = {name.casefold(): value for name, value in contact.properties.items()}
        found = {}
        for column in columns:
            row = self._rows[column]
            field = fields.get(row.step.field)
            if field is None or bool(row.step.item) > field.is_set:
                continue
            wire = properties.get(field.name.casefold())
            value = self._value(row, field, wire, fields, definitions.get(column))
            if value is not None:
                found[column] = value
        return found

    def _value(
        self, row: _Row, field: Field, wire: object, fields: Fields, column: Column | None
    ) -> InwardValue | None:
        zone, step = self._mapping.times.zone, row.step
        spotler = _list_state(step, field, wire) if field.is_set else _plain_state(field, wire)
        if spotler is None:
            return None
        try:
            column = _writable(column)
            if field.name.casefold() == EMAIL:
                _check_address(spotler)
            value = (
                _list_value(step, field, spotler, column) if field.is_set else to_column(column, field.type, wire, zone)
            )
        except Invalid as error:
            return InwardValue(field.name, step.item, None, spotler, None, _warning(field, step, error))
        again = _Row(replace(step, source=FixedSource(shown(column, value))), row.inward)
        return InwardValue(field.name, step.item, value, spotler, again.sent({}, fields, zone))


@lru_cache(maxsize=32)
def inward_plan(mapping: Mapping, table: str) -> InwardPlan:
    """The plan of a table, made once per mapping and table; where two rows write one column, the first one counts."""
    rows: dict[str, _Row] = {}
    constants: dict[str, str] = {}
    two_way: set[str] = set()
    for row in sorted(mapping.rows, key=lambda row: not row.direction.inward):
        expression = row.columns.get(table)
        if not isinstance(expression, Plain):
            continue
        if row.constant:
            constants.setdefault(expression.column, row.constant)
        elif row.field:
            source = ColumnSource(table, expression.column, mapping.times)
            step = FieldStep(row.field, row.item, row.items, expression.column, source)
            rows.setdefault(expression.column, _Row(step, row.direction.inward))
            if row.direction is Direction.BOTH:
                two_way.add(expression.column)
    return InwardPlan(
        table=table,
        select=tuple(column for column, row in rows.items() if row.inward),
        two_way=frozenset(two_way),
        filled=frozenset(rows),
        address=next((column for column, row in rows.items() if row.step.field.casefold() == EMAIL), ""),
        _rows=rows,
        _constants=constants,
        _mapping=mapping,
    )


def _writable(column: Column | None) -> Column:
    if column is None or not column.writable:
        raise Invalid("There is no such column, or it cannot be written.")
    return column


def _check_address(address: object) -> None:
    if address == CLEARED:
        raise Invalid("A record without an address would leave Spotler, so the address was not removed.")


def _plain_state(field: Field, wire: object) -> object:
    """What Spotler has, as it would be sent there; as it is where it could not be sent."""
    if isinstance(wire, str):
        wire = clean_text(wire)
    try:
        return to_spotler(field.type, from_spotler(field.type, wire))
    except Invalid:
        return CLEARED if wire is None else wire


def _list_state(step: FieldStep, field: Field, wire: object) -> object:
    """The items that the row is about; None if nothing is known of them, or Spotler has no such item."""
    try:
        bits = from_spotler(field.type, wire)
    except Invalid:
        return None
    entries = entries_of(field)
    wanted = {entries.get(label_key(step.item))} if step.item else set(allowed_entries(field, step.items).values())
    if not isinstance(bits, abc.Mapping) or not wanted or not bits.keys() >= wanted:
        return None
    return to_spotler(field.type, {bit: bits[bit] for bit in sorted(bit for bit in wanted if bit is not None)})


def _list_value(step: FieldStep, field: Field, spotler: object, column: Column) -> ColumnValue:
    on = [each["bit"] for each in objects(spotler) if each["enabled"]]
    if step.item:
        return item_to_column(column, enabled=bool(on))
    return items_to_column(column, [option.name for option in field.options if option.bit in on])


def _constant(name: str, column: Column | None, text: str, zone: tzinfo) -> InwardValue:
    """A constant as a value of its column: a choice by its label or its number."""
    label = text
    if column and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
        label = column.options.get(int(text), text)
    try:
        column = _writable(column)
        value = to_column(column, PropertyType.STRING, label, zone)
    except Invalid as error:
        return InwardValue(
            "", "", None, None, None, f"The constant for the column {name} was not written. {error.sentence}"
        )
    return InwardValue("", "", value, None, None)


def _warning(field: Field, step: FieldStep, error: Invalid) -> str:
    name = f"{field.name}:{step.item}" if step.item else field.name
    return f"The field {name} was not written into the column {step.column}. {error.sentence}"
