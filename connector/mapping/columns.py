"""What may stand in a column of a mapping row, parsed once.

| In the mapping | Meaning |
|---|---|
| `firstname` | a column of the record |
| `parentcustomerid(account).name` | a column of the row that a lookup refers to, one level deep |
| `parentcustomerid(account)`, `_parentcustomerid_value` | the name of the row that a lookup refers to |
| `$CustomerType` | the table of the record, as a word |
| `$value:PRD` | the constant `PRD` |
| `@map(permissions)`, `@map(list)`, `@map(periodiek)` | rows beside the record that say yes or no per item |
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.words import Sentence

_NAME = r"[a-z][a-z0-9_]*"
_PLAIN: Final = re.compile(_NAME)
_LOOKUP_PROPERTY: Final = re.compile(rf"_({_NAME})_value")
_LOOKUP: Final = re.compile(rf"({_NAME})\(({_NAME})\)(?:\.({_NAME}))?")
_MAP: Final = re.compile(r"@map\((.*)\)")

_CUSTOMER_TYPE: Final = "$CustomerType"
_CONSTANT: Final = "$value:"

#: Lookups of the standard tables, which may be written by their plain name: the Web API shows them under another one.
#: Any other lookup is written `column(table)`, because nothing in its name says that it is a lookup.
STANDARD_LOOKUPS: Final = frozenset(
    {
        "accountid", "createdby", "customerid", "defaultpricelevelid", "masterid", "modifiedby",
        "originatingleadid", "ownerid", "owningbusinessunit", "owningteam", "owninguser", "parentaccountid",
        "parentcontactid", "parentcustomerid", "preferredsystemuserid", "primarycontactid", "qualifyingopportunityid",
        "territoryid", "transactioncurrencyid",
    }
)  # fmt: skip

#: Navigation properties of standard lookups whose name is not simply that of the column.
_STANDARD_NAVIGATION: Final = {
    ("parentcustomerid", "account"): "parentcustomerid_account",
    ("parentcustomerid", "contact"): "parentcustomerid_contact",
    ("customerid", "account"): "customerid_account",
    ("customerid", "contact"): "customerid_contact",
    ("ownerid", "systemuser"): "owninguser",
    ("ownerid", "team"): "owningteam",
}


@dataclass(frozen=True, slots=True)
class Plain:
    """A column of the record itself."""

    column: str


@dataclass(frozen=True, slots=True)
class Name:
    """The name of the row that a lookup refers to; of `table` only, unless that is empty."""

    column: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A column of the row that a lookup refers to, if that is a row of `table`."""

    column: str
    table: str
    target: str


@dataclass(frozen=True, slots=True)
class CustomerType:
    """The table of the record, as a word such as `Contact`."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for every record."""

    text: str


class Collection(StrEnum):
    """Rows beside the record that say yes or no per item of a list field."""

    PERMISSIONS = "permissions"
    LIST = "list"
    PERIODIEK = "periodiek"


@dataclass(frozen=True, slots=True)
class Mapped:
    """`@map(...)`: one item of the Spotler field per row beside the record."""

    collection: Collection


#: Permissions that are kept beside the record: rows of the connector's own table, Periodieken, members of lists.
KEPT_AS_ROWS: Final = frozenset(Mapped(each) for each in Collection)


type Expression = Plain | Name | Path | CustomerType | Constant | Mapped


def constant_of(text: str) -> str | None:
    """The text of `$value:text`; None if it is not written like that, empty if the text is missing."""
    return text[len(_CONSTANT) :].strip() if text.casefold().startswith(_CONSTANT) else None


def parse_column(text: str) -> Expression:
    """Read a column of a mapping row.

    Raises:
        ValueError: with a sentence for people.
    """
    text = text.strip()
    if text.startswith("$"):
        return _parse_dollar(text)
    if text.startswith("@"):
        return _parse_map(text)
    if _PLAIN.fullmatch(text):
        return Name(text) if text in STANDARD_LOOKUPS else Plain(text)
    if lookup := _LOOKUP_PROPERTY.fullmatch(text):
        return Name(lookup[1])
    if lookup := _LOOKUP.fullmatch(text):
        column, table, target = lookup.groups()
        return Path(column, table, target) if target else Name(column, table)
    raise ValueError(_why_not(text))


def base_column(expression: Expression) -> str:
    """The record's own column that the expression starts from; empty where there is none."""
    match expression:
        case Plain(column) | Name(column) | Path(column):
            return column
        case _:
            return ""


def column_text(expression: Expression) -> str:
    """What an expression begins with, as a mapping has it: a column, or a special value such as `@map(permissions)`."""
    match expression:
        case CustomerType():
            return _CUSTOMER_TYPE
        case Constant(text):
            return f"{_CONSTANT}{text}"
        case Mapped(collection):
            return f"@map({collection})"
        case _:
            return base_column(expression)


def is_special(expression: Expression) -> bool:
    """Whether the expression is a `$` or `@` value instead of a column."""
    return not base_column(expression)


def standard_navigation(column: str, table: str) -> str:
    """The navigation property of a lookup in the Web API, as far as its name can be known without metadata.

    A lookup with one possible table is followed by its schema name, which for standard columns is the column's name.
    """
    return _STANDARD_NAVIGATION.get((column, table), column)


def _parse_dollar(text: str) -> Expression:
    if text.casefold() == _CUSTOMER_TYPE.casefold():
        return CustomerType()
    constant = constant_of(text)
    if constant:
        return Constant(constant)
    if constant is not None:
        raise ValueError(Sentence("$value: needs a text behind the colon, e.g. $value:PRD"))
    raise ValueError(Sentence("is not a special value; there are $CustomerType and $value:text"))


def _parse_map(text: str) -> Expression:
    found = _MAP.fullmatch(text)
    name = found[1].strip().casefold() if found else ""
    if name not in Collection:
        known = ", ".join(f"@map({each})" for each in Collection)
        raise ValueError(Sentence("is not a special value; there are {names}", names=known))
    return Mapped(Collection(name))


def _why_not(text: str) -> Sentence:
    if not text:
        return Sentence("is empty; leave it out (null) where the table has no such column")
    if text != text.lower():
        return Sentence("must be a logical name, which Dataverse writes in lower case")
    if "(" not in text and "." in text:
        return Sentence("needs the table of the lookup: column(table).column, e.g. parentcustomerid(account).name")
    if text.count("(") > 1 or text.count(".") > 1:
        return Sentence("goes deeper than one level; only column(table).column is possible")
    return Sentence(
        "is not a column name; write column, column(table).column, $CustomerType, $value:text or @map(permissions)"
    )
