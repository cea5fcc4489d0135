"""What effects change, field by field, in a form that people read and that is counted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.plans.effects import Action, PlannedWrite
from connector.spotler import CLEARED, Field, Fields, SpotlerContact, from_spotler
from connector.sync.records import Record


class Becomes(StrEnum):
    """What becomes of a field, or of a whole record."""

    CREATED = "created in Spotler"
    ANONYMISED = "anonymised in Spotler, which cannot be undone"
    SILENCED = "loses all permissions in Spotler"
    SENT = "sent"
    SET = "gets a value"
    CHANGED = "gets another value"
    EMPTIED = "is emptied"
    ON = "is switched on"
    OFF = "is switched off"
    SAME = "sent again as it is"


SPOTLER: Final = "Spotler"
DATAVERSE: Final = "Dataverse"

_OF_RECORDS: Final = {
    Action.CREATE: Becomes.CREATED,
    Action.ANONYMISE: Becomes.ANONYMISED,
    Action.SILENCE: Becomes.SILENCED,
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that changes.

    Attributes:
        side: Spotler or Dataverse.
        field: its name; empty for the whole record.
        change: what becomes of it.
        was: the value before; None where there was none, or where it is not known.
        now: the value after.
    """

    side: str
    field: str
    change: Becomes
    was: object = None
    now: object = None


def field_changes(
    record: Record, contact: SpotlerContact | None, effects: Iterable[PlannedWrite], fields: Fields, *, is_known: bool
) -> tuple[FieldChange, ...]:
    """What these effects change.

    Args:
        record: as it was read.
        contact: as Spotler has it; None if it has none, or was not asked.
        effects: of that record.
        fields: the fields of the account.
        is_known: whether Spotler was asked.
    """
    had = {name.casefold(): value for name, value in contact.properties.items()} if contact else {}
    found: dict[tuple[str, str], FieldChange] = {}
    for effect in effects:
        match effect.action:
            case Action.CONSENT:
                switched = Becomes.ON if effect.values["on"] else Becomes.OFF
                changes = [FieldChange(DATAVERSE, f"permission {effect.values['permission']}", switched)]
            case Action.PERMISSION:
                changes = []  # the entry of the history says it with the name of the permission
            case Action.COLUMNS:
                changes = [_valued(DATAVERSE, name, record.row.get(name), now) for name, now in effect.values.items()]
            case _:
                whole = _OF_RECORDS.get(effect.action)
                changes = [FieldChange(SPOTLER, "", whole)] if whole else []
                changes += _in_spotler(effect.values, had, fields, is_known=is_known)
                if not changes:
                    changes = [FieldChange(SPOTLER, "", Becomes.SAME)]
        found |= {(each.side, each.field): each for each in changes}
    return tuple(found.values())


def _in_spotler(
    values: Mapping[str, object], had: Mapping[str, object], fields: Fields, *, is_known: bool
) -> Iterator[FieldChange]:
    for name, now in values.items():
        was, found = had.get(name.casefold()), fields.get(name)
        if found is not None and found.is_set:
            yield from _items(found, was, now, is_known=is_known)
        elif not is_known:
            yield FieldChange(SPOTLER, name, Becomes.EMPTIED if now == CLEARED else Becomes.SENT, None, now)
        elif (was if was is not None else CLEARED) != now:
            yield _valued(SPOTLER, name, was, now)


def _items(found: Field, was: object, now: object, *, is_known: bool) -> Iterator[FieldChange]:
    before, after = (_states(found, each) for each in (was, now))
    names = {option.bit: option.name for option in found.options}
    for bit, on in after.items():
        if not is_known or before.get(bit, False) is not on:
            yield FieldChange(SPOTLER, f"{found.name}: {names.get(bit, bit)}", Becomes.ON if on else Becomes.OFF)


def _states(found: Field, value: object) -> Mapping[int, bool]:
    states = from_spotler(found.type, value) if value else None
    return states if isinstance(states, Mapping) else {}


def _valued(side: str, name: str, was: object, now: object) -> FieldChange:
    if now in (None, CLEARED):
        return FieldChange(side, name, Becomes.EMPTIED, was, None)
    return FieldChange(side, name, Becomes.SET if was in (None, "") else Becomes.CHANGED, was, now)
