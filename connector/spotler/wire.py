"""JSON from Spotler, taken apart without trust.

Members may be missing, null, of another type, or new. Every helper answers with something usable or with nothing, and
never raises.
"""

from collections.abc import Iterator, Mapping

import requests

type Json = Mapping[str, object]

_NOTHING: Json = {}
#: Digits of a 64-bit number with its sign; longer texts are no numbers of this API.
_INT_DIGITS = 20


def read_json(response: requests.Response) -> object | None:
    """The body as JSON; None if it is empty or something else (a proxy's page, a cut-off answer)."""
    try:
        body: object = response.json()
    except (ValueError, RecursionError):
        return None
    return body


def as_object(value: object) -> Json:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def objects(value: object) -> Iterator[Json]:
    """The JSON objects of a list; what is not an object in it, or not a list, is passed over."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def text_of(source: Json, name: str) -> str | None:
    """A text, or a number as text; None for nothing, blank or anything else."""
    value = source.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None


def int_of(source: Json, name: str) -> int | None:
    """A whole number, also when it comes as text or as 1.0."""
    value = source.get(name)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) <= _INT_DIGITS:
        return int(value)
    return None


def flag_of(source: Json, name: str) -> bool:
    """A boolean, also when it comes as text; False for anything else."""
    value = source.get(name)
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")
