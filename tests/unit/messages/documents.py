"""Invented messages in the form in which Dataverse posts them, and small changes to them."""

import json
from pathlib import Path
from typing import Any

from connector.dataverse.messages import Entity, Message, Value, parse_message

FOLDER = Path(__file__).parent / "fixtures"
NAMES = sorted(path.name for path in FOLDER.glob("*.json"))
CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
ZERO = "00000000-0000-0000-0000-000000000000"

type Document = dict[str, Any]


def read_bytes(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def load(name: str, **changes: object) -> Document:
    """A fixture, with some of its members replaced."""
    return json.loads(read_bytes(name)) | changes


def without(document: Document, *members: str) -> Document:
    return {name: value for name, value in document.items() if name not in members}


def parse(document: object, **options: Any) -> Message:
    return parse_message(json.dumps(document).encode(), **options)


def typed(kind: str, **members: object) -> Document:
    return {"__type": f"{kind}:{CONTRACTS}", **members}


def with_target(target: object) -> Document:
    return load("create-job.json", InputParameters=[{"key": "Target", "value": target}])


def with_attribute(value: object, **changes: object) -> Document:
    """A Create whose target has one column `x` with this value."""
    attributes = [{"key": "x", "value": value}]
    return with_target(typed("Entity", Attributes=attributes, Id=ZERO, LogicalName="dh_thing")) | changes


def attributes_of(message: Message) -> dict[str, Value]:
    assert isinstance(message.target, Entity)
    return dict(message.target.attributes)


def attribute(value: object, **changes: object) -> Value:
    """What becomes of a value in a column."""
    return attributes_of(parse(with_attribute(value, **changes)))["x"]
