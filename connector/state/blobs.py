"""State as blobs of a storage account: one per value, compared by its ETag.

    https://ACCOUNT.blob.core.windows.net/CONTAINER/feeds/updates.json

A write whose answer was lost is repeated by the SDK, and is then refused because of the first attempt. So each write
carries an id of its own, by which it recognises what it wrote.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from connector.errors import Misconfigured, Transient
from connector.state.model import StateConflict, Stored, checked, from_json, to_json
from connector.words import Sentence

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

_SUFFIX: Final = ".json"
#: The metadata of a blob that holds the id of the write.
_WRITE: Final = "write"
#: Seconds for one attempt, attempts beside the first, and seconds before them (the SDK itself waits 18).
_SECONDS: Final = 20
_RETRIES: Final = 2
_PAUSE: Final = 1


class BlobState:
    """The values in a container, which is made when it is first written to.

    Args:
        place: the address of the blob service, or a connection string of the storage account.
        container: the name of the container.
        client_id: of a user-assigned managed identity; without it, the default chain of Azure is used.
    """

    def __init__(self, place: str, *, container: str, client_id: str | None = None) -> None:
        self._place = place
        self._name = container
        self._client_id = client_id
        self._lock = Lock()
        self._made: ContainerClient | None = None

    def read(self, name: str) -> Stored | None:
        """The value, or None if there is none."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - heavy, loaded when used

        blob = self._blob(name)
        with _translated(Sentence("read"), name):
            try:
                loaded = blob.download_blob()
                text = loaded.readall()
            except ResourceNotFoundError:
                return None
        return Stored(from_json(name, text), loaded.properties.etag)

    def write(self, name: str, value: Mapping[str, object], *, version: str | None) -> str:
        """Write the value and return its new version."""
        from azure.core import MatchConditions  # noqa: PLC0415 - heavy, loaded when used
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError  # noqa: PLC0415

        blob, text, write = self._blob(name), to_json(value), uuid.uuid4().hex
        condition: dict[str, Any] = (
            {"match_condition": MatchConditions.IfMissing}
            if version is None
            else {"etag": version, "match_condition": MatchConditions.IfNotModified}
        )

        def upload() -> str:
            return str(blob.upload_blob(text, overwrite=True, metadata={_WRITE: write}, **condition)["etag"])

        with _translated(Sentence("write"), name):
            try:
                try:
                    return upload()
                except ResourceNotFoundError:
                    self._make_container()
                    return upload()
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                if (own := _version_of(blob, write)) is not None:
                    return own
        raise StateConflict(
            Sentence("The stored value {name} was written by another process in the meantime.", name=name)
        )

    def delete(self, name: str) -> None:
        """Delete the value, if there is one."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - heavy, loaded when used

        blob = self._blob(name)
        with _translated(Sentence("delete"), name), suppress(ResourceNotFoundError):
            blob.delete_blob()

    def names(self, prefix: str = "") -> Sequence[str]:
        """The names that begin with this text, in order."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - heavy, loaded when used

        with _translated(Sentence("list"), prefix):
            try:
                found = list(self._container().list_blob_names(name_starts_with=prefix))
            except ResourceNotFoundError:
                found = []
        return sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))

    def _blob(self, name: str) -> "BlobClient":
        return self._container().get_blob_client(f"{checked(name)}{_SUFFIX}")

    def _make_container(self) -> None:
        from azure.core.exceptions import ResourceExistsError  # noqa: PLC0415 - heavy, loaded when used

        with suppress(ResourceExistsError):  # another process was faster
            self._container().create_container()

    def _container(self) -> "ContainerClient":
        with self._lock:
            if self._made is None:
                self._made = self._connect()
            return self._made

    def _connect(self) -> "ContainerClient":
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - heavy, loaded when used
        from azure.storage.blob import ContainerClient  # noqa: PLC0415

        options: dict[str, Any] = {
            "connection_timeout": _SECONDS,
            "read_timeout": _SECONDS,
            "initial_backoff": _PAUSE,
            "increment_base": _PAUSE,
            "retry_total": _RETRIES,
            "retry_connect": _RETRIES,
            "retry_read": _RETRIES,
            "retry_status": _RETRIES,
        }
        try:
            if not self._place.startswith(("https://", "http://")):
                return ContainerClient.from_connection_string(self._place, self._name, **options)
            identity = {"managed_identity_client_id": self._client_id} if self._client_id else {}
            return ContainerClient(self._place, self._name, DefaultAzureCredential(**identity), **options)
        except ValueError:
            raise Misconfigured(
                "The setting STATE is neither an address of a storage account nor a connection string.",
                advice="Set it to https://ACCOUNT.blob.core.windows.net, to a connection string, or to a directory.",
            ) from None


def _version_of(blob: "BlobClient", write: str) -> str | None:
    """The version of the blob if this very write made it."""
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - heavy, loaded when used

    try:
        properties = blob.get_blob_properties()
    except ResourceNotFoundError:
        return None
    return str(properties.etag) if (properties.metadata or {}).get(_WRITE) == write else None


@contextmanager
def _translated(action: Sentence, name: str) -> Iterator[None]:
    """Turn the SDK's errors into ours; their texts quote addresses and are not kept."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError  # noqa: PLC0415 - heavy

    try:
        yield
    except (ClientAuthenticationError, HttpResponseError) as error:
        status = error.status_code or 0
        if status == 429 or status >= 500:
            problem: Transient | Misconfigured = Transient(
                Sentence(
                    "The storage account answered {status} ({action} {name}).", status=status, action=action, name=name
                )
            )
        else:
            code = getattr(error, "error_code", None) or type(error).__name__
            problem = Misconfigured(
                Sentence(
                    "The storage account refused to {action} {name} ({code}).", action=action, name=name, code=code
                ),
                advice="Check the setting STATE, and that the app's identity is Storage Blob Data Contributor there.",
            )
    except ValueError:  # the SDK, about an answer without what each answer of a storage account has
        problem = Transient("What answered in the place of the storage account was not one.")
    except AzureError as error:
        problem = Transient(Sentence("The storage account could not be reached ({kind}).", kind=type(error).__name__))
    else:
        return
    raise problem from None
