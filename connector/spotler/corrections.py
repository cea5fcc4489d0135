"""A table of what is assumed about an API, as a setting corrects it."""

import json
import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from connector.errors import Misconfigured
from connector.words import Sentence

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def corrected[T: DataclassInstance](table: T, setting: str, text: str | None) -> T:
    """The table with the corrections of a setting: a JSON object of names to values.

    Args:
        table: with the values that are assumed; each is a text, a path with ids in braces, or a number.
        setting: its name.
        text: its value.

    Raises:
        Misconfigured: it is no such object, names something unknown, or a value has another form than its default.
    """
    if not text or not text.strip():
        return table
    try:
        corrections = json.loads(text)
    except (ValueError, RecursionError):
        corrections = None
    if not isinstance(corrections, dict):
        raise Misconfigured(Sentence("{setting} must be a JSON object of names to values.", setting=setting))
    known = {each.name for each in fields(table)}
    for name, value in corrections.items():
        if name not in known:
            raise Misconfigured(
                Sentence(
                    "{setting} has an unknown name; known are {names}.", setting=setting, names=", ".join(sorted(known))
                )
            )
        if not _fits(getattr(table, name), value):
            raise Misconfigured(
                Sentence(
                    "{setting}: the value of {name} does not have the form of its default.", setting=setting, name=name
                )
            )
    return replace(table, **corrections)


def _fits(default: str | int, value: object) -> bool:
    """Whether a correction has the type of what it corrects and, of a path, its slash and its ids."""
    if isinstance(default, int):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not isinstance(value, str):
        return False
    if not default.startswith("/"):
        return bool(re.fullmatch(r"\w+", value, re.ASCII) if default.isidentifier() else value.strip())
    same_ids = set(re.findall(r"{(\w*)}", default)) == set(re.findall(r"{(\w*)}", value))
    return same_ids and re.fullmatch(r"(/[\w.{}-]+)+", value, re.ASCII) is not None
