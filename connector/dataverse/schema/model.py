"""The words in which the manifest is written: tables, columns, alternate keys and the steps that post messages."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum


class Kind(StrEnum):
    """The type of a column, by the name of its Dataverse attribute type; of a date, by its behaviour.

    DATE (behaviour DateOnly) is a date: `2026-01-31`. DATE_TIME (UserLocal) is a moment, in UTC:
    `2026-01-31T09:00:00Z`. DATE_TIME_NO_ZONE (TimeZoneIndependent) is a date and time that is never converted:
    `2026-01-31T10:00:00Z`, where the `Z` means nothing.
    """

    ID = "Uniqueidentifier"
    TEXT = "String"
    MEMO = "Memo"
    INTEGER = "Integer"
    DECIMAL = "Decimal"
    MONEY = "Money"
    YES_NO = "Boolean"
    DATE = "DateOnly"
    DATE_TIME = "DateTime"
    DATE_TIME_NO_ZONE = "TimeZoneIndependent"
    CHOICE = "Picklist"
    CHOICES = "MultiSelectPicklist"
    STATE = "State"
    STATUS = "Status"
    LOOKUP = "Lookup"
    CUSTOMER = "Customer"
    BIG_INTEGER = "BigInt"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: the logical name.
        kind: the type.
        label: what users read.
        length: the maximum number of characters of a text.
        targets: the tables that a lookup may point to.
        navigation: per target, the navigation property through which the lookup is written.
        options: value and label of each choice.
        auto_number: the autonumber format, e.g. `{SEQNUM:12}`.
        required: whether a row cannot be created without it.
        writable: whether clients may write it.
        default: the value of a row that was created without it.
        minimum, maximum: the range of a number; None where only the type limits it.
        precision: the number of decimals of a number; None where it is not known.
        is_day: whether a moment is shown to people as a day (format DateOnly).
        global_choice: the name of the global choice that has the options; empty for a choice of the column's own.
        audited: whether Dataverse keeps the old values, where auditing is switched on.
    """

    name: str
    kind: Kind
    label: str = ""
    length: int = 100
    targets: tuple[str, ...] = ()
    navigation: dict[str, str] = field(default_factory=dict)
    options: dict[int, str] = field(default_factory=dict)
    auto_number: str = ""
    required: bool = False
    writable: bool = True
    default: bool | int | str | None = None
    minimum: float | None = None
    maximum: float | None = None
    precision: int | None = None
    is_day: bool = False
    global_choice: str = ""
    audited: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: the logical name.
        set_name: the entity set of the Web API.
        label: what users read.
        id_column: the primary key.
        name_column: the primary name.
        columns: all columns that the connector uses, the keys' columns included.
        keys: the alternate keys, each a tuple of columns, by name.
        own: whether the connector's solution adds the table (else it is a standard table).
        status_state: which `statecode` each `statuscode` belongs to.
    """

    name: str
    set_name: str
    label: str
    id_column: str
    name_column: str
    columns: tuple[Column, ...]
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    own: bool = False
    status_state: dict[int, int] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: when the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


@dataclass(frozen=True, slots=True)
class Step:
    """An asynchronous PostOperation step that posts a message of a table through the service endpoint.

    Attributes:
        message: e.g. `Create`.
        table: the logical name of the table.
        filtering: for Update, the columns whose change posts; empty means any.
        pre_image: the columns of the pre-image, needed where the row is gone when the message is read.
    """

    message: str
    table: str
    filtering: tuple[str, ...] = ()
    pre_image: tuple[str, ...] = ()


def text(name: str, label: str, length: int = 100, *, required: bool = False) -> Column:
    """A line of text."""
    return Column(name, Kind.TEXT, label, length=length, required=required)


def choice(name: str, label: str, enum: type[IntEnum], *, default: int | None = None) -> Column:
    """A choice whose options are the members of an enumeration."""
    options = option_labels(enum)
    return Column(name, Kind.CHOICE, label, options=options, default=default, global_choice=global_choice(enum))


def lookup(name: str, label: str, navigation: dict[str, str], *, required: bool = False) -> Column:
    """A lookup; `navigation` gives the navigation property of each target table."""
    kind = Kind.CUSTOMER if set(navigation) == {"account", "contact"} else Kind.LOOKUP
    return Column(name, kind, label, targets=tuple(navigation), navigation=navigation, required=required)


def global_choice(enum: type[Enum]) -> str:
    """The name of the global choice whose options are the members of an enumeration."""
    return f"dh_spotler{enum.__name__.lower()}"


def option_labels(enum: type[Enum]) -> dict[int, str]:
    """Value and label of each member; a `label` property wins over the member's name."""
    return {int(m.value): str(getattr(m, "label", m.name.replace("_", " ").capitalize())) for m in enum}
