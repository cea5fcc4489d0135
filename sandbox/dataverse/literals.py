"""The literals of a `$filter` and of keys: cut out of the text, and converted to the type of the column they meet."""

import re
from dataclasses import dataclass

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
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DATE = r"\d{4}-\d{2}-\d{2}"

_LITERALS = re.compile(
    rf"Microsoft\.Dynamics\.CRM\.In\(\s*PropertyName='(?P<name>\w+)'\s*,\s*"
    rf"PropertyValues=\[(?P<list>\s*{_STRING}(?:\s*,\s*{_STRING})*\s*)\]\s*\)"
    rf"|(?P<string>{_STRING})"
    rf"|(?<![\w.])(?:(?P<guid>{_GUID})"
    rf"|(?P<time>{_DATE}T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?:Z|[+-]\d{{2}}:\d{{2}}))"
    rf"|(?P<date>{_DATE})"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))(?![\w-])"
)
_ITEMS = re.compile(_STRING)


def unquote(text: str) -> str:
    """The content of a quoted string."""
    return text[1:-1].replace("''", "'")


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


_NUMBERS = frozenset({Kind.INTEGER, Kind.BIG_INTEGER, Kind.DECIMAL, Kind.MONEY, Kind.CHOICE, Kind.STATE, Kind.STATUS})
_MOMENTS = frozenset({Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE})
_TEXTS = frozenset({Kind.TEXT, Kind.MEMO, Kind.CHOICES})


def convert(literal: Literal, kind: Kind, name: str) -> Scalar:
    """The value of a literal that is compared with a column of this kind.

    Raises:
        ApiError: 400 when the types do not go together; a guid in quotes is text, as it is to Dataverse.
    """
    text, written = literal.text, literal.kind
    free = written == "item"  # the members of In are always strings, whatever the column is
    if kind in _TEXTS and (free or written == "string"):
        return text
    value: Scalar = None
    if (kind is Kind.ID or kind in LOOKUP_KINDS) and (free or written == "guid"):
        value = as_guid(text)
    elif kind in _NUMBERS and (free or written == "number"):
        value = _number(text)
    elif kind is Kind.DATE and (free or written == "date"):
        value = as_date(text)
    elif kind in _MOMENTS and (free or written in ("date", "time")):
        value = as_stamp(text if free or written == "time" else f"{text}T00:00:00Z")
    elif kind is Kind.YES_NO and free:
        value = {"true": True, "false": False, "1": True, "0": False}.get(text.lower())
    if value is None:
        raise bad_query(
            f"A binary operator with incompatible types was detected. Found operand types '{kind}' ('{name}') and "
            f"'{written}' for operator kind 'Equal'."
        )
    return value


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
