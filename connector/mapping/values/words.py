"""Words for yes and no, and for a gender."""

from typing import Final

from connector.errors import Invalid
from connector.mapping.values.cells import Cell
from connector.spotler.texts import name_key

_YES: Final = frozenset({"true", "yes", "ja", "on", "aan", "1"})
_NO: Final = frozenset({"false", "no", "nee", "off", "uit", "0"})

#: Values of the column gendercode of contacts.
_GENDERS: Final = {1: "M", 2: "F"}
_GENDER_WORDS: Final = {
    "m": "M", "man": "M", "male": "M", "v": "F", "f": "F", "vrouw": "F", "female": "F", "woman": "F",
}  # fmt: skip


def to_yes_no(cell: Cell) -> bool:
    """Yes or no, or a word for it.

    Raises:
        Invalid: it is neither.
    """
    value = cell.value
    if isinstance(value, bool):
        return value
    word = name_key(value) if isinstance(value, str) else ""
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Invalid("An item of a list takes true, yes, ja, on, aan or 1, or false, no, nee, off, uit or 0.")


def to_gender(cell: Cell) -> str | None:
    """`M` or `F`; None for any other choice.

    Raises:
        Invalid: it is a text that says neither, or no choice.
    """
    value = cell.value
    if isinstance(value, int) and not isinstance(value, bool):
        return _GENDER_WORDS.get(name_key(cell.label or "")) or _GENDERS.get(value)
    gender = _GENDER_WORDS.get(name_key(value)) if isinstance(value, str) else None
    if gender is None:
        raise Invalid("The field takes M, V, F, man, vrouw, male or female.")
    return gender
