"""The literals of a `$filter` and of keys: cut out of the text, and converted to the type of the column they meet."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.errors import bad_query
from sandbox.dataverse.model import LOOKUP_KINDS
from sandbox.dataverse.values import Scalar, as_date, as_guid, as_stamp


@dataclass(frozen=True, slots=True)
class Literal:
    """One literal.

    Attributes:
        kind: `string`, `guid`, `time`, `date`, `number` or `list`.
        text: as written; of strings, without the quotes.
        items: the members of a list (of `Microsoft.Dynamics.CRM.In`), else None.
    """

    kind: str
    text: str
    items: tuple["Literal", ...] | None = None


_STRING = r"'(?:[^']|'')*'"
#: A member of `Microsoft.Dynamics.CRM.In`: in the quotes of OData, or of JSON, as Microsoft's Python client writes it.
_ITEM = rf'(?:{_STRING}|"(?:[^"\\]|\\.)*")'
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DATE = r"\d{4}-\d{2}-\d{2}"

_LITERALS = re.compile(
    rf"Microsoft\.Dynamics\.CRM\.In\(\s*PropertyName='(?P<name>\w+)'\s*,\s*"
    rf"PropertyValues=\[(?P<list>\s*{_ITEM}(?:\s*,\s*{_ITEM})*\s*)\]\s*\)"
    rf"|(?P<string>{_STRING})"
    rf"|(?<![\w.])(?:(?P<guid>{_GUID})"
    rf"|(?P<time>{_DATE}T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?:Z|[+-]\d{{2}}:\d{{2}}))"
    rf"|(?P<date>{_DATE})"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))(?![\w-])"
)
_ITEMS = re.compile(_ITEM)


def unquote(text: str) -> str:
    """The content of a string in the quotes of OData, or of JSON.

    Raises:
        ApiError: 400 for an escape that JSON does not have.
    """
    if not text.startswith('"'):
        return text[1:-1].replace("''", "'")
    try:
        return str(json.loads(text))
    except ValueError:
        raise bad_query(f"The text {text} is not valid JSON.") from None


def cut(text: str) -> tuple[str, list[Literal]]:
    """Take the literals out of a filter.

    Returns:
        The filter with the number of each literal, quoted, in the literal's place; and the literals.
    """
    literals: list[Literal] = []

    def replace(match: re.Match[str]) -> str:
        number = len(literals)
        if match["name"] is not None:
            items = tuple(Literal("item", unquote(item)) for item in _ITEMS.findall(match["list"]))
            literals.append(Literal("list", "", items))
            return f"{match['name']} in ('{number}',)"
        kind = str(match.lastgroup)
        written = match[kind]
        literals.append(Literal(kind, unquote(written) if kind == "string" else written))
        return f"'{number}'"

    return _LITERALS.sub(replace, text), literals


#: Types whose values are numbers that count something.
NUMBERS: Final = frozenset({Kind.INTEGER, Kind.BIG_INTEGER, Kind.DECIMAL, Kind.MONEY})
#: Types whose values are the number of an option.
OPTIONS: Final = frozenset({Kind.CHOICE, Kind.STATE, Kind.STATUS})
#: Types whose values are ids of rows.
IDS: Final = frozenset({Kind.ID, *LOOKUP_KINDS})
_MOMENTS: Final = frozenset({Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE})
_TEXTS: Final = frozenset({Kind.TEXT, Kind.MEMO, Kind.CHOICES})

_READERS: Final[dict[Kind, Callable[[str], Scalar]]] = {
    **dict.fromkeys(IDS, as_guid),
    **dict.fromkeys(_MOMENTS, as_stamp),
    Kind.DATE: as_date,
    Kind.YES_NO: lambda text: {"true": True, "false": False, "1": True, "0": False}.get(text.lower()),
}
#: How a literal of each type is written in a filter.
_WRITTEN: Final[dict[Kind, tuple[str, ...]]] = {
    **dict.fromkeys(_TEXTS, ("string",)),
    **dict.fromkeys(IDS, ("guid",)),
    **dict.fromkeys(NUMBERS | OPTIONS, ("number",)),
    **dict.fromkeys(_MOMENTS, ("date", "time")),
    Kind.DATE: ("date",),
    Kind.YES_NO: (),
}


def convert(literal: Literal, kind: Kind, name: str) -> Scalar:
    """The value of a literal that is compared with a column of this kind.

    Raises:
        ApiError: 400 when the types do not go together; a guid in quotes is text, as it is to Dataverse.
    """
    text, written = literal.text, literal.kind
    free = written == "item"  # the members of In are always strings, whatever the column is
    value: Scalar = None
    if free or written in _WRITTEN[kind]:
        # A day stands for its midnight, and a guid in quotes is text.
        value = value_of(f"{text}T00:00:00Z" if kind in _MOMENTS and written == "date" else text, kind)
    if value is None:
        raise bad_query(
            f"A binary operator with incompatible types was detected. Found operand types '{kind}' ('{name}') and "
            f"'{written}' for operator kind 'Equal'."
        )
    return value


def value_of(text: str, kind: Kind) -> Scalar:
    """The value that a text without quotes means to a column of this kind; None when it means none."""
    if kind in _TEXTS:
        return text
    if kind in NUMBERS or kind in OPTIONS:
        return _number(text)
    return _READERS[kind](text)


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
