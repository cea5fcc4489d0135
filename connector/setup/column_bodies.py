"""Columns as the Web API takes them, by kind."""

from typing import Final

from connector.dataverse.schema import Column, Kind, Table, installation as manifest
from connector.dataverse.schema.labels import Text, label
from connector.setup.labels import Languages, managed

_TYPE: Final = "Microsoft.Dynamics.CRM."
_CHOICES: Final = "GlobalOptionSetDefinitions"
#: The labels of yes and no.
_YES, _NO = label("Yes"), label("No")
#: The range of whole numbers.
SMALLEST, LARGEST = -(2**31), 2**31 - 1

#: The type of definition of each kind of column that is made as a column; lookups are made with their relationship.
TYPES: Final = {
    Kind.TEXT: "String",
    Kind.MEMO: "Memo",
    Kind.INTEGER: "Integer",
    Kind.DECIMAL: "Decimal",
    Kind.YES_NO: "Boolean",
    Kind.DATE: "DateTime",
    Kind.DATE_TIME: "DateTime",
    Kind.DATE_TIME_NO_ZONE: "DateTime",
    Kind.CHOICE: "Picklist",
}
#: `DateTimeBehavior` of the kinds of dates.
BEHAVIOURS: Final = {
    Kind.DATE: "DateOnly",
    Kind.DATE_TIME: "UserLocal",
    Kind.DATE_TIME_NO_ZONE: "TimeZoneIndependent",
}


def metadata_type(column: Column) -> str:
    """The type of the definition, with its namespace."""
    return f"{_TYPE}{TYPES.get(column.kind, 'Lookup')}AttributeMetadata"


def common_body(table: Table, column: Column, languages: Languages) -> dict[str, object]:
    """What the definition of every column has."""
    return {
        "SchemaName": manifest.schema_name(column),
        "DisplayName": languages.label(label(column.label)),
        "Description": languages.label(manifest.column_description(table, column)),
        "RequiredLevel": managed(required_level(column), "canmodifyrequirementlevelsettings"),
    }


def required_level(column: Column) -> str:
    """Whether forms ask for a value; the Web API never does."""
    return "ApplicationRequired" if column.required else "None"


def column_body(table: Table, column: Column, languages: Languages) -> dict[str, object]:
    """The whole definition of a new column that is no lookup."""
    return {
        "@odata.type": metadata_type(column),
        **common_body(table, column, languages),
        "IsAuditEnabled": managed(column.audited, "canmodifyauditsettings"),
        **_own(column, languages),
    }


def _own(column: Column, languages: Languages) -> dict[str, object]:  # noqa: PLR0911 - one per kind
    """What only columns of this kind have."""
    match column.kind:
        case Kind.TEXT:
            number = {"AutoNumberFormat": column.auto_number} if column.auto_number else {}
            return {"MaxLength": column.length, "FormatName": {"Value": "Text"}, **number}
        case Kind.MEMO:
            return {"MaxLength": column.length, "Format": "TextArea", "ImeMode": "Disabled"}
        case Kind.INTEGER:
            low, high = range_of(column)
            return {"MinValue": low, "MaxValue": high, "Format": "None"}
        case Kind.DECIMAL:
            low, high = range_of(column)
            return {"MinValue": low, "MaxValue": high, "Precision": column.precision or 2}
        case Kind.YES_NO:
            return {"DefaultValue": bool(column.default), "OptionSet": _yes_no(languages)}
        case Kind.DATE | Kind.DATE_TIME | Kind.DATE_TIME_NO_ZONE:
            return {"Format": date_format(column), "DateTimeBehavior": {"Value": BEHAVIOURS[column.kind]}}
        case Kind.CHOICE:
            default = {} if column.default is None else {"DefaultFormValue": column.default}
            return {"GlobalOptionSet@odata.bind": f"/{_CHOICES}(Name='{column.global_choice}')", **default}
        case _:
            raise ValueError(f"{column.name} is not made as a column")


def date_format(column: Column) -> str:
    """How a date is shown: as a day, or with its time."""
    return "DateOnly" if column.kind is Kind.DATE or column.is_day else "DateAndTime"


def range_of(column: Column) -> tuple[float, float]:
    """The smallest and the largest number that it takes."""
    low = SMALLEST if column.minimum is None else column.minimum
    return low, LARGEST if column.maximum is None else column.maximum


def _yes_no(languages: Languages) -> dict[str, object]:
    def option(value: int, text: Text) -> dict[str, object]:
        return {"@odata.type": f"{_TYPE}OptionMetadata", "Value": value, "Label": languages.label(text)}

    return {
        "@odata.type": f"{_TYPE}BooleanOptionSetMetadata",
        "TrueOption": option(1, _YES),
        "FalseOption": option(0, _NO),
    }
