"""Stand-ins of the stand-ins: answers of side doors that a test writes down, and a browser that asks the console."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp

from sandbox.console.app import console
from sandbox.console.systems import Refused

TOKEN, PORT = "the-token", 8123
HOST = f"127.0.0.1:{PORT}"
COOKIE = f"console-{PORT}={TOKEN}"


class FakeDoor:
    """Answers what it was given, and keeps what it was told."""

    def __init__(self, name: str, answers: Mapping[str, Any]) -> None:
        self.name = name
        self.answers = dict(answers)
        self.told: list[tuple[str, Any]] = []
        self.down = False

    def get(self, path: str, **_: object) -> Any:
        if self.down:
            raise Refused(f"{self.name} does not answer (test).")
        if path not in self.answers:
            if path.startswith("rows/"):
                return []
            raise Refused(f"{self.name} does not answer (test).")
        return self.answers[path]

    def post(self, path: str, body: object = None, **_: object) -> Any:
        self.told.append((path, body))
        return self.answers.get(f"POST {path}", {})

    def delete(self, path: str) -> Any:
        self.told.append((f"DELETE {path}", None))
        return {}


class FakePeople:
    """Keeps what users did in Dataverse."""

    def __init__(self) -> None:
        self.did: list[tuple[object, ...]] = []
        self.rows: dict[str, dict[str, object]] = {}

    def create(self, set_name: str, row: Mapping[str, object]) -> str:
        self.did.append(("create", set_name, dict(row)))
        return "new-id"

    def update(self, set_name: str, row_id: str, row: Mapping[str, object]) -> None:
        self.did.append(("update", set_name, row_id, dict(row)))

    def delete(self, set_name: str, row_id: str) -> None:
        self.did.append(("delete", set_name, row_id))

    def merge(self, table: str, row_id: str, subordinate: str, _: Mapping[str, object]) -> None:
        self.did.append(("merge", table, row_id, subordinate))

    def read(self, _: str, row_id: str) -> dict[str, object]:
        return self.rows.get(row_id, {})


def revision(now: str = "2026-03-01T10:00:00Z") -> dict[str, str]:
    return {"revision": "1", "now": now}


class FakeSystems:
    """A system in which nothing has happened yet, but what a test writes down."""

    def __init__(self) -> None:
        self.people = FakePeople()
        self.dataverse = FakeDoor("Dataverse", {"revision": revision(), "faults": [], "journal": []})
        self.dataverse.answers["POST steps"] = {"drop_next": 0}
        state = {
            name: []
            for name in (
                "contacts", "audiences", "temporaryLists", "tags", "automations", "automationRuns", "campaigns",
                "campaignRuns", "mailings", "events", "forms",
            )
        }  # fmt: skip
        self.spotler = FakeDoor(
            "Spotler",
            {
                "revision": revision(), "faults": {"faults": []}, "settings": {"latency_ms": 0}, "journal": [],
                "requests": [], "state": state,
            },
        )  # fmt: skip
        self.bus = FakeDoor("Service Bus", {"stats": {"entities": {}}, "faults": {}})
        self.functions = FakeDoor(
            "Functions",
            {
                "revision": {"revision": 1}, "recent": {"lines": [], "runs": [], "timers": ["read_updates"]},
                "stats": {}, "engines": {"pids": [7], "restarts": 0},
            },
        )  # fmt: skip

    def row(self, table: str, row: Mapping[str, object]) -> None:
        """Dataverse has a row more."""
        self.dataverse.answers.setdefault(f"rows/{table}", []).append(dict(row))

    def contact(self, **columns: object) -> str:
        """Dataverse has a contact more; its id."""
        row = {
            "contactid": "c-1", "fullname": "Anna", "emailaddress1": "anna@example.org", "statecode": 0,
            "merged": False, "donotemail": False, "donotbulkemail": False, **columns,
        }  # fmt: skip
        self.row("contact", row)
        return str(row["contactid"])

    def in_spotler(self, **more: object) -> None:
        """Spotler has a contact more."""
        properties = {"firstName": "Anna", "email": "anna@example.org", "externalType": "Contact"}
        self.spotler.answers["state"]["contacts"].append(
            {
                "externalId": "c-1", "encryptedId": "enc1", "inactive": None, "anonymized": False, "permissions": [],
                "tags": {}, "properties": properties, **more,
            }
        )  # fmt: skip


class Answer:
    """What the console answered."""

    def __init__(self, status: int, headers: dict[str, str], body: str) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def ask(
    systems: FakeSystems,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    entered: Mapping[str, str] | None = None,
    body: bytes | None = None,
    cookie: str = COOKIE,
    app: ASGIApp | None = None,
) -> Answer:
    """One request to the console, a new one unless it is given, from its own page unless the headers say otherwise."""
    sent = {"host": HOST, "cookie": cookie, **(headers or {})}
    if method == "POST":
        sent.setdefault("origin", f"http://{HOST}")
    raw_path, _, query = path.partition("?")
    scope = {
        "type": "http", "method": method, "path": raw_path, "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value], "http_version": "1.1",
        "scheme": "http", "root_path": "", "client": ("127.0.0.1", 5), "server": ("127.0.0.1", PORT),
    }  # fmt: skip
    answered: list[dict[str, Any]] = []
    received: list[bool] = []

    async def receive() -> dict[str, Any]:
        if received:
            await asyncio.Event().wait()  # the browser waits for the answer
        received.append(True)
        return {"type": "http.request", "body": body or urlencode(entered or {}).encode(), "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        answered.append(message)

    asyncio.run((app or console(systems, TOKEN, PORT))(scope, receive, send))
    text = b"".join(message.get("body", b"") for message in answered[1:]).decode()
    got = {name.decode().lower(): value.decode() for name, value in answered[0]["headers"]}
    return Answer(answered[0]["status"], got, text)
