"""Service endpoints: where steps post to, and with which key, which nobody can read again.

The key is not in the row: no answer and no export has it. A row without one is accepted, and every post through it
fails. The poster's thread reads `Endpoints.destination`, so what it needs is kept in values that are never changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sandbox.dataverse.customizing.parts import Dependant
from sandbox.dataverse.customizing.refusals import in_use, invalid
from sandbox.dataverse.customizing.solution_tables import Rules
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import RowEvent, Writer

ENDPOINT: Final = "serviceendpoint"
STEP: Final = "sdkmessageprocessingstep"
_STEP_TYPE: Final = 92
_ENDPOINT_TYPE: Final = 95
_LOCAL: Final = frozenset({"localhost", "127.0.0.1"})
#: `authtype` and `contract` that the stand-in can post by.
_SAS_KEY: Final = 2
_QUEUES: Final = (2, 6)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to post.

    Attributes:
        endpoint_id, name: of the endpoint.
        address: of the namespace, `sb://…`.
        queue: the name of the queue.
        key_name, key: of the SAS policy; no key where none was set.
    """

    endpoint_id: str
    name: str
    address: str
    queue: str
    key_name: str
    key: str = ""

    @property
    def connection_string(self) -> str:
        """As the SDK takes it; a bus on this machine has no TLS."""
        parts = urlsplit(self.address)
        local = "UseDevelopmentEmulator=true;" if parts.hostname in _LOCAL else ""
        return f"Endpoint=sb://{parts.netloc};SharedAccessKeyName={self.key_name};SharedAccessKey={self.key};{local}"

    @property
    def missing_key(self) -> str:
        """What Dataverse writes into a system job when the endpoint has no key."""
        return missing_key(self.name, self.endpoint_id)


def missing_key(name: str, endpoint_id: str) -> str:
    """The sentence of a system job whose endpoint has no key."""
    return f"A SASKey has not been configured for ServiceEndpoint {name} [{endpoint_id}]"


class Endpoints(Rules):
    """The rules of service endpoints, and where each posts to.

    Attributes:
        has_key: whether keys are used at all; tests take them away.

    Args:
        store: the rows.
    """

    def __init__(self, store: Store) -> None:
        self.has_key = True
        self._store = store
        self._given: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._known: dict[str, Destination] = {}

    def destination(self, endpoint_id: str) -> Destination | None:
        """Where an endpoint posts to now; None where it is gone. May be called on any thread."""
        found = self._known.get(endpoint_id)
        key = self._keys.get(endpoint_id, "") if self.has_key else ""
        if found is None:
            return None
        return Destination(found.endpoint_id, found.name, found.address, found.queue, found.key_name, key)

    def keep(self, endpoint_id: str, key: str) -> None:
        """Have an endpoint that was put in place, and its key."""
        self._keys[endpoint_id] = key
        row = self._store.get(ENDPOINT, endpoint_id)
        if row is not None:
            self._known[endpoint_id] = _destination(row)

    def clear(self) -> None:
        """Forget everything, for a reset."""
        self.has_key = True
        for known in (self._given, self._keys, self._known):
            known.clear()

    def before_create(self, writer: Writer, values: dict[str, Scalar], targets: dict[str, str]) -> Row | None:  # noqa: ARG002 - of the protocol
        """Check a new endpoint, and take its key out.

        Raises:
            ApiError: 400 for what the stand-in cannot post by.
        """
        self._take_key(str(values["serviceendpointid"]), values)
        _check(values)
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change, and take a new key out; without one, the old key stays.

        Raises:
            ApiError: 400 for what the stand-in cannot post by.
        """
        self._take_key(old.id, values)
        _check({**old.values, **values})

    def before_delete(self, writer: Writer, row: Row) -> None:
        """Refuse while steps post through it.

        Raises:
            ApiError: 400 `0x8004f01f`.
        """
        needed = steps_of(writer.store, row.id)
        if needed:
            raise in_use("ServiceEndpoint", row.id, len(needed))

    def on_commit(self, events: list[RowEvent]) -> None:
        """Follow what is written."""
        for event in events:
            if event.table != ENDPOINT:
                continue
            if event.after is None:
                self._known.pop(event.row_id, None)
                self._keys.pop(event.row_id, None)
            else:
                if event.row_id in self._given:
                    self._keys[event.row_id] = self._given.pop(event.row_id)
                self._known[event.row_id] = _destination(event.after)

    def _take_key(self, row_id: str, values: dict[str, Scalar]) -> None:
        if "saskey" in values:
            key = str(values.pop("saskey") or "")
            self._given[row_id] = key
            values["issaskeyset"] = bool(key)


def steps_of(store: Store, endpoint_id: str) -> list[str]:
    """The ids of the steps that post through an endpoint."""
    return sorted(store.tables[STEP].having("_eventhandler_value", endpoint_id))


def dependants(store: Store) -> Callable[[int, str], list[Dependant]]:
    """What needs an endpoint, for `RetrieveDependenciesForDelete`."""

    def found(kind: int, object_id: str) -> list[Dependant]:
        if kind != _ENDPOINT_TYPE:
            return []
        return [Dependant(_STEP_TYPE, each) for each in steps_of(store, object_id)]

    return found


def _destination(row: Row) -> Destination:
    values = row.values
    return Destination(
        row.id,
        str(values["name"]),
        str(values.get("namespaceaddress") or ""),
        str(values["path"]),
        str(values.get("saskeyname") or ""),
    )


def _check(values: dict[str, Scalar]) -> None:
    if values.get("contract") not in _QUEUES or values.get("authtype") != _SAS_KEY:
        raise invalid("The stand-in posts to queues with a SAS key only: contract 6 and authtype 2.")
    if urlsplit(str(values.get("namespaceaddress") or "")).scheme != "sb":
        raise invalid("namespaceaddress must be an address such as sb://name.servicebus.windows.net/.")
    if not values.get("saskeyname"):
        raise invalid("A service endpoint with a SAS key needs saskeyname.")
