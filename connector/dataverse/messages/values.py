"""The values of a message: what Dataverse's .NET classes become here.

| .NET                          | here                       |
|-------------------------------|----------------------------|
| string, Guid                  | `str`                      |
| bool                          | `bool`                     |
| int, long                     | `int`                      |
| decimal, double               | `Decimal`, or `int` when written without a fraction |
| DateTime                      | `datetime`, in UTC         |
| null                          | `None`                     |
| OptionSetValue                | `Choice`                   |
| OptionSetValueCollection      | `Choices`                  |
| Money                         | `Money`                    |
| EntityReference               | `EntityReference`          |
| Entity                        | `Entity`                   |
| EntityCollection              | `EntityCollection`         |
| arrays, other collections     | `tuple`                    |
| anything else                 | `Other`                    |

All are immutable. Their `repr` shows tables, ids and numbers of choices, but no text that users typed: an object that
slips into a log line does no harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

type Value = (
    bool
    | int
    | Decimal
    | str
    | datetime
    | Choice
    | Choices
    | Money
    | EntityReference
    | Entity
    | EntityCollection
    | Other
    | tuple[Value, ...]
    | None
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The number of a choice, status or state column."""

    value: int


@dataclass(frozen=True, slots=True)
class Choices:
    """The numbers of a column that takes several choices, in the order of the message; never empty."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount; its currency stands in the column `transactioncurrencyid`."""

    amount: Decimal = field(repr=False)


@dataclass(frozen=True, slots=True)
class EntityReference:
    """A lookup: the row that a column points to.

    Attributes:
        table: logical name of the table, e.g. `contact`.
        id: lower-case guid; None where the message has none or only zeros.
    """

    table: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Entity:
    """A row, or as much of it as the message carries.

    Attributes:
        table: logical name of the table, e.g. `contact`.
        id: lower-case guid; None where the message has none or only zeros.
        attributes: column to value. A column that is absent was not changed; one that is None was cleared.
    """

    table: str
    id: str | None
    attributes: Mapping[str, Value] = field(repr=False)


@dataclass(frozen=True, slots=True)
class EntityCollection:
    """Several rows: the parties of an activity, or the targets of a bulk operation."""

    table: str
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A value of a class that the connector has no use for; only the name of the class is kept."""

    kind: str = field(repr=False)
