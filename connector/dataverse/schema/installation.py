"""What the manifest means for an installation: the names, texts and rules that Dataverse asks for beside the columns.

    PUBLISHER, SOLUTION         who owns the tables, and what they are installed and removed with
    GLOBAL_CHOICES              the choices of the solution
    OWN_TABLES                  its tables
    own_columns(table)          the columns that the solution adds to a table
    relationships(table)        what the lookups among them stand on

A new version of the manifest adds; it never drops a column, an option or a table that an older one had.
"""

from dataclasses import dataclass
from typing import Final

from connector.dataverse.choices import (
    AutomationKind,
    ChangedBy,
    ConsentCause,
    ContactStatus,
    InteractionType,
    Operation,
    PromoteTo,
)
from connector.dataverse.names import Consent
from connector.dataverse.schema.descriptions import COLUMN_DESCRIPTIONS, TABLE_DESCRIPTIONS
from connector.dataverse.schema.engagement import ENGAGEMENT_TABLES
from connector.dataverse.schema.labels import Text, label
from connector.dataverse.schema.model import Column, Kind, Table, global_choice, option_labels
from connector.dataverse.schema.own import OWN_TABLES as JOB_TABLES
from connector.dataverse.schema.standard import STANDARD_TABLES

#: What the names of all that the solution adds begin with.
PREFIX: Final = "dh"

#: The version of the manifest. A larger one adds to what is installed.
VERSION: Final = "1.0.0.0"


@dataclass(frozen=True, slots=True)
class Publisher:
    """The owner of the solution.

    Attributes:
        name: its unique name.
        title: what people read.
        prefix: of the names of all its components; it can never be changed.
        option_prefix: the first digits of the values of its choices: 10000 gives 100000000 and up.
    """

    name: str
    title: str
    prefix: str
    option_prefix: int


@dataclass(frozen=True, slots=True)
class Solution:
    """What all components are in: by its name it is read, exported and removed."""

    name: str
    title: str
    version: str


PUBLISHER: Final = Publisher("dhconnector", "Spotler Connector", PREFIX, 10_000)
SOLUTION: Final = Solution("SpotlerConnector", "Spotler Connector", VERSION)


@dataclass(frozen=True, slots=True)
class GlobalChoice:
    """A choice that columns of several tables can use."""

    name: str
    title: Text
    description: Text
    options: dict[int, Text]


def _choice(enum: type, title: str, description: Text) -> GlobalChoice:
    options = {value: label(text) for value, text in option_labels(enum).items()}
    return GlobalChoice(global_choice(enum), label(title), description, options)


GLOBAL_CHOICES: Final = (
    _choice(Operation, "Spotler Operation", Text("What a Spotler Job orders.", "Wat een Spotler-taak opdraagt.")),
    _choice(
        PromoteTo,
        "Spotler Promote To",
        Text("What a website visitor becomes.", "Waartoe een websitebezoeker wordt gepromoveerd."),
    ),
    _choice(
        ContactStatus,
        "Spotler Contact Status",
        Text("The states of a contact in Spotler.", "De statussen van een contact in Spotler."),
    ),
    _choice(
        AutomationKind,
        "Spotler Automation Kind",
        Text("What a Spotler Automation starts.", "Wat een Spotler-automation start."),
    ),
    _choice(
        ChangedBy,
        "Spotler Changed By",
        Text("Where a permission was last changed.", "Waar een toestemming het laatst is gewijzigd."),
    ),
    _choice(
        ConsentCause,
        "Spotler Consent Cause",
        Text("Who or what changed a permission.", "Wie of wat een toestemming wijzigde."),
    ),
    _choice(
        InteractionType,
        "Spotler Interaction Type",
        Text("What happened in a marketing interaction.", "Wat er gebeurde in een marketinginteractie."),
    ),
)

#: The tables of the solution.
OWN_TABLES: Final[tuple[Table, ...]] = (*JOB_TABLES, *ENGAGEMENT_TABLES)

#: Standard tables to which the solution adds columns.
EXTENDED_TABLES: Final[tuple[Table, ...]] = tuple(
    table for table in STANDARD_TABLES if any(column.name.startswith(f"{PREFIX}_") for column in table.columns)
)

#: Schema names that are not the label without its spaces.
_SCHEMA_NAMES: Final = {
    Consent.TABLE: "dh_SpotlerConsent",
    "dh_status": "dh_Status",
    "dh_gone": "dh_Gone",
    "dh_spotlersync": "dh_SpotlerSync",
    "dh_spotlerlastsync": "dh_SpotlerLastSync",
}


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a lookup to one table stands on.

    Deleting the record clears the lookup and does nothing else: what is known of consent stays.

    Attributes:
        name: its schema name.
        target: the table that is pointed to.
        table: the table with the lookup.
        column: the lookup.
        menu: what the related rows are called on the record.
    """

    name: str
    target: str
    table: str
    column: str
    menu: Text


def schema_name(thing: Table | Column) -> str:
    """The name with capitals that Dataverse keeps beside the logical name, e.g. `dh_SpotlerJob`."""
    if isinstance(thing, Column) and thing.navigation:
        name = next(iter(thing.navigation.values()))
        return name.rpartition("_")[0] if thing.kind is Kind.CUSTOMER else name
    return _SCHEMA_NAMES.get(thing.name) or f"{PREFIX}_{thing.label.replace(' ', '')}"


def plural(table: Table) -> Text:
    """What several rows of a table are called."""
    one = table.label
    return label(f"{one[:-1]}ies" if one.endswith("y") else f"{one}s")


def table_description(table: Table) -> Text:
    """What administrators read about a table of the solution."""
    return TABLE_DESCRIPTIONS[table.name]


def column_description(table: Table, column: Column) -> Text:
    """What administrators read about a column of the solution."""
    found = COLUMN_DESCRIPTIONS.get((table.name, column.name))
    return found or COLUMN_DESCRIPTIONS["", column.name]


def own_columns(table: Table) -> tuple[Column, ...]:
    """The columns that the solution adds to a table: without those that come with every table, and without its id."""
    return tuple(
        column for column in table.columns if column.name.startswith(f"{PREFIX}_") and column.kind is not Kind.ID
    )


def relationships(table: Table) -> tuple[Relationship, ...]:
    """The relationships below the lookups that the solution adds to a table."""
    return tuple(
        Relationship(
            f"{PREFIX}_{target.removeprefix(f'{PREFIX}_')}_{table.name}", target, table.name, column.name, plural(table)
        )
        for column in own_columns(table)
        for target in column.targets
    )


def is_audited(table: Table) -> bool:
    """Whether the old values of some column of a table are kept."""
    return any(column.audited for column in table.columns)


def id_column(table: str) -> str:
    """The primary key of a table that lookups of the solution point to."""
    return next(each.id_column for each in (*STANDARD_TABLES, *OWN_TABLES) if each.name == table)
