"""What is deployed: resources with their values, and the modules that hold more of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.infra.functions import later
from tests.infra.lexer import BicepError
from tests.infra.syntax import File

type Value = object


@dataclass(frozen=True, slots=True)
class Deployed:
    """A resource as it is sent: its type with the version of the API, its id and its body."""

    symbol: str
    type: str
    id: str
    body: Mapping[str, Value]
    existing: bool = False

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.id.rpartition("/")[2]

    @property
    def kind(self) -> str:
        """Its type without the version."""
        return self.type.partition("@")[0]

    def member(self, name: str) -> Value:
        """What an expression reads from it; what it does not send, Azure knows later."""
        if name in ("id", "name"):
            return self.id if name == "id" else self.name
        value = self.body.get(name)
        return value if value is not None and name != "properties" else later(f"{self.symbol}.{name}")


@dataclass(slots=True)
class Deployment:
    """A file with its parameters, and the deployments of its modules."""

    file: File
    resources: list[Deployed] = field(default_factory=list)
    modules: dict[str, list[Deployment]] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)

    def all(self) -> Iterator[Deployed]:
        """Its resources and those of its modules, in any order; without those that exist already."""
        yield from (resource for resource in self.resources if not resource.existing)
        for deployments in self.modules.values():
            for each in deployments:
                yield from each.all()

    def declared(self) -> Iterator[tuple[str, str]]:
        """The file and the symbol of each resource that is deployed."""
        yield from ((self.file.path.name, resource.symbol) for resource in self.resources)
        for deployments in self.modules.values():
            for each in deployments:
                yield from each.declared()

    def member(self, name: str) -> Value:
        """What an expression reads from a module."""
        if name != "outputs":
            raise BicepError(f"a module has no {name}, only outputs")
        return self.outputs
