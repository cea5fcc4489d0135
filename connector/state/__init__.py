"""What has no place in Dataverse: checkpoints of feeds, progress of long runs, plans that wait for approval.

    StateStore ─┬─ BlobState   blobs of a storage account, compared by ETag: in Azure
                └─ FileState   files of a directory, under a lock: in the sandbox and in tests

A value is a JSON object with a name such as `feeds/updates`. It is written only if nobody has written it since it was
read, so two processes cannot overwrite one another.
"""

from typing import TYPE_CHECKING

from connector.state.blobs import BlobState
from connector.state.files import FileState
from connector.state.model import StateConflict, StateStore, Stored, StoredValueUnreadable
from connector.state.values import StoredMoment, StoredValue, stored_moment

if TYPE_CHECKING:
    from connector.settings import StateSettings

__all__ = [
    "BlobState",
    "FileState",
    "StateConflict",
    "StateStore",
    "Stored",
    "StoredMoment",
    "StoredValue",
    "StoredValueUnreadable",
    "state_from",
    "stored_moment",
]


def state_from(settings: "StateSettings") -> StateStore:
    """The state that the setting STATE describes. Nothing is connected to until it is used."""
    place = settings.state.get_secret_value()
    if settings.state_is_directory:
        return FileState(place)
    return BlobState(place, container=settings.state_container, client_id=settings.state_client_id)
