"""Tables: made with their primary column, changed as a whole, and deleted with everything of theirs."""

from dataclasses import replace
from typing import Final
from uuid import uuid4

from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.customizing.bodies import check_table
from sandbox.dataverse.customizing.columns import new_column
from sandbox.dataverse.customizing.definitions import ColumnDefinition, RelationshipDefinition, TableDefinition
from sandbox.dataverse.customizing.dependencies import refuse_if_needed
from sandbox.dataverse.customizing.describing import (
    TABLE_DEFAULTS,
    TABLE_SWITCHES,
    privileges,
    switch,
)
from sandbox.dataverse.customizing.existing import describe_column, describe_relationships
from sandbox.dataverse.customizing.labels import shown_text
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import (
    ACTIVITY_MAIL_MERGE,
    ACTIVITY_NOTES,
    ACTIVITY_OF_ACTIVITIES,
    ACTIVITY_OFFLINE,
    ACTIVITY_SUBJECT,
    NAME_TAKEN,
    invalid,
)
from sandbox.dataverse.customizing.shapes import flag_in, object_in, objects_in, text_in, value_of
from sandbox.dataverse.customizing.solutions import TABLE
from sandbox.dataverse.customizing.system_columns import STATUS_STATE, system_columns
from sandbox.dataverse.files.columns import companions
from sandbox.dataverse.model import property_name
from sandbox.dataverse.options import forget_options
from sandbox.dataverse.values import JsonObject

#: Autonumbers of a new column begin here.
FIRST_NUMBER: Final = 1000
_REQUIRED: Final = ("SchemaName", "DisplayName", "DisplayCollectionName", "OwnershipType")
_OWNERSHIPS: Final = frozenset({"UserOwned", "OrganizationOwned"})
#: Cannot be changed by a PUT, or are not part of one.
_KEPT: Final = frozenset(
    """
    @odata.type MetadataId LogicalName SchemaName EntitySetName LogicalCollectionName CollectionSchemaName
    PrimaryIdAttribute PrimaryNameAttribute ObjectTypeCode IsPrivate IsCustomEntity IsManaged IsIntersect OwnershipType
    TableType IsActivity ActivityTypeMask Privileges HasChanged
    """.split()  # noqa: SIM905
)
_LABELS: Final = ("DisplayName", "DisplayCollectionName", "Description")
_PARTS: Final = frozenset(
    {"Attributes", "Keys", "ManyToManyRelationships", "ManyToOneRelationships", "OneToManyRelationships"}
)


def create_table(parts: Parts, body: JsonObject, solution: str) -> TableDefinition:
    """Make a table.

    Raises:
        ApiError: 400 when something is wrong with it.
    """
    check_table(body)
    name = _check_names(parts, body)
    primary, others = _columns_of(body)
    is_activity = flag_in(body, "IsActivity")
    if is_activity:
        _check_activity(body, primary)
    labels = {each: parts.labels.read(body.get(each)) for each in _LABELS}
    id_column = "activityid" if is_activity else f"{name}id"
    owned = text_in(body, "OwnershipType") == "UserOwned"
    schema_name = text_in(body, "SchemaName")
    table = Table(
        name=name,
        set_name=_set_name(name),
        label=shown_text(labels["DisplayName"]),
        id_column=id_column,
        name_column=text_in(primary, "SchemaName").lower(),
        columns=(),
        own=True,
        status_state=STATUS_STATE,
    )
    columns = _system(parts, table, owned=owned)
    for each in (primary, *others):
        is_name = each is primary
        made = new_column(
            parts, name, frozenset(columns), each, solution, is_name=is_name, unprefixed=is_name and is_activity
        )
        columns[made.column.name] = made
        columns |= {added.column.name: added for added in companions(name, made)}
    properties: JsonObject = {
        "LogicalName": name,
        "SchemaName": schema_name,
        "EntitySetName": table.set_name,
        "LogicalCollectionName": table.set_name,
        "CollectionSchemaName": f"{schema_name}s",
        "PrimaryIdAttribute": id_column,
        "PrimaryNameAttribute": table.name_column,
        "ObjectTypeCode": parts.definitions.next_code,
        "IsPrivate": False,
        "IsCustomEntity": True,
        "IsManaged": False,
        "IsIntersect": False,
        "OwnershipType": text_in(body, "OwnershipType"),
        "TableType": "Standard",
        **_settings(body),
        "IsActivity": is_activity,
        "ActivityTypeMask": body.get("ActivityTypeMask", 1 if is_activity else 0),
        # An activity table has no privileges of its own: those of activities decide.
        "Privileges": [] if is_activity else privileges(schema_name, owned=owned),
        "MetadataId": str(uuid4()),
        **labels,
    }
    found = TableDefinition(str(properties["MetadataId"]), table, properties, columns, made_at=parts.clock.timestamp())
    _register(parts, found, solution)
    return found


def change_table(parts: Parts, table: TableDefinition, body: JsonObject, *, merge: bool) -> None:
    """Take over a PUT: what the body leaves out falls back to its default, and languages are lost without `merge`.

    Raises:
        ApiError: 400 when something is wrong with it.
    """
    check_table(body)
    before = table.properties
    for name in ("SchemaName", "LogicalName", "OwnershipType", "IsActivity", "PrimaryNameAttribute"):
        if name in body and body[name] != before[name]:
            raise invalid(f"{name} of a table cannot be changed.")
    if before["ChangeTrackingEnabled"] is True and body.get("ChangeTrackingEnabled") is not True:
        raise invalid("Change tracking cannot be disabled once it is enabled.")
    labels = {name: parts.labels.read(body.get(name), object_in(before, name) if merge else None) for name in _LABELS}
    kept = {name: value for name, value in before.items() if name in _KEPT}
    table.properties = {**_settings(body), **kept, **labels}
    table.table = replace(table.table, label=shown_text(labels["DisplayName"]))


def delete_table(parts: Parts, table: TableDefinition) -> None:
    """Delete a table, its columns, keys and relationships, and all its rows.

    Raises:
        ApiError: 400 for a table that is not custom, and `0x8004f01f` while something else needs it.
    """
    if not table.custom:
        raise invalid(f"The table {table.name} cannot be deleted.")
    refuse_if_needed(parts, TABLE, table.id, "Entity")
    for each in list(parts.definitions.of_table(table.name)):
        del parts.definitions.relationships[each.name.lower()]
        parts.solutions.remove(each.id)
    columns, keys = table.columns.values(), table.keys.values()
    for part_id in (table.id, *(each.id for each in columns), *(each.id for each in keys)):
        parts.solutions.remove(part_id)
    parts.solutions.table_ids.pop(table.name, None)
    for listener in parts.when_removed:
        listener(table)
    del parts.definitions.tables[table.name]
    parts.catalog.drop(table.name)
    parts.store.refresh(table.name)
    forget_options()


def number_from(parts: Parts, table: TableDefinition, column: ColumnDefinition, first: int = FIRST_NUMBER) -> None:
    """Let an autonumber column count from here."""
    if column.column.auto_number:
        parts.store.sequences[table.name, column.column.name] = first


def _check_names(parts: Parts, body: JsonObject) -> str:
    """The logical name.

    Raises:
        ApiError: 400 when a required property is missing, or the name is wrong or taken.
    """
    for required in _REQUIRED:
        if not body.get(required):
            raise invalid(f"Required field '{required}' is missing for RequestName='CreateEntity'.")
    name = text_in(body, "SchemaName")
    parts.check_name(name, "Entity")
    if name.lower() in parts.definitions.tables:
        raise invalid(f"An entity with the specified name {name} already exists.", NAME_TAKEN)
    if text_in(body, "OwnershipType") not in _OWNERSHIPS:
        raise invalid("OwnershipType must be UserOwned or OrganizationOwned.")
    for flag in ("IsActivity", "HasActivities", "HasNotes"):
        if not isinstance(body.get(flag), bool):
            raise invalid(f"Required field '{flag}' is missing for RequestName='CreateEntity'.")
    return name.lower()


def _columns_of(body: JsonObject) -> tuple[JsonObject, list[JsonObject]]:
    """The primary column and the others: only `IsPrimaryName` of the column counts."""
    columns = objects_in(body, "Attributes")
    primary = [each for each in columns if each.get("IsPrimaryName") is True]
    if len(primary) != 1 or "StringAttributeMetadata" not in text_in(primary[0], "@odata.type"):
        raise invalid("Required field 'PrimaryAttribute' is missing for RequestName='CreateEntity'.")
    return primary[0], [each for each in columns if each is not primary[0]]


def _check_activity(body: JsonObject, primary: JsonObject) -> None:
    if flag_in(body, "HasActivities"):
        raise invalid("HasActivities must be false for an activity table.", ACTIVITY_OF_ACTIVITIES)
    if not flag_in(body, "HasNotes"):
        raise invalid("HasNotes must be true for an activity table.", ACTIVITY_NOTES)
    if not flag_in(body, "IsAvailableOffline"):
        raise invalid("IsAvailableOffline must be true for an activity table.", ACTIVITY_OFFLINE)
    if value_of(body, "IsMailMergeEnabled") is True:
        raise invalid("IsMailMergeEnabled must be false for an activity table.", ACTIVITY_MAIL_MERGE)
    if text_in(primary, "SchemaName") != "Subject" or text_in(primary, "AutoNumberFormat"):
        raise invalid("The primary column of an activity table must be Subject.", ACTIVITY_SUBJECT)
    if text_in(body, "OwnershipType") != "UserOwned":
        raise invalid("An activity table must be owned by users or teams.")


def _settings(body: JsonObject) -> JsonObject:
    """The properties that a body can set, with their defaults."""
    settings: JsonObject = {
        **TABLE_DEFAULTS,
        **{name: switch(value, governs) for name, (value, governs) in TABLE_SWITCHES.items()},
    }
    for name, value in body.items():
        if "@" in name or name in _KEPT or name in _LABELS or name in _PARTS:
            continue
        if name in TABLE_SWITCHES and isinstance(value, dict):
            settings[name] = switch(value.get("Value") is True, TABLE_SWITCHES[name][1])
        else:
            settings[name] = value
    return settings


def _system(parts: Parts, table: Table, *, owned: bool) -> dict[str, ColumnDefinition]:
    columns = system_columns(table.id_column, table.label, owned=owned)
    return {
        column.name: describe_column(table, column, parts.labels.plain, str(uuid4()), custom=False)
        for column in columns
    }


def _register(parts: Parts, table: TableDefinition, solution: str) -> None:
    parts.definitions.next_code += 1
    parts.definitions.tables[table.name] = table
    for each in _system_relationships(parts, table):
        parts.definitions.relationships[each.name.lower()] = each
    parts.solutions.table_ids[table.name] = table.id
    parts.solutions.add(TABLE, table.id, solution)
    parts.catalog.unsettled.add(table.name)
    for column in table.columns.values():
        number_from(parts, table, column)
    parts.apply(table)
    parts.schedule.after(parts.knobs.set_seconds, lambda: _settle(parts, table))


def _settle(parts: Parts, table: TableDefinition) -> None:
    """From now on its rows can be reached."""
    if parts.definitions.tables.get(table.name) is table:
        parts.catalog.unsettled.discard(table.name)
        for listener in parts.when_settled:
            listener(table)


def _system_relationships(parts: Parts, table: TableDefinition) -> list[RelationshipDefinition]:
    columns: dict[str, Column] = {
        property_name(each.column): each.column
        for each in table.columns.values()
        if each.column.kind in (Kind.LOOKUP, Kind.CUSTOMER)
    }
    return describe_relationships(table.name, columns.values(), parts.labels.plain)


def _set_name(name: str) -> str:
    """The name of the set, as the platform forms the plural."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    return f"{name}s"
