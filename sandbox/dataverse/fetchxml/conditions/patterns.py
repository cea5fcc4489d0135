"""Patterns of T-SQL: `%` is any text, `_` one character, `[a-c]` a set or a range, `[^a-c]` anything else."""

import re
from typing import Final

from sandbox.dataverse.fetchxml.conditions.operator import Operator, Subject, Test, Values, negated
from sandbox.dataverse.fetchxml.fields import TEXTS

_PART: Final = re.compile(r"\[(\^?)([^\]]+)\]|.", re.DOTALL)
_SPECIAL: Final = re.compile(r"[\\^\[\]&~|]")


def _part(match: re.Match[str]) -> str:
    if match[2] is None:
        return {"%": ".*", "_": "."}.get(match[0], re.escape(match[0]))
    content = _SPECIAL.sub(r"\\\g<0>", match[2])
    # A hyphen is a range only between two characters in their order.
    content = re.sub(r"(?<=.)-(?=.)", "-", content) if _is_range(match[2]) else content.replace("-", r"\-")
    return f"[{match[1]}{content}]"


def _is_range(content: str) -> bool:
    ranges = re.findall(r"(.)-(.)", content)
    return bool(ranges) and all(low <= high for low, high in ranges) and content.count("-") == len(ranges)


def _like(before: str, after: str) -> Operator:
    """A pattern with these around the value; wildcards stay active inside."""

    def build(subject: Subject, values: tuple[str, ...]) -> Test:
        pattern = re.compile(_PART.sub(_part, f"{before}{subject.field.value(values[0])}{after}"), re.DOTALL)
        return lambda mine: pattern.fullmatch(str(mine)) is not None

    return Operator(Values.ONE, TEXTS, build)


_LIKE: Final = _like("", "")
_BEGINS: Final = _like("", "%")
_ENDS: Final = _like("%", "")

PATTERNS: Final = {
    "like": _LIKE,
    "not-like": negated(_LIKE),
    "begins-with": _BEGINS,
    "not-begin-with": negated(_BEGINS),
    "ends-with": _ENDS,
    "not-end-with": negated(_ENDS),
}
