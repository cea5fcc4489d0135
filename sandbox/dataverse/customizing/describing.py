"""Definitions as clients read them: the properties that a table or column has beside what was sent."""

from functools import cache
from typing import Final

from connector.dataverse.schema import Column, Kind
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.values import Json, JsonObject

#: `DateTimeBehavior` of the types of dates.
BEHAVIORS: Final = {
    Kind.DATE: "DateOnly",
    Kind.DATE_TIME: "UserLocal",
    Kind.DATE_TIME_NO_ZONE: "TimeZoneIndependent",
}
#: Columns whose metadata have options.
OPTION_KINDS: Final = frozenset({Kind.CHOICE, Kind.CHOICES, Kind.STATE, Kind.STATUS})

#: The range and the decimals of numbers where nothing says otherwise.
_RANGES: Final[dict[Kind, tuple[int, int, int | None]]] = {
    Kind.INTEGER: (-(2**31), 2**31 - 1, None),
    Kind.DECIMAL: (-(10**11), 10**11, 2),
    Kind.MONEY: (-922_337_203_685_477, 922_337_203_685_477, 4),
}
_DAY, _MOMENT = "DateOnly", "DateAndTime"

#: Verbs of the privileges of a table; the last two do not exist for tables of the organisation.
_VERBS: Final = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share")

#: What a table has that says nothing of it.
TABLE_DEFAULTS: Final[dict[str, Json]] = {
    "IsActivity": False,
    "HasActivities": False,
    "HasNotes": False,
    "HasFeedback": False,
    "ActivityTypeMask": 0,
    "IsAvailableOffline": False,
    "ChangeTrackingEnabled": False,
    "IsQuickCreateEnabled": False,
    "IsValidForAdvancedFind": True,
    "IsOptimisticConcurrencyEnabled": True,
    "IsDocumentManagementEnabled": False,
    "IsEnabledForCharts": True,
    "IsBusinessProcessEnabled": False,
    "IsInteractionCentricEnabled": False,
    "IsKnowledgeManagementEnabled": False,
    "IsReadingPaneEnabled": True,
    "EntityColor": None,
    "EntityHelpUrl": None,
    "EntityHelpUrlEnabled": False,
    "IconVectorName": None,
}
#: Managed properties of a table: their value and the property that governs them.
TABLE_SWITCHES: Final[dict[str, tuple[bool, str]]] = {
    "IsAuditEnabled": (False, "canmodifyauditsettings"),
    "IsConnectionsEnabled": (False, "canmodifyconnectionsettings"),
    "IsDuplicateDetectionEnabled": (False, "canmodifyduplicatedetectionsettings"),
    "IsMailMergeEnabled": (False, "canmodifymailmergesettings"),
    "IsValidForQueue": (False, "canmodifyqueuesettings"),
    "IsCustomizable": (True, "iscustomizable"),
    "IsRenameable": (True, "isrenameable"),
    "CanCreateAttributes": (True, "cancreateattributes"),
    "CanCreateForms": (True, "cancreateforms"),
    "CanCreateViews": (True, "cancreateviews"),
}
#: Managed properties of a column.
COLUMN_SWITCHES: Final[dict[str, tuple[bool, str]]] = {
    "IsAuditEnabled": (True, "canmodifyauditsettings"),
    "IsCustomizable": (True, "iscustomizable"),
    "IsRenameable": (True, "isrenameable"),
    "IsValidForAdvancedFind": (True, "canmodifysearchsettings"),
    "IsGlobalFilterEnabled": (False, "canmodifyglobalfiltersettings"),
    "IsSortableEnabled": (False, "canmodifyissortablesettings"),
}


@cache
def privilege_id(name: str) -> str:
    """The id of a privilege, which follows from its name, such as `prvReaddh_SpotlerJob`."""
    return guid_for(f"privilege/{name}")


def switch(value: bool, governs: str) -> JsonObject:
    """A managed property."""
    return {"Value": value, "CanBeChanged": True, "ManagedPropertyLogicalName": governs}


def privileges(schema_name: str, *, owned: bool) -> list[Json]:
    """The privileges of a table, as its definition lists them."""
    return [
        {
            "PrivilegeId": privilege_id(f"prv{verb}{schema_name}"),
            "Name": f"prv{verb}{schema_name}",
            "PrivilegeType": verb,
            "CanBeBasic": owned,
            "CanBeLocal": owned,
            "CanBeDeep": owned,
            "CanBeGlobal": True,
            "CanBeEntityReference": False,
            "CanBeParentEntityReference": False,
        }
        for verb in (_VERBS if owned else _VERBS[:-2])
    ]


def type_name(column: Column) -> str:
    """The type of a column, as the name of its definition's type begins."""
    if column.kind is Kind.CUSTOMER:
        return "Lookup"
    return "DateTime" if column.kind in BEHAVIORS else column.kind.value


def type_code(column: Column) -> str:
    """The name of the type in the older list of types, which has none for multi-choices."""
    if column.kind is Kind.CHOICES:
        return "Virtual"
    if column.name == "ownerid":
        return "Owner"
    return "DateTime" if column.kind in BEHAVIORS else column.kind.value


def of_type(column: Column) -> JsonObject:
    """The properties that a column of its type has when nothing more is known than how rows are written by it."""
    found: JsonObject = {}
    if column.kind in (Kind.TEXT, Kind.MEMO):
        found["MaxLength"] = column.length
        found["AutoNumberFormat"] = column.auto_number
    if column.kind is Kind.TEXT:
        found["FormatName"], found["Format"] = {"Value": "Text"}, "Text"
    if column.kind in _RANGES:
        low, high, precision = _RANGES[column.kind]
        found["MinValue"] = low if column.minimum is None else column.minimum
        found["MaxValue"] = high if column.maximum is None else column.maximum
        if precision is not None:
            found["Precision"] = precision if column.precision is None else column.precision
    if column.kind in BEHAVIORS:
        found["Format"] = _DAY if column.kind is Kind.DATE or column.is_day else _MOMENT
        found["DateTimeBehavior"] = {"Value": BEHAVIORS[column.kind]}
        found["CanChangeDateTimeBehavior"] = switch(True, "canchangedatetimebehavior")
    if column.kind is Kind.YES_NO:
        found["DefaultValue"] = column.default is True
    return found


def common(column: Column, schema_name: str, table: str, *, is_id: bool, is_name: bool, custom: bool) -> JsonObject:
    """The properties that every column has."""
    return {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{type_name(column)}AttributeMetadata",
        "LogicalName": column.name,
        "SchemaName": schema_name,
        "EntityLogicalName": table,
        "AttributeType": type_code(column),
        "AttributeTypeName": {"Value": f"{type_name(column)}Type"},
        "IsPrimaryId": is_id,
        "IsPrimaryName": is_name,
        "IsCustomAttribute": custom,
        "IsManaged": False,
        "IsValidForCreate": column.writable,
        "IsValidForUpdate": column.writable,
        "IsValidForRead": True,
        "IsSecured": False,
        "RequiredLevel": {
            "Value": "ApplicationRequired" if column.required else "None",
            "CanBeChanged": True,
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
        **{name: switch(value, governs) for name, (value, governs) in COLUMN_SWITCHES.items()},
    }
