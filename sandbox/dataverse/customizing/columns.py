"""Columns: from a typed body to a definition, and to the column by which rows are written."""

from dataclasses import replace
from typing import Final
from uuid import uuid4

from connector.dataverse.schema import Column, Kind
from sandbox.dataverse.customizing.bodies import CREATABLE, check_column
from sandbox.dataverse.customizing.definitions import ColumnDefinition, TableDefinition
from sandbox.dataverse.customizing.describing import common, of_type
from sandbox.dataverse.customizing.labels import shown_text
from sandbox.dataverse.customizing.option_sets import column_options
from sandbox.dataverse.customizing.options import labels_by_value
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import COLUMN_TAKEN, invalid
from sandbox.dataverse.customizing.shapes import (
    flag_in,
    number_in,
    object_in,
    text_in,
    value_of,
    whole_in,
)
from sandbox.dataverse.files.columns import FILE, IMAGE, describe
from sandbox.dataverse.values import JsonObject

_KINDS: Final = {
    "String": Kind.TEXT, "Memo": Kind.MEMO, "Integer": Kind.INTEGER, "Decimal": Kind.DECIMAL, "Double": Kind.DECIMAL,
    "Money": Kind.MONEY, "Boolean": Kind.YES_NO, "Picklist": Kind.CHOICE, "MultiSelectPicklist": Kind.CHOICES,
    FILE: Kind.ID, IMAGE: Kind.MEMO,
}  # fmt: skip
_BEHAVIORS: Final = {
    "UserLocal": Kind.DATE_TIME,
    "DateOnly": Kind.DATE,
    "TimeZoneIndependent": Kind.DATE_TIME_NO_ZONE,
}
#: The types whose labels must be in a language that is provisioned; the others take the text for the base language.
_STRICT: Final = frozenset({"DateTime", "Memo"})
_LEVELS: Final = frozenset({"None", "Recommended", "ApplicationRequired"})
_TEXT_FORMATS: Final = frozenset(
    {"Text", "Email", "Url", "Phone", "TextArea", "TickerSymbol", "RichText", "VersionNumber", "PhoneticGuide"}
)
_LONGEST: Final = {"String": (1, 4000, 100), "Memo": (1, 1_048_576, 2000)}
_INTEGER_FORMATS: Final = frozenset({"None", "Duration", "TimeZone", "Language", "Locale"})
_DATE_FORMATS: Final = frozenset({"DateOnly", "DateAndTime"})
#: Given by the platform whatever a body says.
_FIXED: Final = frozenset(
    {
        "MetadataId", "LogicalName", "SchemaName", "EntityLogicalName", "AttributeType", "AttributeTypeName",
        "IsPrimaryId", "IsPrimaryName", "IsCustomAttribute", "IsManaged", "HasChanged", "OptionSet", "GlobalOptionSet",
        "Targets", "DisplayName", "Description", "RequiredLevel", "FormatName", "DateTimeBehavior",
    }
)  # fmt: skip


def new_column(
    parts: Parts,
    table_name: str,
    taken: frozenset[str],
    body: JsonObject,
    solution: str,
    *,
    is_name: bool = False,
    unprefixed: bool = False,
) -> ColumnDefinition:
    """A column from the body that makes it.

    Args:
        parts: of the environment.
        table_name: the logical name of the table.
        taken: the logical names of the columns that it has.
        body: typed.
        solution: the solution that the write names; its publisher numbers options.
        is_name: whether it is the primary name.
        unprefixed: whether the name needs no prefix, as `Subject` of an activity.

    Raises:
        ApiError: 400 when something is wrong with it.
    """  # fmt: skip
    kind = check_column(body)
    if kind not in CREATABLE:
        raise invalid(f"A column of type {kind} cannot be made here; lookups are made by a relationship.")
    name = text_in(body, "SchemaName")
    if not unprefixed:
        parts.check_name(name, "Attribute")
    if name.lower() in taken:
        raise invalid(f"An attribute with the specified name {name} already exists.", COLUMN_TAKEN)
    properties, column = _describe(parts, table_name, kind, body, Column(name.lower(), _kind(kind, body)), is_name)
    properties["SchemaName"] = name
    properties["MetadataId"] = str(uuid4())
    column = _with_options(parts, table_name, kind, body, properties, column, solution)
    return ColumnDefinition(str(properties["MetadataId"]), column, properties)


def changed_column(
    parts: Parts, table: TableDefinition, definition: ColumnDefinition, body: JsonObject, *, merge: bool
) -> None:
    """Take over a PUT: what the body leaves out falls back, options are never touched.

    Raises:
        ApiError: 400 when something is wrong with it.
    """
    kind = check_column(body)
    before = definition.properties
    if before["@odata.type"] != f"#Microsoft.Dynamics.CRM.{kind}AttributeMetadata":
        raise invalid("The type of a column cannot be changed.")
    if text_in(body, "SchemaName").lower() not in ("", definition.column.name):
        raise invalid("The schema name of a column cannot be changed.")
    is_name = before["IsPrimaryName"] is True
    kept = before if merge else None
    base = replace(definition.column, label="")
    if kind in _KINDS or kind == "DateTime":
        base = replace(base, kind=_changed_kind(kind, body, definition))
    properties, column = _describe(parts, table.name, kind, body, base, is_name, kept)
    if (
        kind == "DateTime"
        and column.kind is not definition.column.kind
        and definition.column.kind is not Kind.DATE_TIME
    ):
        raise invalid("The behavior of this date column cannot be changed any more.")
    for name in ("MetadataId", "SchemaName", "OptionSet", "GlobalOptionSet", "IsCustomAttribute", "IsPrimaryId"):
        if name in before:
            properties[name] = before[name]
    definition.properties, definition.column = properties, column


def _changed_kind(kind: str, body: JsonObject, definition: ColumnDefinition) -> Kind:
    if kind == "DateTime" and "DateTimeBehavior" not in body:
        return definition.column.kind
    return _kind(kind, body)


def _kind(kind: str, body: JsonObject) -> Kind:
    if kind != "DateTime":
        return _KINDS[kind]
    behavior = value_of(body, "DateTimeBehavior") or "UserLocal"
    found = _BEHAVIORS.get(str(behavior))
    if found is None:
        raise invalid(f"'{behavior}' is not a valid DateTimeBehavior.")
    if found is Kind.DATE and text_in(body, "Format") == "DateAndTime":
        raise invalid("A column of behavior DateOnly cannot have the format DateAndTime.")
    return found


def _describe(
    parts: Parts, table: str, kind: str, body: JsonObject, column: Column, is_name: bool,
    before: JsonObject | None = None,
) -> tuple[JsonObject, Column]:  # fmt: skip
    """The definition and the column, without options."""
    strict = kind in _STRICT
    old = before or {}
    label = parts.labels.read(body.get("DisplayName"), object_in(old, "DisplayName") if before else None, strict=strict)
    description = parts.labels.read(
        body.get("Description"), object_in(old, "Description") if before else None, strict=strict
    )
    column = replace(_limited(kind, body, column), label=shown_text(label), writable=_writable(kind, body))
    properties = {
        **common(column, column.name, table, is_id=False, is_name=is_name, custom=True),
        **of_type(column),
        **{name: value for name, value in body.items() if "@" not in name and name not in _FIXED},
        "DisplayName": label,
        "Description": description,
        "RequiredLevel": _level(body),
        "@odata.type": f"#Microsoft.Dynamics.CRM.{kind}AttributeMetadata",
    }
    if kind == "Double":
        properties["AttributeType"], properties["AttributeTypeName"] = "Double", {"Value": "DoubleType"}
    if kind == "String":
        properties["FormatName"] = {"Value": _text_format(body)}
    if kind in (FILE, IMAGE):
        properties = {
            **{name: value for name, value in properties.items() if name not in ("MaxLength", "AutoNumberFormat")},
            **describe(kind, body),
        }
    return properties, column


def _writable(kind: str, body: JsonObject) -> bool:
    if kind in (FILE, IMAGE):  # Dataverse takes an image with a row; the stand-in wants it uploaded
        return False
    return flag_in(body, "IsValidForUpdate", default=True) and flag_in(body, "IsValidForCreate", default=True)


def _limited(kind: str, body: JsonObject, column: Column) -> Column:
    """The column with the limits of its type.

    Raises:
        ApiError: 400 for limits that there cannot be.
    """
    if kind in _LONGEST:
        low, high, usual = _LONGEST[kind]
        length = whole_in(body, "MaxLength") if "MaxLength" in body else usual
        if length is None or not low <= length <= high:
            raise invalid(f"MaxLength of a {kind} column must be between {low} and {high}.")
        number = text_in(body, "AutoNumberFormat")
        if number and (kind != "String" or _text_format(body) != "Text"):
            raise invalid("An autonumber column must be a String column of format Text.")
        return replace(column, length=length, auto_number=number)
    if kind in ("Integer", "Decimal", "Double", "Money"):
        return _limited_number(kind, body, column)
    if kind == "DateTime":
        shown = text_in(body, "Format") or ("DateOnly" if column.kind is Kind.DATE else "DateAndTime")
        if shown not in _DATE_FORMATS:
            raise invalid(f"'{shown}' is not a valid format of a DateTime column.")
        return replace(column, is_day=shown == "DateOnly" and column.kind is Kind.DATE_TIME)
    if kind == "Boolean":
        return replace(column, default=flag_in(body, "DefaultValue"))
    return column


def _limited_number(kind: str, body: JsonObject, column: Column) -> Column:
    low_value, high_value = number_in(body, "MinValue"), number_in(body, "MaxValue")
    if low_value is not None and high_value is not None and low_value > high_value:
        raise invalid("MinValue must not be larger than MaxValue.")
    precision = whole_in(body, "Precision")
    if precision is not None and not 0 <= precision <= (5 if kind == "Double" else 10):
        raise invalid("Precision must be between 0 and 10, of a Double between 0 and 5.")
    if kind == "Integer" and (text_in(body, "Format") or "None") not in _INTEGER_FORMATS:
        raise invalid(f"'{text_in(body, 'Format')}' is not a valid format of an Integer column.")
    return replace(column, minimum=low_value, maximum=high_value, precision=precision)


def _with_options(
    parts: Parts, table: str, kind: str, body: JsonObject, properties: JsonObject, column: Column, solution: str
) -> Column:
    """Add the options of a choice or a yes/no column."""
    if kind not in ("Boolean", "Picklist", "MultiSelectPicklist"):
        return column
    local, shared = column_options(parts, table, column.name, kind, body, solution)
    properties["OptionSet"], properties["GlobalOptionSet"] = local, shared
    if kind == "Boolean":
        return column
    options = labels_by_value(local)
    default = whole_in(body, "DefaultFormValue")
    if default in (None, -1):
        return replace(column, options=options)
    if default not in options:
        raise invalid(f"The DefaultFormValue {default} is not one of the options.")
    return replace(column, options=options, default=default)


def _level(body: JsonObject) -> JsonObject:
    level = value_of(body, "RequiredLevel") or "None"
    if level not in _LEVELS:
        raise invalid(f"'{level}' is not a valid RequiredLevel of a custom column.")
    governs = "canmodifyrequirementlevelsettings"
    return {"Value": level, "CanBeChanged": True, "ManagedPropertyLogicalName": governs}


def _text_format(body: JsonObject) -> str:
    name = value_of(body, "FormatName") or text_in(body, "Format") or "Text"
    if name == "Json":
        raise invalid("The format Json is only for columns of elastic tables.", "0x80048d13")
    if name not in _TEXT_FORMATS:
        raise invalid(f"'{name}' is not a valid format of a String column.")
    return str(name)
