"""Resources against the types that Azure publishes: names of properties, required and read-only ones, values, ranges.

The types are those of the Bicep compiler (Azure/bicep-types-az, MIT), in the form of `types.json`: for each
`Type@version` a list of types that name each other by their place. Flags of a property: 1 required, 2 read-only.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.infra.deployment import Deployed
from tests.infra.functions import Later

#: Where the types are, beside the repository; AZURE_TYPES names another place.
TYPES_FILE: Final = Path(os.environ.get("AZURE_TYPES") or Path(__file__).parents[3] / "shared/azure-types/types.json")
REQUIRED, READ_ONLY = 1, 2
#: Whoever made the file left out all descriptions, and with them properties of that name, which hold any text.
LEFT_OUT: Final = "description"
#: Known of every resource, and made by the deployment itself.
COMMON: Final = frozenset({"id", "type", "apiVersion"})


@dataclass(frozen=True, slots=True)
class AzureTypes:
    """The types of all resources that are known."""

    entries: Mapping[str, Any]

    @classmethod
    def load(cls) -> AzureTypes:
        """The published types."""
        published = json.loads(TYPES_FILE.read_text(encoding="utf-8"))
        return cls({name.lower(): entry for name, entry in published.items()})

    def problems(self, resource: Deployed) -> list[str]:
        """What is wrong with a resource, a sentence each."""
        entry = self.entries.get(resource.type.lower())
        if entry is None:
            return [f"{resource.symbol}: no type {resource.type}"]
        check = _Check(entry["types"])
        return list(check.value(check.types[entry["body"]], resource.body, resource.symbol, top=True))


@dataclass(frozen=True, slots=True)
class _Check:
    types: list[dict[str, Any]]

    def of(self, reference: Mapping[str, str]) -> dict[str, Any]:
        return self.types[int(reference["$ref"].rpartition("/")[2])]

    def value(  # noqa: C901, PLR0912 - one case for each kind of type
        self, kind: dict[str, Any], value: object, path: str, *, top: bool = False
    ) -> Iterator[str]:
        match kind["$type"]:
            case _ if value is None:  # Azure takes it for a property that is not there
                return
            case "ObjectType":
                yield from self.object(kind, value, path, top=top)
            case "DiscriminatedObjectType":
                yield from self.one_of(kind, value, path, top=top)
            case "ArrayType":
                if not isinstance(value, list):
                    yield f"{path}: must be an array"
                    return
                for number, item in enumerate(value):
                    yield from self.value(self.of(kind["itemType"]), item, f"{path}[{number}]")
            case "UnionType":
                yield from self.union(kind, value, path)
            case "StringLiteralType":
                if not isinstance(value, Later) and value != kind["value"]:
                    yield f"{path}: must be {kind['value']}, not {value}"
            case "StringType":
                yield from self.text(kind, value, path)
            case "IntegerType":
                yield from self.number(kind, value, path)
            case "BooleanType":
                if not isinstance(value, bool):
                    yield f"{path}: must be true or false"

    def object(self, kind: dict[str, Any], value: object, path: str, *, top: bool) -> Iterator[str]:
        if isinstance(value, Later):
            return
        if not isinstance(value, Mapping):
            yield f"{path}: must be an object"
            return
        known = kind.get("properties", {})
        others = kind.get("additionalProperties")
        for name, each in value.items():
            if declared := known.get(name):
                if declared["flags"] & READ_ONLY and not declared["flags"] & REQUIRED:
                    yield f"{path}.{name}: is read-only"
                yield from self.value(self.of(declared["type"]), each, f"{path}.{name}")
            elif name == LEFT_OUT and isinstance(each, str):
                continue
            elif others:
                yield from self.value(self.of(others), each, f"{path}.{name}")
            else:
                yield f"{path}.{name}: unknown property"
        for name, declared in known.items():
            needed = declared["flags"] & REQUIRED and not declared["flags"] & READ_ONLY
            if needed and value.get(name) is None and not (top and name in COMMON):
                yield f"{path}.{name}: is required"

    def one_of(self, kind: dict[str, Any], value: object, path: str, *, top: bool) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{path}: must be an object"
            return
        chosen = value.get(kind["discriminator"])
        if chosen not in kind["elements"]:
            yield f"{path}.{kind['discriminator']}: must be one of {', '.join(kind['elements'])}, not {chosen}"
            return
        element = self.of(kind["elements"][chosen])
        merged = {**kind.get("baseProperties", {}), **element["properties"]}
        yield from self.object({**element, "properties": merged}, value, path, top=top)

    def union(self, kind: dict[str, Any], value: object, path: str) -> Iterator[str]:
        """A choice of texts. One that also takes any other text is held to its choices too."""
        if isinstance(value, Later):
            return
        members = [self.of(each) for each in kind["elements"]]
        choices = [each["value"] for each in members if each["$type"] == "StringLiteralType"]
        if choices:
            if value not in choices:
                yield f"{path}: must be one of {', '.join(choices)}, not {value}"
        elif all(list(self.value(member, value, path)) for member in members):
            yield f"{path}: fits none of its types"

    def text(self, kind: dict[str, Any], value: object, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{path}: must be a text"
        elif not isinstance(value, Later):
            if not kind.get("minLength", 0) <= len(value) <= kind.get("maxLength", len(value)):
                yield f"{path}: has {len(value)} characters, which is too few or too many"
            if "pattern" in kind and not re.search(kind["pattern"], value):
                yield f"{path}: does not fit {kind['pattern']}"

    def number(self, kind: dict[str, Any], value: object, path: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield f"{path}: must be a whole number"
        elif not kind.get("minValue", value) <= value <= kind.get("maxValue", value):
            yield f"{path}: {value} is out of range"
