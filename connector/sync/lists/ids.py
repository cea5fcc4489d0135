"""Ids of members as the state keeps them: 16 bytes each, sorted, in base64."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

#: Bytes of an id.
SIZE: Final = 16


def raw(text: str) -> bytes:
    """An id as bytes, which sort as the lower-case texts do.

    Raises:
        ValueError: it is none.
    """
    return UUID(text).bytes


def text_of(member: bytes) -> str:
    """An id as Dataverse and Spotler write it."""
    return str(UUID(bytes=member))


def packed(members: Iterable[bytes]) -> str:
    """Ids, each once, in order."""
    return b64encode(b"".join(sorted(set(members)))).decode()


def unpacked(value: object) -> bytes:
    """The bytes of packed ids.

    Raises:
        ValueError: these are none.
    """
    data = b64decode(value, validate=True) if isinstance(value, str) else b"?"
    if len(data) % SIZE:
        raise ValueError("not the ids of members")
    return data


def each_of(data: bytes) -> Iterator[bytes]:
    """The ids in these bytes."""
    return (data[start : start + SIZE] for start in range(0, len(data), SIZE))
