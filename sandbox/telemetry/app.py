"""The endpoint itself: `POST /v2.1/track` takes envelopes as a JSON array or as lines of JSON, compressed or not."""

import gzip
import json
import threading
import zlib
from dataclasses import dataclass, field
from typing import Final

from sandbox.telemetry.tables import EnvelopeRefused, Row, row_of

#: The paths that exporters use, the older one for older exporters. With a connection string as Azure gives it, whose
#: address ends with a slash, the one for Python sends two.
TRACK: Final = ("/v2.1/track", "//v2.1/track", "/v2/track")
#: Rows that are kept; the oldest go first, so that a system that runs for days does not fill the memory.
MOST_ROWS: Final = 200_000
#: The key of the component. It names, and admits nobody.
INSTRUMENTATION_KEY: Final = "00000000-0000-0000-0000-00000000a1a1"


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to one request."""

    status: int
    content: dict[str, object]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusals:
    """The next requests are refused: so many, with this status.

    Attributes:
        times: requests.
        status: of the answer, such as 429, 439, 500 or 503.
        retry_after_s: the header of that name, if there is to be one.
    """

    times: int
    status: int
    retry_after_s: int | None = None


class IngestionSandbox:
    """The endpoint without its network: the rows by table, and what they took on the wire. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all rows and refusals."""
        with self._lock:
            self._rows: list[tuple[str, Row]] = []
            self._requests = self._refused = 0
            self._refusals = Refusals(0, 503)

    def refuse(self, refusals: Refusals) -> None:
        """Refuse the next requests."""
        with self._lock:
            self._refusals = refusals

    def rows(self, table: str = "") -> list[Row]:
        """The rows of a table, or those of all with the table as `Type`; `_Bytes` is what a row took as JSON."""
        with self._lock:
            return [{"Type": of, **row} for of, row in self._rows if table in ("", of)]

    def summary(self) -> dict[str, object]:
        """Rows and bytes by table, requests, and envelopes that were refused."""
        counts: dict[str, dict[str, int]] = {}
        with self._lock:
            for table, row in self._rows:
                of = counts.setdefault(table, {"rows": 0, "bytes": 0})
                of["rows"] += 1
                of["bytes"] += int(str(row["_Bytes"]))
            return {"tables": counts, "requests": self._requests, "refused": self._refused}

    def track(self, body: bytes, encoding: str = "") -> Taken:
        """Take the envelopes of a request: those that are right are kept, also beside others that are not."""
        with self._lock:
            self._requests += 1
            if self._refusals.times > 0:
                status, after = self._refusals.status, self._refusals.retry_after_s
                self._refusals = Refusals(self._refusals.times - 1, status, after)
                headers = {} if after is None else {"Retry-After": str(after)}
                return Taken(status, _answer(0, 0, [{"index": 0, "statusCode": status, "message": "told to"}]), headers)
        try:
            items = _items(body, encoding)
        except (ValueError, OSError, EOFError, zlib.error) as problem:
            return Taken(400, _answer(0, 0, [{"index": 0, "statusCode": 400, "message": f"no envelopes: {problem}"}]))
        errors: list[dict[str, object]] = []
        found: list[tuple[str, Row]] = []
        for index, item in enumerate(items):
            try:
                table, row = row_of(item, INSTRUMENTATION_KEY)
            except EnvelopeRefused as problem:
                errors.append({"index": index, "statusCode": 400, "message": str(problem)})
            else:
                size = len(json.dumps(item, separators=(",", ":"), ensure_ascii=False).encode())
                found.append((table, {**row, "_Bytes": size}))
        with self._lock:
            self._rows = [*self._rows, *found][-MOST_ROWS:]
            self._refused += len(errors)
        status = 200 if not errors else 206 if found else 400
        return Taken(status, _answer(len(items), len(found), errors))


def _items(body: bytes, encoding: str) -> list[object]:
    """The envelopes of a body. Raises ValueError, or what decompressing raises, where there are none."""
    if encoding.lower() == "gzip":
        body = gzip.decompress(body)
    elif encoding:
        raise ValueError(f"Content-Encoding {encoding} is not known")
    text = body.decode()
    items = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
    if not items:
        raise ValueError("the request is empty")
    return list(items)


def _answer(received: int, accepted: int, errors: list[dict[str, object]]) -> dict[str, object]:
    return {"itemsReceived": received, "itemsAccepted": accepted, "errors": errors}
