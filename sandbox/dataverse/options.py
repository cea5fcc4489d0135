"""The query string of a read: `$select`, `$orderby`, `$top`, `$count` and aliases in `$filter`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from sandbox.dataverse.errors import bad_query, unknown_property
from sandbox.dataverse.model import TableModel


@dataclass(frozen=True, slots=True)
class Ordering:
    """One term of `$orderby`."""

    name: str
    descending: bool


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


def forget_options() -> None:
    """Read every option anew, because tables have other columns now."""
    for read in (read_select, read_order):
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


def read_number(parameters: Mapping[str, str], name: str) -> int | None:
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
