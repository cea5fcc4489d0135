"""Web resources: the scripts of a form and of the buttons, and the icon."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.schema.interface import Resource
from connector.setup.component import SetupPhase
from connector.setup.row_parts import RowKind, RowPart, fixed_id
from connector.setup.target import SetupTarget

RESOURCE_ROWS: Final = RowKind(
    "webresource", "webresourceset", "webresourceid", layered=True, published_as="webresource"
)
FOLDER: Final = Path(__file__).with_name("resources")


def resource_id(name: str) -> str:
    """The id of a web resource of ours."""
    return fixed_id(RESOURCE_ROWS.table, name)


def content_of(resource: Resource) -> str:
    """What it holds, as text."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in resource.files)


@dataclass(frozen=True, slots=True)
class ResourcePart(RowPart):
    """One web resource."""

    kind = "web resource"
    phase = SetupPhase.RESOURCES
    solution_type = 61
    rows = RESOURCE_ROWS
    select = ("displayname", "content")
    resource: Resource

    @property
    def name(self) -> str:
        """Its name in Dataverse."""
        return self.resource.name

    @property
    def condition(self) -> str:
        """By its name, which only one can have."""
        return filters.eq("name", self.name)

    def values(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the base class
        """Title and content."""
        content = base64.b64encode(content_of(self.resource).encode()).decode()
        return {"displayname": self.resource.title, "content": content}

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the base class
        """Name and type, which stay."""
        return {"name": self.name, "webresourcetype": self.resource.kind}
