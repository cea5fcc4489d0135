"""The words in which the manifest describes what people see: views, forms, buttons and dashboards."""

from dataclasses import dataclass, field
from enum import IntEnum

from connector.dataverse.schema.labels import Text


class ViewKind(IntEnum):
    """What a view is for, by the number in `querytype`.

    The platform makes the default view and the associated view of each table; they are changed, and never made.
    """

    DEFAULT = -1
    PUBLIC = 0
    ASSOCIATED = 2


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a view, in the operators of FetchXML; `values` has several values of `in`."""

    column: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A list of rows.

    Attributes:
        table: its logical name.
        name: its name among the views of the table, in English and small letters: `hot`.
        columns: what it shows, in this order.
        order: the column that decides the order.
        title: what people read; None for a view of the platform, which has a title.
        descending: whether the largest value comes first.
        conditions: all of which a row must meet.
        kind: what it is for.
    """

    table: str
    name: str
    columns: tuple[str, ...]
    order: str
    title: Text | None = None
    descending: bool = True
    conditions: tuple[Condition, ...] = ()
    kind: ViewKind = ViewKind.PUBLIC


@dataclass(frozen=True, slots=True)
class FormField:
    """A column on a form.

    Attributes:
        column: its logical name.
        locked: whether people can only read it there.
        rows: how many lines it takes.
    """

    column: str
    locked: bool = False
    rows: int = 1


@dataclass(frozen=True, slots=True)
class SubGrid:
    """A list of related rows on a form, or of any rows on a dashboard.

    Attributes:
        name: unique on its form.
        title: what people read.
        table: whose rows it shows.
        view: the name of the public view that it begins with.
        relationship: the schema name of the relationship to the record; empty on a dashboard.
        rows: how many lines it takes.
    """

    name: str
    title: Text
    table: str
    view: str
    relationship: str = ""
    rows: int = 6


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a tab; `wide` ones have one column, the others two."""

    name: str
    title: Text
    cells: tuple[FormField | SubGrid, ...]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of a form."""

    name: str
    title: Text
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class FormScript:
    """What a form runs.

    Attributes:
        resource: the name of the web resource.
        on_load: the function that is called with the form.
        on_change: the function that is called when a column changes, by column.
    """

    resource: str
    on_load: str
    on_change: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """The main form of a table of the solution."""

    table: str
    tabs: tuple[Tab, ...]
    script: FormScript | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of lists."""

    name: str
    title: Text
    description: Text
    grids: tuple[SubGrid, ...]


class ButtonPlace(IntEnum):
    """Where a button is, by the number in `location`."""

    FORM = 0
    MAIN_GRID = 1


@dataclass(frozen=True, slots=True)
class Button:
    """A command of the command bar.

    Attributes:
        name: its name, unique among the buttons of a table and a place.
        table: the logical name of the table whose rows it is about.
        place: where it is.
        title: what people read.
        tooltip: what it does.
        icon: the name of a symbol of the platform.
        function: what it calls in the web resource of the buttons.
    """

    name: str
    table: str
    place: ButtonPlace
    title: Text
    tooltip: Text
    icon: str
    function: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A web resource.

    Attributes:
        name: its name in Dataverse; the slashes make it look like a path.
        title: what administrators read.
        kind: the number in `webresourcetype`: 3 script, 11 vector image.
        files: the files of which it consists, in this order.
    """

    name: str
    title: str
    kind: int
    files: tuple[str, ...]
