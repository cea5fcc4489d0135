"""The query string of a read: `$select`, `$filter`, `$orderby`, `$top`, `$count`, `$expand` and the page."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from sandbox.dataverse.errors import bad_query, unknown_property
from sandbox.dataverse.model import Navigation, TableModel

_EXPAND = re.compile(r"\s*(?P<name>\w+)\s*(?:\((?P<options>[^()]*)\))?\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Ordering:
    """One term of `$orderby`."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Expansion:
    """One term of `$expand`: a navigation property and the properties to show of the row behind it."""

    navigation: Navigation
    select: str


def parse_query(query: str) -> dict[str, str]:
    """The query string by name, with parameter aliases (`@x`) filled in.

    Raises:
        ApiError: 400 for an option without a value, one that is given twice, and an alias that the filter does not use.
    """
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if not value or name in parameters:
            raise bad_query(f"The query parameter {name} must have one value.")
        parameters[name] = value
    for name, value in list(parameters.items()):
        if name.startswith("@"):
            filled = re.split(rf"{re.escape(name)}\b", parameters.get("$filter", ""))
            if len(filled) == 1:
                raise bad_query(f"The parameter alias {name} is not used.")
            parameters["$filter"] = value.join(filled)
    return parameters


#: Columns that can be written, and never read.
WRITE_ONLY: Final = frozenset({"saskey"})


@lru_cache(maxsize=1024)
def read_select(model: TableModel, text: str) -> tuple[str, ...]:
    """The properties that `$select` names; all of them when it is empty.

    Raises:
        ApiError: 400 when there is no such property.
    """
    if not text:
        return tuple(name for name in model.properties if name not in WRITE_ONLY)
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in model.properties or name in WRITE_ONLY:
            raise unknown_property(name, model.name)
    return tuple(dict.fromkeys((*names, model.id_column)))


@lru_cache(maxsize=256)
def read_order(model: TableModel, text: str) -> tuple[Ordering, ...]:
    """The terms of `$orderby`.

    Raises:
        ApiError: 400 when a term cannot be read or names an unknown property.
    """
    terms: list[Ordering] = []
    for term in text.split(",") if text else ():
        name, _, direction = term.strip().partition(" ")
        if name not in model.properties:
            raise unknown_property(name, model.name)
        if direction.strip() not in ("", "asc", "desc"):
            raise bad_query(f"Syntax error in '$orderby': '{term}'.")
        terms.append(Ordering(name, direction.strip() == "desc"))
    return tuple(terms)


@lru_cache(maxsize=256)
def read_expand(model: TableModel, text: str) -> tuple[Expansion, ...]:
    """The terms of `$expand`; single-valued navigation properties only, one level deep.

    Raises:
        ApiError: 400 when a term cannot be read, names an unknown navigation property or has options besides `$select`.
    """
    terms: list[Expansion] = []
    position = 0
    while position < len(text):
        match = _EXPAND.match(text, position)
        if match is None:
            raise bad_query(f"Syntax error in '$expand': '{text}'.")
        navigation = model.navigations.get(match["name"])
        if navigation is None:
            raise unknown_property(match["name"], model.name)
        inner = dict(part.strip().partition("=")[::2] for part in (match["options"] or "").split(";") if part.strip())
        if set(inner) - {"$select"}:
            raise bad_query(f"Only $select is supported within $expand of '{navigation.name}'.")
        terms.append(Expansion(navigation, inner.get("$select", "")))
        position = match.end()
    return tuple(terms)


def forget_options() -> None:
    """Read every option anew, because tables have other columns now."""
    for read in (read_select, read_order, read_expand):
        read.cache_clear()


def read_flag(parameters: dict[str, str], name: str) -> bool:
    """A yes or no in the query string; no when it is left out.

    Raises:
        ApiError: 400 when it is neither.
    """
    text = parameters.get(name, "false")
    if text not in ("true", "false"):
        raise bad_query(f"The value '{text}' of {name} is not a valid boolean.")
    return text == "true"


def read_number(parameters: dict[str, str], name: str) -> int | None:
    """A whole number in the query string.

    Raises:
        ApiError: 400 when it is none.
    """
    text = parameters.get(name)
    if text is None:
        return None
    if not text.isdigit():
        raise bad_query(f"The value '{text}' of {name} is not a whole number.")
    return int(text)
