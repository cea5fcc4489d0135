"""What Dataverse posts: the context of an operation, as JSON, read into plain values.

`parse_message` is the way in. It returns a `Message` or raises `connector.errors.Unreadable` with the reason, and
nothing else ever comes out of it, whatever is put in.
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
    Pair,
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
    "Pair",
    "Value",
    "parse_message",
]
