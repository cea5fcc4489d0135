"""What Spotler Info remembers of the last send: which fields had a value, and which mapping sent them; no values.

With it the connector knows that a field is about to be emptied, or a contact silenced, because of the mapping.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from connector.spotler import CLEARED, Fields

#: The form in which it is written; another one is read as nothing.
VERSION: Final = 1
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class SentFields:
    """The last send.

    Attributes:
        mapping: the version of the mapping; empty where that is not known.
        filled: the fields that were sent with a value; lists are not among them.
        is_silenced: whether only the permissions were taken from the contact.
    """

    mapping: str = ""
    filled: frozenset[str] = frozenset()
    is_silenced: bool = False

    @classmethod
    def parse(cls, text: object) -> Self:
        """What a row holds; nothing if it cannot be read."""
        try:
            content = json.loads(str(text)) if text else {}
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(content, dict) or content.get("v") != VERSION:
            return cls()
        mapping, filled, silenced = (content.get(name) for name in ("mapping", "filled", "silenced"))
        if not isinstance(mapping, str) or not isinstance(silenced, bool) or not isinstance(filled, list):
            return cls()
        names = frozenset(name for name in filled if isinstance(name, str))
        return cls(mapping, names, silenced) if len(names) == len(filled) else cls()

    @property
    def text(self) -> str:
        """What is written on the row; empty for nothing."""
        if self == _NOTHING:
            return ""
        content = {"v": VERSION, "mapping": self.mapping, "filled": sorted(self.filled), "silenced": self.is_silenced}
        return _ENCODER.encode(content)


_NOTHING: Final = SentFields()


def filled_fields(properties: Mapping[str, object], fields: Fields) -> frozenset[str]:
    """The fields with a value; lists are left out, because what is on in them is decided item by item."""
    return frozenset(
        name
        for name, value in properties.items()
        if value not in (None, CLEARED) and (found := fields.get(name)) is not None and not found.is_set
    )
