"""Values of a list in the state carry a checksum: one that somebody has edited by hand counts as lost."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

#: The member of a value that holds its checksum.
CHECKSUM: Final = "checksum"


def with_checksum(value: Mapping[str, object]) -> dict[str, object]:
    """The value with its checksum."""
    return {**value, CHECKSUM: checksum(json.dumps(value, sort_keys=True))}


def without_checksum(value: Mapping[str, object], *, required: bool) -> Mapping[str, object]:
    """The value as it was written.

    Args:
        value: as it is stored.
        required: whether a value without a checksum is refused. Those of earlier versions have none.

    Raises:
        ValueError: it was changed.
    """
    content = {name: each for name, each in value.items() if name != CHECKSUM}
    if (required or CHECKSUM in value) and with_checksum(content)[CHECKSUM] != value.get(CHECKSUM):
        raise ValueError("a stored value was changed")
    return content


def checksum(text: str) -> str:
    """The checksum of a text."""
    return sha256(text.encode()).hexdigest()
