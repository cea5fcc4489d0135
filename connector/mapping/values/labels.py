"""The labels of choices. A label may have a semicolon in it, and semicolons also separate labels.

The items of the list field are known labels, and of a multi-choice the number of its choices is known. The text is
taken apart from the left: the longest known label first, and no fewer labels than there are choices.
"""

from collections.abc import Collection, Sequence
from typing import Final

from connector.errors import Invalid
from connector.mapping.values.cells import Cell
from connector.spotler.texts import clean_text, name_key

_SEPARATOR: Final = ";"


def chosen_labels(cell: Cell, known: Collection[str]) -> tuple[str, ...]:
    """The label of a choice, the labels of a multi-choice, or those in a text, as keys (`name_key`).

    Args:
        cell: the value; empty has no labels.
        known: the keys of the labels that the list field has.

    Raises:
        Invalid: it is no choice and no text.
    """
    value = cell.value
    if cell.is_empty:
        return ()
    if isinstance(value, bool) or not isinstance(value, int | str) or (isinstance(value, int) and not cell.label):
        raise Invalid("A list field takes the labels of choices.")
    parts = parts_of(cell)
    if not isinstance(value, str):
        return (joined(parts),)
    count = value.count(",") + 1 if cell.is_choices else None
    return tuple(filter(None, _divided(parts, set(known), count)))


def parts_of(cell: Cell) -> list[str]:
    """The parts between the semicolons, as keys."""
    text = str(cell.label if isinstance(cell.value, int) or cell.is_choices else cell.value)
    return [name_key(part) for part in text.split(_SEPARATOR)]


def joined(parts: Sequence[str]) -> str:
    """The key of a label that consists of these parts."""
    return clean_text("; ".join(parts))


def label_key(label: str) -> str:
    """The key of a label, the same however many blanks stand beside its semicolons."""
    return joined([name_key(part) for part in label.split(_SEPARATOR)])


def _divided(parts: Sequence[str], known: Collection[str], count: int | None) -> list[str]:
    """The labels; with a count, so many of them."""
    labels: list[str] = []
    start = 0
    while start < len(parts):
        left = len(parts) - start
        longest = left if count is None else max(1, left - max(0, count - len(labels) - 1))
        if count is not None and len(labels) == count - 1:
            length = left  # the last label takes the rest
        else:
            fitting = (size for size in range(longest, 0, -1) if joined(parts[start : start + size]) in known)
            length = next(fitting, 1)
        labels.append(joined(parts[start : start + length]))
        start += length
    return labels
