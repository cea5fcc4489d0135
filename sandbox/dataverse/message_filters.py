"""Messages and their filters: the rows by which a step says of which table it wants which message."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.placing import place
from sandbox.dataverse.store import Store
from sandbox.dataverse.values import Scalar

#: Message ids are the same in every environment.
_MESSAGE_IDS: Final = {
    "Create": "9ebdbb1b-ea3e-db11-86a7-000a3a5473e8",
    "Update": "20bebb1b-ea3e-db11-86a7-000a3a5473e8",
}
#: The messages that steps of any table can ask for.
_OF_TABLES: Final = ("Create", "Update", "Delete", "SetState", "SetStateDynamicEntity", "Assign", "Merge")
#: Those of single tables.
_SPECIAL: Final = {"list": ("AddMember", "AddListMembers", "RemoveMember", "RemoveListMembers")}


@cache
def message_id(message: str) -> str:
    """The id of a message."""
    return _MESSAGE_IDS.get(message) or guid_for(f"message/{message}")


@cache
def filter_id(message: str, table: str) -> str:
    """The id of the filter of a message and a table."""
    return guid_for(f"filter/{message}/{table}")


def add_filter(store: Store, clock: Clock, message: str, table: str) -> None:
    """Put a message and its filter for a table in place."""
    place(store, clock, "sdkmessage", message_id(message), {"name": message})
    values: dict[str, Scalar] = {"primaryobjecttypecode": table, "iscustomprocessingstepallowed": True}
    lookups = {"sdkmessageid": ("sdkmessage", message_id(message))}
    place(store, clock, "sdkmessagefilter", filter_id(message, table), values, lookups)


def add_filters(store: Store, clock: Clock, tables: Iterable[str]) -> None:
    """Put everything in place that steps of these tables can ask for."""
    for table in tables:
        for message in (*_OF_TABLES, *_SPECIAL.get(table, ())):
            add_filter(store, clock, message, table)
