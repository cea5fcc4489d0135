"""Fingerprints: of what was sent to Spotler, so that an unchanged record costs no call; and of a mapping."""

import hashlib
import json
from collections import abc
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Final

from connector.mapping.model import Mapping

_ENCODER: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

#: Hexadecimal digits of the version of a mapping.
_DIGITS: Final = 12


def content_hash(properties: abc.Mapping[str, object]) -> str:
    """SHA-256 of the properties as 64 hexadecimal characters.

    The same for every order of keys, in every process and on every machine. The order within lists counts.

    Raises:
        TypeError, ValueError: when a value is no JSON; values must be as they go over the wire.
    """
    text = _ENCODER.encode(properties)
    # A lone surrogate cannot be UTF-8, but Dataverse can hold one and it must not stop the sync.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=32)
def mapping_version(mapping: Mapping) -> str:
    """12 hexadecimal characters: the same for the same rules, in every process and on every machine."""
    rules = (
        mapping.rows,
        sorted(mapping.customer_types.items()),
        sorted(mapping.navigation.items()),
        sorted(mapping.triggers.items()),
        mapping.entity_table,
    )
    return hashlib.sha256(_text(rules).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _text(part: object) -> str:
    """The rules as text. Classes count by their name, and mappings in the order of their keys."""
    match part:
        case abc.Mapping():
            return f"{{{','.join(f'{_text(key)}:{_text(part[key])}' for key in sorted(part))}}}"
        case tuple() | list():
            return f"[{','.join(map(_text, part))}]"
        case _ if is_dataclass(part):
            members = ",".join(_text(getattr(part, each.name)) for each in fields(part))
            return f"{type(part).__name__}({members})"
        case _:
            return repr(str(part))
