"""The functions of Bicep, as far as they are known before a deployment.

What only Azure knows (the id of an identity, the address of a vault) is a `Later`: a text that names where it comes
from. Functions that make names, such as `uniqueString`, return as many characters of the same kind as Azure's.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import uuid
from collections.abc import Callable, Mapping
from functools import reduce as fold
from itertools import chain
from pathlib import Path
from typing import Final

from tests.infra.lexer import BicepError

SUBSCRIPTION: Final = "/subscriptions/00000000-0000-0000-0000-000000000000"
TENANT: Final = "11111111-1111-1111-1111-111111111111"


class Later(str):
    """A value that is known only when Azure has made the resource; its properties are such values too."""

    __slots__ = ()

    def member(self, name: str) -> Later:
        """One of its properties, or the result of one of its functions."""
        return Later(f"{self.removesuffix('»')}.{name}»")


def later(source: str) -> Later:
    """What `source` becomes known to be."""
    return Later(f"«{source}»")


def text(value: object) -> str:
    """A value inserted into a text, or given to `string`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    return json.dumps(value) if isinstance(value, (list, dict)) else str(value)


def _call(function: object, *arguments: object) -> object:
    """A lambda of Bicep may leave out the number of the item."""
    assert callable(function)
    return function(*arguments)


def _each(function: object, items: list[object]) -> list[object]:
    count = getattr(function, "count", 1)
    return [_call(function, *(item, number)[:count]) for number, item in enumerate(items)]


def _union(*values: object) -> object:
    if all(isinstance(value, list) for value in values):
        return list(fold(lambda found, value: found + [each for each in value if each not in found], values, []))
    result: dict[str, object] = {}
    for value in values:
        assert isinstance(value, dict)
        for key, each in value.items():
            both = isinstance(each, dict) and isinstance(result.get(key), dict)
            result[key] = _union(result[key], each) if both else each
    return result


def _to_object(items: list[object], key: object, value: object = None) -> dict[str, object]:
    pairs = [(str(_call(key, item)), _call(value, item) if value else item) for item in items]
    if len(dict(pairs)) < len(pairs):
        raise BicepError("toObject: two entries have one key")
    return dict(pairs)


def _unique_string(*parts: object) -> str:
    """13 characters, as Azure's: letters and digits, which may also come first."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def _format(pattern: str, *values: object) -> str:
    return pattern.format(*map(text, values))


def _subnet(prefix: str, length: int, number: int) -> str:
    network = ipaddress.ip_network(prefix)
    subnets = list(network.subnets(new_prefix=length)) if length >= network.prefixlen else []
    if number >= len(subnets):
        raise BicepError(f"cidrSubnet: {prefix} has no subnet {number} of length {length}")
    return str(subnets[number])


def resource_id(*parts: object) -> str:
    """The id of a resource below a scope: its type, then a name for each part of it."""
    kind, *names = map(str, parts)
    provider, *kinds = kind.split("/")
    return f"/providers/{provider}/" + "/".join(f"{each}/{name}" for each, name in zip(kinds, names, strict=True))


def _substring(value: str, start: int, length: int | None = None) -> str:
    return value[start:] if length is None else value[start : start + length]


def _length(value: object) -> int:
    assert isinstance(value, (str, list, dict))
    return len(value)


PURE: Final[Mapping[str, Callable[..., object]]] = {
    "any": lambda value: value,
    "array": lambda value: value if isinstance(value, list) else [value],
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "bool": lambda value: str(value).lower() in ("true", "1"),
    "cidrSubnet": _subnet,
    "concat": lambda *values: list(chain(*values)) if isinstance(values[0], list) else "".join(values),
    "contains": lambda container, item: item in container,
    "empty": lambda value: value is None or _length(value) == 0,
    "endsWith": lambda value, end: value.lower().endswith(end.lower()),
    "environment": lambda: {
        "suffixes": {"storage": "core.windows.net"},
        "resourceManager": "https://management.azure.com/",
    },
    "filter": lambda items, keep: [item for item in items if _call(keep, item)],
    "first": lambda value: value[0],
    "flatten": lambda items: list(chain(*items)),
    "format": _format,
    "guid": lambda *parts: str(uuid.uuid5(uuid.NAMESPACE_URL, "\0".join(map(str, parts)))),
    "indexOf": lambda value, item: value.index(item) if item in value else -1,
    "int": int,
    "items": lambda value: [{"key": key, "value": value[key]} for key in sorted(value, key=str.lower)],
    "join": lambda items, separator: separator.join(map(text, items)),
    "json": json.loads,
    "last": lambda value: value[-1],
    "length": _length,
    "map": lambda items, function: _each(function, items),
    "max": lambda *values: max(values[0] if isinstance(values[0], list) else values),
    "min": lambda *values: min(values[0] if isinstance(values[0], list) else values),
    "objectKeys": lambda value: sorted(value, key=str.lower),
    "padLeft": lambda value, width, fill=" ": text(value).rjust(width, fill),
    "range": lambda start, count: list(range(start, start + count)),
    "reduce": lambda items, start, function: fold(lambda found, item: _call(function, found, item), items, start),
    "replace": lambda value, old, new: value.replace(old, new),
    "skip": lambda value, count: value[count:],
    "split": lambda value, separator: value.split(separator),
    "startsWith": lambda value, start: value.lower().startswith(start.lower()),
    "string": text,
    "substring": _substring,
    "subscription": lambda: {"id": SUBSCRIPTION, "subscriptionId": SUBSCRIPTION.rpartition("/")[2], "tenantId": TENANT},
    "subscriptionResourceId": lambda *parts: SUBSCRIPTION + resource_id(*parts),
    "take": lambda value, count: value[:count],
    "tenant": lambda: {"tenantId": TENANT},
    "toLower": lambda value: value.lower(),
    "toObject": _to_object,
    "toUpper": lambda value: value.upper(),
    "trim": lambda value: value.strip(),
    "union": _union,
    "uniqueString": _unique_string,
}


def loaders(folder: Path) -> dict[str, Callable[..., object]]:
    """The functions that read files, whose names are relative to the file that calls them."""

    def load(name: str) -> str:
        try:
            return (folder / name).read_text(encoding="utf-8")
        except OSError as error:
            raise BicepError(f"{name}: cannot be read ({type(error).__name__})") from None

    return {"loadJsonContent": lambda name: json.loads(load(name)), "loadTextContent": load}
