"""What Dataverse posts about contacts and permissions, as short as its format allows."""

from typing import Any

from connector.dataverse.messages import Message
from tests.unit.jobs.posted import CONTACT, CONTRACTS, created, read, reference

OTHER = "cccccccc-0000-4000-8000-000000000002"
PERMISSION = "9e990000-0000-4000-8000-000000000003"
OPERATION = "09e7a701-0000-4000-8000-000000000008"

type Document = dict[str, Any]


def row(table: str, row_id: str, *, typed: bool = True, **columns: object) -> Document:
    attributes = [{"key": name, "value": value} for name, value in columns.items()]
    mark = {"__type": f"Entity:{CONTRACTS}"} if typed else {}
    return {**mark, "Attributes": attributes, "Id": row_id, "LogicalName": table}


def rows(table: str, *entities: Document) -> Document:
    return {"__type": f"EntityCollection:{CONTRACTS}", "EntityName": table, "Entities": list(entities)}


def posted(
    name: str, table: str = "contact", row_id: str = CONTACT, images: Document | None = None, **parameters: object
) -> Document:
    """The message `name` about a row, with these parameters and pre-images."""
    return created(
        MessageName=name,
        PrimaryEntityName=table,
        PrimaryEntityId=row_id,
        InputParameters=[{"key": key, "value": value} for key, value in parameters.items()],
        PreEntityImages=[{"key": key, "value": value} for key, value in (images or {}).items()],
    )


def updated(row_id: str = CONTACT, table: str = "contact", **columns: object) -> Document:
    """The change of these columns, with those that the platform adds."""
    changed = {**columns, "modifiedon": "/Date(1735724700000)/", "modifiedby": reference("systemuser", OTHER)}
    return posted("Update", table, row_id, Target=row(table, row_id, **changed))


def of_permission(name: str, images: Document | None = None, **columns: object) -> Document:
    """A message about a permission row, whose target has these columns."""
    target = (
        reference("dh_spotlerpermission", PERMISSION)
        if name == "Delete"
        else row("dh_spotlerpermission", PERMISSION, **columns)
    )
    return posted(name, "dh_spotlerpermission", PERMISSION, images, Target=target)


def image(**columns: object) -> Document:
    return {"PreImage": row("dh_spotlerpermission", PERMISSION, typed=False, **columns)}


def message(document: Document, **properties: object) -> Message:
    return read(document, **properties)
