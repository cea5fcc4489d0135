"""The side door from the outside, for tests and benches of any process."""

from dataclasses import dataclass

import requests
from pydantic import TypeAdapter

_TIMEOUT_S = 10

type Record = dict[str, object]

_RECORD: TypeAdapter[Record] = TypeAdapter(Record)
_RECORDS: TypeAdapter[list[Record]] = TypeAdapter(list[Record])
_STATE: TypeAdapter[dict[str, list[Record]]] = TypeAdapter(dict[str, list[Record]])
_TEXTS: TypeAdapter[list[str]] = TypeAdapter(list[str])

#: Kept, as tests go through the side door many times; what the environment says about proxies is not for localhost.
_SESSION = requests.Session()
_SESSION.trust_env = False


@dataclass(frozen=True, slots=True)
class SideDoor:
    """Talks to the side door of the stand-in at `url`.

    Every method raises `RuntimeError` with the stand-in's own sentence if it refuses.
    """

    url: str

    def reset(self) -> None:
        """Back to how it was started."""
        self.post("reset")

    def journal(self, effect: str | None = None) -> list[Record]:
        """The effects in order, or those of one kind."""
        entries = self._read("journal", _RECORDS)
        return [entry for entry in entries if effect in {None, entry["effect"]}]

    def calls(self) -> Record:
        """`{"total": n, "calls": [{"method", "route", "status", "count"}]}` since the last reset."""
        return self._read("calls", _RECORD)

    def traffic(self) -> list[Record]:
        """The latest requests with the fate of their signatures."""
        return self._read("requests", _RECORDS)

    def state(self) -> dict[str, list[Record]]:
        """The whole state by kind of thing."""
        return self._read("state", _STATE)

    def arm(self, kind: str, **details: object) -> None:
        """Arm one fault, e.g. `arm("throttle", route="POST /contact", retry_after_s=1)`."""
        self.post("faults", faults=[{"kind": kind, **details}])

    def emit(self, *events: Record) -> None:
        """Let events happen."""
        self.post("events", events=list(events))

    def settings(self, **changes: object) -> None:
        """Change settings."""
        self.post("settings", **changes)

    def contacts(self, *contacts: Record) -> list[str]:
        """Create contacts without a trace in the journal; their encrypted ids."""
        return _TEXTS.validate_python(self.post("contacts", contacts=list(contacts))["encryptedIds"])

    def rename_permissions(self, names: dict[int, str]) -> None:
        """Give permissions other names, by their bits."""
        self.post("permission_names", names=names)

    def show_properties(self, **visible: bool) -> None:
        """Show properties to callers of the API or hide them, e.g. `show_properties(permissions=False)`."""
        self.post("visibility", visible=visible)

    def held(self) -> list[Record]:
        """The calls that a fault holds: `{"id", "method", "route", "path"}`, oldest first."""
        return self._read("held", _RECORDS)

    def release(self, *ids: int) -> list[Record]:
        """Carry held calls out, all of them or those named; `{"id", "status"}` of each, in this order."""
        return _RECORDS.validate_python(self.post("release", ids=list(ids) or None)["released"])

    def clock(self, **change: object) -> None:
        """Move the clock: `set` (ISO 8601), `advance_s`, `stopped`."""
        self.post("clock", **change)

    def post(self, name: str, **body: object) -> Record:
        """Any other action of the side door."""
        response = _SESSION.post(f"{self.url}/_sandbox/{name}", json=body, timeout=_TIMEOUT_S)
        return _RECORD.validate_json(_accepted(response))

    def _read[T](self, name: str, shape: TypeAdapter[T]) -> T:
        response = _SESSION.get(f"{self.url}/_sandbox/{name}", timeout=_TIMEOUT_S)
        return shape.validate_json(_accepted(response))


def _accepted(response: requests.Response) -> bytes:
    if not response.ok:
        raise RuntimeError(f"the side door refused: {response.text}")
    return response.content
