"""The definitions of the tables that an environment has from the start, told from the manifest."""

from collections.abc import Callable, Iterable
from typing import Final

from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.customizing.definitions import (
    ColumnDefinition,
    Definitions,
    KeyDefinition,
    RelationshipDefinition,
    TableDefinition,
)
from sandbox.dataverse.customizing.describing import (
    OPTION_KINDS,
    TABLE_DEFAULTS,
    TABLE_SWITCHES,
    common,
    of_type,
    privileges,
    switch,
)
from sandbox.dataverse.customizing.relating import CASCADE, menu
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.model import Catalog, TableModel
from sandbox.dataverse.values import Json, JsonObject

type Label = Callable[[str], JsonObject]

#: Object type codes that are the same in every environment.
_CODES: Final = {
    "account": 1, "contact": 2, "lead": 4, "systemuser": 8, "businessunit": 10, "team": 9, "usersettings": 150,
    "organization": 1019, "list": 4300, "listmember": 4301, "asyncoperation": 4700, "serviceendpoint": 4618,
    "sdkmessage": 4606, "sdkmessagefilter": 4607, "sdkmessageprocessingstep": 4608, "post": 8000,
    "environmentvariabledefinition": 380, "environmentvariablevalue": 381, "publisher": 7101, "solution": 7100,
    "solutioncomponent": 7103, "teammembership": 23,
}  # fmt: skip
_PREFIXES: Final = frozenset({"dh", "new"})
#: Names of relationships that are the same in every environment; the rest get one that says what they are.
_RELATIONSHIPS: Final = {
    "contact_parentcustomerid_account": "contact_customer_accounts",
    "contact_parentcustomerid_contact": "contact_customer_contacts",
    "account_primarycontactid_contact": "account_primary_contact",
    "account_parentaccountid_account": "account_parent_account",
}
#: Standard tables whose code is not known get numbers from here on.
_FIRST_UNKNOWN: Final = 9_700


def define_existing(definitions: Definitions, catalog: Catalog, label: Label) -> None:
    """Define every table of the catalog."""
    for number, model in enumerate(catalog.by_name.values()):
        custom = _is_custom(model.name)
        code = definitions.next_code if custom else _CODES.get(model.name, _FIRST_UNKNOWN + number)
        definitions.next_code += custom
        definitions.tables[model.name] = _table(model, code, label, custom=custom)
        for each in describe_relationships(model.name, model.stored.values(), label):
            definitions.relationships[each.name.lower()] = each


def _is_custom(name: str) -> bool:
    """Whether somebody made it: ours, or the customer of the sandbox."""
    return name.partition("_")[0] in _PREFIXES


def _table(model: TableModel, code: int, label: Label, *, custom: bool) -> TableDefinition:
    table = model.table
    properties: JsonObject = {
        "LogicalName": table.name,
        "SchemaName": table.name,
        "EntitySetName": table.set_name,
        "LogicalCollectionName": table.set_name,
        "CollectionSchemaName": table.set_name,
        "PrimaryIdAttribute": table.id_column,
        "PrimaryNameAttribute": table.name_column,
        "ObjectTypeCode": code,
        "IsPrivate": False,
        "IsCustomEntity": custom,
        "IsManaged": not custom,
        "IsIntersect": model.is_intersect,
        "OwnershipType": "UserOwned" if model.has_owner else "OrganizationOwned",
        "TableType": "Standard",
        "DisplayName": label(table.label),
        "DisplayCollectionName": label(table.label),
        "Description": label(""),
        **TABLE_DEFAULTS,
        **{name: switch(value, governs) for name, (value, governs) in TABLE_SWITCHES.items()},
        "Privileges": privileges(table.name, owned=model.has_owner),
        "MetadataId": guid_for(f"table/{table.name}"),
    }
    columns = {
        column.name: describe_column(
            table,
            column,
            label,
            guid_for(f"table/{table.name}/column/{column.name}"),
            custom=_is_custom(column.name),
        )
        for column in model.stored.values()
    }
    keys = {name: _key(model, name, columns_of, label) for name, columns_of in table.keys.items()}
    return TableDefinition(guid_for(f"table/{table.name}"), table, properties, columns, keys, custom, published=True)


def describe_column(table: Table, column: Column, label: Label, column_id: str, *, custom: bool) -> ColumnDefinition:
    """The definition of a column that no client made."""
    is_id, is_name = column.name == table.id_column, column.name == table.name_column
    properties = {
        **common(column, column.name, table.name, is_id=is_id, is_name=is_name, custom=custom),
        **of_type(column),
        "DisplayName": label(column.label),
        "Description": label(""),
        "MetadataId": column_id,
    }
    if column.kind in OPTION_KINDS:
        properties["OptionSet"] = _option_set(table, column, label)
        properties["GlobalOptionSet"] = None
    return ColumnDefinition(column_id, column, properties, custom)


def _option_set(table: Table, column: Column, label: Label) -> JsonObject:
    kinds = {Kind.STATE: "State", Kind.STATUS: "Status"}
    options: list[Json] = []
    for value, text in column.options.items():
        option: JsonObject = {
            "Value": value,
            "Label": label(text),
            "Description": label(""),
            "Color": None,
            "IsManaged": False,
            "ExternalValue": None,
            "ParentValues": [],
            "MetadataId": None,
            "HasChanged": None,
        }
        if column.kind is Kind.STATUS:
            option["State"] = table.status_state.get(value, 0)
            option["TransitionData"] = None
        options.append(option)
    return {
        "Name": f"{table.name}_{column.name}",
        "IsGlobal": False,
        "OptionSetType": kinds.get(column.kind, "Picklist"),
        "Options": options,
        "MetadataId": guid_for(f"table/{table.name}/options/{column.name}"),
    }


def describe_relationships(table: str, columns: Iterable[Column], label: Label) -> list[RelationshipDefinition]:
    """The relationships behind lookups that no client made."""
    return [
        _relationship(table, column, target, name, label)
        for column in columns
        for target, name in column.navigation.items()
    ]


def _relationship(table: str, column: Column, target: str, name: str, label: Label) -> RelationshipDefinition:
    custom = _is_custom(column.name)
    plain = f"{table}_{column.name}_{target}"
    schema_name = _RELATIONSHIPS.get(plain, plain)
    properties: JsonObject = {
        "@odata.type": "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "MetadataId": guid_for(f"relationship/{table}/{column.name}/{target}"),
        "SchemaName": schema_name,
        "RelationshipType": "OneToManyRelationship",
        "IsCustomRelationship": custom,
        "IsManaged": False,
        "SecurityTypes": "Append",
        "ReferencingEntity": table,
        "ReferencingAttribute": column.name,
        "ReferencedEntity": target,
        "ReferencedAttribute": f"{target}id",
        "ReferencingEntityNavigationPropertyName": name,
        "ReferencedEntityNavigationPropertyName": schema_name,
        "RelationshipBehavior": 1,
        "CascadeConfiguration": dict(CASCADE),
        "AssociatedMenuConfiguration": menu({}, label("")),
    }
    kind = "OneToManyRelationshipMetadata"
    return RelationshipDefinition(str(properties["MetadataId"]), kind, properties, custom)


def _key(model: TableModel, name: str, columns: tuple[str, ...], label: Label) -> KeyDefinition:
    key_id = guid_for(f"table/{model.name}/key/{name}")
    attributes: list[Json] = list(columns)
    properties: JsonObject = {
        "MetadataId": key_id,
        "LogicalName": name,
        "SchemaName": name,
        "EntityLogicalName": model.name,
        "DisplayName": label(name),
        "KeyAttributes": attributes,
        "EntityKeyIndexStatus": "Active",
        "IsManaged": False,
    }
    return KeyDefinition(key_id, name, columns, properties)
