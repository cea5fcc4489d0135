"""What Dataverse posts: the context of an operation, as JSON, read into plain values.

`parse_message` returns a `Message` or raises `connector.errors.Unreadable` with the reason, whatever the input is.
"""

from connector.dataverse.messages.message import Message
from connector.dataverse.messages.parse import parse_message
from connector.dataverse.messages.values import (
    Choice,
    Choices,
    Entity,
    EntityCollection,
    EntityReference,
    Money,
    Other,
    Value,
)

__all__ = [
    "Choice",
    "Choices",
    "Entity",
    "EntityCollection",
    "EntityReference",
    "Message",
    "Money",
    "Other",
    "Value",
    "parse_message",
]
