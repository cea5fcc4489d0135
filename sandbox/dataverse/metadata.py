"""`EntityDefinitions`: what clients ask about tables before they write to them."""

import re
from collections.abc import Callable, Mapping
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from connector.dataverse.schema import Column, Kind
from sandbox.dataverse import errors
from sandbox.dataverse.admission import DEFINE, admit
from sandbox.dataverse.calls import Answer, Call, json_answer
from sandbox.dataverse.errors import ApiError, bad_query, unknown_property, unknown_segment
from sandbox.dataverse.filters import Fields, compile_filter
from sandbox.dataverse.literals import unquote
from sandbox.dataverse.model import LOOKUP_KINDS, Catalog, TableModel
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.values import Json, JsonObject, Scalar

_KEY = re.compile(r"LogicalName=('(?:[^']|'')*')")
_TYPED: Final = "Microsoft.Dynamics.CRM."

#: The types of the properties by which tables and columns can be filtered.
_KINDS: Final[dict[str, Kind]] = {
    "LogicalName": Kind.TEXT,
    "SchemaName": Kind.TEXT,
    "EntitySetName": Kind.TEXT,
    "PrimaryIdAttribute": Kind.TEXT,
    "PrimaryNameAttribute": Kind.TEXT,
    "AttributeType": Kind.TEXT,
    "MetadataId": Kind.ID,
    "ObjectTypeCode": Kind.INTEGER,
    "IsActivity": Kind.YES_NO,
    "IsPrivate": Kind.YES_NO,
    "IsCustomEntity": Kind.YES_NO,
}

#: `DateTimeBehavior` of the types of dates.
_BEHAVIORS: Final = {
    Kind.DATE: "DateOnly",
    Kind.DATE_TIME: "UserLocal",
    Kind.DATE_TIME_NO_ZONE: "TimeZoneIndependent",
}

#: The range and the decimals of numbers where the manifest says nothing of them.
_RANGES: Final[dict[Kind, tuple[int, int, int | None]]] = {
    Kind.INTEGER: (-(2**31), 2**31 - 1, None),
    Kind.DECIMAL: (-(10**11), 10**11, 2),
    Kind.MONEY: (-922_337_203_685_477, 922_337_203_685_477, 4),
}

#: Columns whose metadata have options.
_OPTION_KINDS: Final = frozenset({Kind.CHOICE, Kind.CHOICES, Kind.STATE, Kind.STATUS})

#: The types of columns, as the address of a list of columns names them.
_ATTRIBUTE_TYPES: Final = frozenset(
    f"{_TYPED}{name}AttributeMetadata"
    for name in (kind.value for kind in Kind if kind not in (Kind.DATE, Kind.DATE_TIME_NO_ZONE, Kind.CUSTOMER))
)
#: What `$expand` can say.
_OPTION_SETS: Final = frozenset({"OptionSet", "OptionSet($select=Options)"})

#: Custom tables get numbers from here on.
_FIRST_CUSTOM_NUMBER: Final = 10_000


class Metadata:
    """Answers questions about the tables of the catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._tables = {
            model.name: (model, _definition(model, number)) for number, model in enumerate(catalog.by_name.values(), 1)
        }

    def answer(self, call: Call, key: str | None, rest: str | None) -> Answer:
        """Answer a request below `EntityDefinitions`.

        Raises:
            ApiError: 404 for unknown tables and segments, 405 for writes.
        """
        if call.method != "GET":
            raise ApiError(405, errors.BAD_QUERY, "The definition of tables cannot be changed through this stand-in.")
        parameters = parse_query(call.query)
        admit(call, parameters, DEFINE)
        if key is None and rest is None:
            present = [self._tables[model.name][1] for model in self._catalog.present()]
            return self._list(call, present, parameters, "")
        model, definition = self._find(key or "")
        if rest is None:
            if "$filter" in parameters:
                raise bad_query("A single definition cannot be filtered.")
            shown = _select(definition, parameters, set(definition))
            return json_answer(200, {"@odata.context": f"{call.root}/$metadata", **shown})
        segment, _, typed = rest.partition("/")
        if typed and (segment != "Attributes" or typed not in _ATTRIBUTE_TYPES):
            raise unknown_segment(typed)
        lists: dict[str, Callable[[], list[JsonObject]]] = {
            "Attributes": lambda: _attributes(model, typed.removeprefix(_TYPED)),
            "ManyToOneRelationships": lambda: _relationships(model),
            "Keys": lambda: _keys(model),
        }
        if segment not in lists:
            raise unknown_segment(rest)
        return self._list(call, lists[segment](), parameters, f"('{model.name}')/{rest}")

    def _find(self, key: str) -> tuple[TableModel, JsonObject]:
        match = _KEY.fullmatch(key)
        name = unquote(match[1]) if match else key
        for model, definition in self._tables.values():
            if name in (model.name, definition["MetadataId"]) and model.name not in self._catalog.absent:
                return model, definition
        message = f"Could not find an entity with name '{name}' and MetadataId."
        raise ApiError(404, errors.NOT_FOUND, message)

    def _list(self, call: Call, items: list[JsonObject], parameters: Mapping[str, str], path: str) -> Answer:
        text = parameters.get("$filter")
        if text:
            condition = compile_filter(text, Fields("EntityMetadata", _KINDS))
            items = [item for item in items if condition.matches(_scalars(item))]
        names: set[str] = set().union(*items) if path.endswith("Metadata") else _common(items)
        shown: list[Json] = []
        shown.extend(_select(item, parameters, names) for item in items)
        return json_answer(200, {"@odata.context": f"{call.root}/$metadata#EntityDefinitions{path}", "value": shown})


def _definition(model: TableModel, number: int) -> JsonObject:
    table = model.table
    return {
        "LogicalName": table.name,
        "SchemaName": table.name,
        "EntitySetName": table.set_name,
        "LogicalCollectionName": table.set_name,
        "PrimaryIdAttribute": table.id_column,
        "PrimaryNameAttribute": table.name_column,
        "ObjectTypeCode": number + (_FIRST_CUSTOM_NUMBER if table.own else 0),
        "IsActivity": False,
        "IsPrivate": False,
        "IsCustomEntity": table.own,
        "OwnershipType": "UserOwned" if model.has_owner else "OrganizationOwned",
        "DisplayName": _label(table.label),
        "MetadataId": str(uuid5(NAMESPACE_URL, f"table/{table.name}")),
    }


def _attributes(model: TableModel, typed: str) -> list[JsonObject]:
    kind = typed.removesuffix("AttributeMetadata")
    return [_attribute(model, column) for column in model.columns.values() if kind in ("", _type_name(column))]


def _type_name(column: Column) -> str:
    if column.kind is Kind.CUSTOMER:
        return "Lookup"
    return "DateTime" if column.kind in _BEHAVIORS else column.kind.value


def _type_code(column: Column) -> str:
    """The name of the type in the older list of types, which has none for multi-choices."""
    if column.kind is Kind.CHOICES:
        return "Virtual"
    return "DateTime" if column.kind in _BEHAVIORS else column.kind.value


def _attribute(model: TableModel, column: Column) -> JsonObject:
    attribute: JsonObject = {
        "@odata.type": f"#{_TYPED}{_type_name(column)}AttributeMetadata",
        "LogicalName": column.name,
        "SchemaName": column.name,
        "AttributeType": _type_code(column),
        "DisplayName": _label(column.label),
        "IsPrimaryId": column.name == model.id_column,
        "IsPrimaryName": column.name == model.table.name_column,
        "IsValidForCreate": column.writable,
        "IsValidForUpdate": column.writable,
        "IsValidForRead": True,
        "MetadataId": str(uuid5(NAMESPACE_URL, f"table/{model.name}/column/{column.name}")),
    }
    if column.kind in (Kind.TEXT, Kind.MEMO):
        attribute["MaxLength"] = column.length
        attribute["AutoNumberFormat"] = column.auto_number
    if column.kind in _RANGES:
        low, high, precision = _RANGES[column.kind]
        attribute["MinValue"] = low if column.minimum is None else column.minimum
        attribute["MaxValue"] = high if column.maximum is None else column.maximum
        if precision is not None:
            attribute["Precision"] = precision if column.precision is None else column.precision
    if column.kind in _BEHAVIORS:
        attribute["Format"] = "DateOnly" if column.kind is Kind.DATE or column.is_day else "DateAndTime"
        attribute["DateTimeBehavior"] = {"Value": _BEHAVIORS[column.kind]}
    if column.kind in LOOKUP_KINDS:
        targets: list[Json] = list(column.targets)
        attribute["Targets"] = targets
    if column.kind in _OPTION_KINDS:
        options: list[Json] = [{"Value": value, "Label": _label(text)} for value, text in column.options.items()]
        attribute["OptionSet"] = {"Options": options}
    return attribute


def _relationships(model: TableModel) -> list[JsonObject]:
    return [
        {
            "SchemaName": f"{model.name}_{column.name}_{target}",
            "ReferencingEntity": model.name,
            "ReferencingAttribute": column.name,
            "ReferencedEntity": target,
            "ReferencingEntityNavigationPropertyName": name,
        }
        for column in model.columns.values()
        for target, name in column.navigation.items()
    ]


def _keys(model: TableModel) -> list[JsonObject]:
    keys: list[JsonObject] = []
    for name, columns in model.table.keys.items():
        attributes: list[Json] = list(columns)
        keys.append(
            {"LogicalName": name, "SchemaName": name, "KeyAttributes": attributes, "EntityKeyIndexStatus": "Active"}
        )
    return keys


def _label(text: str) -> JsonObject:
    label: JsonObject = {"Label": text, "LanguageCode": 1033}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}


def _common(items: list[JsonObject]) -> set[str]:
    """The properties that all items have: those of a column's own type can be selected only of that type."""
    return set.intersection(*(set(item) for item in items)) if items else set()


def _select(item: JsonObject, parameters: Mapping[str, str], known: set[str]) -> JsonObject:
    """What `$select` and `$expand` leave of an item.

    Raises:
        ApiError: 400 when they name what is not known.
    """
    text, expanded = parameters.get("$select"), parameters.get("$expand")
    if expanded is not None and (expanded not in _OPTION_SETS or "OptionSet" not in known):
        raise bad_query(f"The value '{expanded}' of $expand is not supported.")
    if text is None:
        return item
    names = {name.strip() for name in text.split(",")}
    for name in sorted(names - known):
        raise unknown_property(name, "MetadataBase")
    names |= {"MetadataId", "@odata.type"} | ({"OptionSet"} if expanded else set())
    return {name: value for name, value in item.items() if name in names}


def _scalars(item: JsonObject) -> dict[str, Scalar]:
    return {name: value for name, value in item.items() if not isinstance(value, list | dict)}
