"""What Dataverse posts when somebody creates a job, as short as its format allows."""

import json
from typing import Any

from connector.dataverse.choices import Operation
from connector.dataverse.messages import Message, parse_message

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
ZERO = "00000000-0000-0000-0000-000000000000"
JOB = "0a0a0a0a-0000-4000-8000-000000000001"
CONTACT = "cccccccc-0000-4000-8000-000000000001"
LEAD = "dddddddd-0000-4000-8000-000000000001"

type Document = dict[str, Any]


def choice(value: int) -> Document:
    return {"__type": f"OptionSetValue:{CONTRACTS}", "Value": value}


def reference(table: str, row_id: str) -> Document:
    return {"__type": f"EntityReference:{CONTRACTS}", "Id": row_id, "LogicalName": table}


def target(**columns: object) -> Document:
    attributes = [{"key": name, "value": value} for name, value in columns.items()]
    return {
        "__type": f"Entity:{CONTRACTS}", "Attributes": attributes, "Id": JOB, "LogicalName": "dh_spotlerjob"
    }  # fmt: skip


def created(*, job: str = JOB, tag: str | None = None, columns: Document | None = None, **members: object) -> Document:
    """The creation of an Add Tag job for a contact, unless `columns` and `members` say otherwise."""
    usual = {
        "dh_operation": choice(Operation.ADD_TAG),
        "dh_customerid": reference("contact", CONTACT),
        "statuscode": choice(1),
    }
    return {
        "MessageName": "Create",
        "PrimaryEntityName": "dh_spotlerjob",
        "PrimaryEntityId": job,
        "Depth": 1,
        "Mode": 1,
        "Stage": 40,
        "BusinessUnitId": "b0000001-0000-4000-8000-000000000001",
        "CorrelationId": "c0441a01-0000-4000-8000-000000000011",
        "InitiatingUserId": "5e75e701-0000-4000-8000-000000000006",
        "UserId": "5e75e701-0000-4000-8000-000000000006",
        "OperationCreatedOn": "/Date(1735724700000+0000)/",
        "OperationId": "09e7a701-0000-4000-8000-000000000008",
        "OrganizationId": "0f9e8d7c-0000-4000-8000-000000000009",
        "OwningExtension": reference("sdkmessageprocessingstep", "57e90001-0000-4000-8000-000000000007"),
        "InputParameters": [{"key": "Target", "value": target(**usual | (columns or {}))}],
        "OutputParameters": [],
        "PreEntityImages": [],
        "PostEntityImages": [],
        "SharedVariables": [{"key": "tag", "value": tag}] if tag else [],
    } | members


def body(document: Document) -> bytes:
    return json.dumps(document).encode()


def read(document: Document, **properties: object) -> Message:
    return parse_message(body(document), properties=properties)
