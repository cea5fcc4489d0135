"""The parts as they are read: workbook.toml, a TOML file for each section and a KQL file for each query."""

import tomllib
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

HERE: Final = Path(__file__).parent
PARTS: Final = HERE / "parts"

#: Texts in which the connector's queries give a state; each has an icon.
type State = Literal["ok", "warning", "bad", "unknown"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Part):
    """Something that whoever looks at the workbook can choose.

    Attributes:
        kind: a time range, a text, or a resource of Azure.
        type: of the resource.
        value: at the beginning; a time range in milliseconds. `%NAME%` is replaced when it is deployed.
        choices: of a time range, in milliseconds.
    """

    name: str
    label: str
    kind: Literal["time", "text", "resource"]
    value: str | int
    type: str = ""
    choices: tuple[int, ...] = ()


class Item(_Part):
    """A table or a chart.

    Attributes:
        query: its KQL file; None for a chart of metrics of Azure.
        days: that it looks back, whatever time range is chosen; None for the chosen one.
        width: in percent of the page.
        x, y, by: columns of a chart: time, value, series.
        lights: columns that hold a state.
        links: the column that holds the address, by the column that becomes a link.
        hidden: columns that are not shown.
        empty: what is said when there is nothing.
        resource: the parameter that names the resource of a chart of metrics.
    """

    name: str
    title: str
    show: Literal["table", "barchart", "timechart", "metric"]
    query: str | None = None
    days: int | None = None
    width: int = 100
    x: str = ""
    y: str = ""
    by: str = ""
    lights: tuple[str, ...] = ()
    links: dict[str, str] = Field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    empty: str = "Nothing in this time."
    resource: str = ""
    metrics: tuple[str, ...] = ()
    aggregation: Literal["Sum", "Average", ""] = ""
    split: str = ""

    @property
    def kql(self) -> str:
        """The text of the query."""
        assert self.query is not None  # noqa: S101 - only asked for items that have one
        return (PARTS / self.query).read_text(encoding="utf-8")


class Section(_Part):
    """A heading, what it is about, and its items."""

    title: str
    text: str
    item: tuple[Item, ...]


class _Workbook(_Part):
    title: str
    text: str
    sections: tuple[str, ...]
    parameter: tuple[Parameter, ...]


class Definition(_Part):
    """The whole workbook."""

    title: str
    text: str
    parameters: tuple[Parameter, ...]
    sections: dict[str, Section]

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, in their order."""
        return tuple(item for section in self.sections.values() for item in section.item)


def read_definition() -> Definition:
    """Read all parts.

    Raises:
        pydantic.ValidationError: for a key that is not known, or a value that is not right.
    """
    whole = _Workbook.model_validate(tomllib.loads((HERE / "workbook.toml").read_text(encoding="utf-8")))
    sections = {
        name: Section.model_validate(tomllib.loads((PARTS / f"{name}.toml").read_text(encoding="utf-8")))
        for name in whole.sections
    }
    return Definition(title=whole.title, text=whole.text, parameters=whole.parameter, sections=sections)
