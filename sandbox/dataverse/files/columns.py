"""Which columns hold files and images, and the read-only columns that come with each.

Rows hold the id of a file, and of an image its content; what was uploaded is kept beside them (`contents`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from connector.dataverse.schema import Column, Kind
from sandbox.dataverse.customizing.definitions import ColumnDefinition, Definitions
from sandbox.dataverse.customizing.describing import common, of_type
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.shapes import whole_in
from sandbox.dataverse.values import JsonObject

FILE, IMAGE = "File", "Image"
#: The largest size that a column can be given, in KB, and the one that it has otherwise.
_SIZES: Final[Mapping[str, tuple[int, int]]] = {FILE: (10_485_760, 32_768), IMAGE: (30_720, 10_240)}
_TYPED: Final = "#Microsoft.Dynamics.CRM."


@dataclass(frozen=True, slots=True)
class FileColumn:
    """One column that holds files or images.

    Attributes:
        name: the logical name.
        is_image: whether it takes images only.
        most_bytes: the largest file.
        keeps_full: whether an image can be downloaded as it was uploaded.
    """

    name: str
    is_image: bool
    most_bytes: int
    keeps_full: bool


def file_column(definitions: Definitions, table: str, name: str) -> FileColumn | None:
    """The column of that name, if it holds files or images."""
    found = definitions.tables[table].columns.get(name)
    kind = kind_of(found)
    if found is None or not kind:
        return None
    size, full = found.properties["MaxSizeInKB"], found.properties.get("CanStoreFullImage")
    return FileColumn(name, kind == IMAGE, int(str(size)) * 1024, kind == FILE or full is True)


def kind_of(column: ColumnDefinition | None) -> str:
    """`File` or `Image`; empty for any other column."""
    kind = str(column.properties["@odata.type"]) if column else ""
    return next((each for each in _SIZES if kind == f"{_TYPED}{each}AttributeMetadata"), "")


def describe(kind: str, body: JsonObject) -> JsonObject:
    """What the definition of such a column has besides.

    Raises:
        ApiError: 400 for a size that it cannot have.
    """
    most, usual = _SIZES[kind]
    size = whole_in(body, "MaxSizeInKB") if "MaxSizeInKB" in body else usual
    if size is None or not 1 <= size <= most:
        raise invalid(f"MaxSizeInKB of {kind} columns must be between 1 and {most}.")
    found: JsonObject = {
        "AttributeType": "Virtual",
        "AttributeTypeName": {"Value": f"{kind}Type"},
        "MaxSizeInKB": size,
        "IsValidForCreate": False,
        "IsValidForUpdate": kind == IMAGE,
    }
    if kind == IMAGE:
        found |= {
            "CanStoreFullImage": body.get("CanStoreFullImage") is True,
            "IsPrimaryImage": body.get("IsPrimaryImage") is True,
            "MaxHeight": 144,
            "MaxWidth": 144,
        }
    return found


def companions(table: str, column: ColumnDefinition) -> list[ColumnDefinition]:
    """The read-only columns that come with a column for files or images."""
    kind, name = kind_of(column), column.column.name
    if not kind:
        return []
    added = (
        (Column(f"{name}_name", Kind.TEXT, length=200, writable=False),)
        if kind == FILE
        else (
            Column(f"{name}id", Kind.ID, writable=False),
            Column(f"{name}_timestamp", Kind.BIG_INTEGER, writable=False),
            Column(f"{name}_url", Kind.TEXT, length=200, writable=False),
        )
    )
    return [_companion(table, each, column) for each in added]


def _companion(table: str, column: Column, of: ColumnDefinition) -> ColumnDefinition:
    schema_name = f"{of.properties['SchemaName']}{column.name.removeprefix(of.column.name)}"
    column_id = str(uuid4())
    properties: JsonObject = {
        **common(column, schema_name, table, is_id=False, is_name=False, custom=True),
        **of_type(column),
        "AttributeOf": of.column.name,
        "DisplayName": {"LocalizedLabels": [], "UserLocalizedLabel": None},
        "Description": {"LocalizedLabels": [], "UserLocalizedLabel": None},
        "MetadataId": column_id,
    }
    return ColumnDefinition(column_id, column, properties)
