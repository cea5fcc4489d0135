"""The stand-in as the tests of this folder see it: its users, the side door, and batches written by hand."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from sandbox.dataverse.server import Ready

#: No test waits longer for something that is about to happen.
DEADLINE_SECONDS = 60.0
FORMATTED = "OData.Community.Display.V1.FormattedValue"


def wait_for(condition: Callable[[], object]):
    """The first true value of a condition."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return value


def fetch_token(ready: Ready, client_id: str, secret: str) -> str:
    """A token of a client, asked for as plainly as can be."""
    response = requests.post(
        f"{ready.url}/{ready.tenant_id}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": f"{ready.url}/.default",
        },
        verify=ready.ca_file,
        timeout=DEADLINE_SECONDS,
    )
    return response.json()["access_token"]


class Api:
    """The Web API as one user sees it; answers are plain `requests` responses."""

    def __init__(self, ready: Ready, token: str):
        self.root = f"{ready.url}/api/data/v9.2"
        self.session = requests.Session()
        self.session.trust_env = False  # or a bundle named in the environment wins over the stand-in's
        self.session.verify = ready.ca_file
        self.session.headers["Authorization"] = f"Bearer {token}"

    def request(self, method: str, path: str, **options):
        return self.session.request(method, f"{self.root}/{path}", timeout=DEADLINE_SECONDS, **options)

    def get(self, path: str, prefer: str | None = None, **options):
        headers = {"Prefer": prefer} if prefer else {}
        return self.request("GET", path, headers={**headers, **options.pop("headers", {})}, **options)

    def rows(self, path: str, **options) -> list[dict]:
        response = self.get(path, **options)
        assert response.status_code == 200, response.text
        return response.json()["value"]

    def post(self, path: str, body: dict, **headers: str):
        return self.request("POST", path, json=body, headers=_named(headers))

    def patch(self, path: str, body: dict, **headers: str):
        return self.request("PATCH", path, json=body, headers=_named(headers))

    def delete(self, path: str, **headers: str):
        return self.request("DELETE", path, headers=_named(headers))

    def create(self, entity_set: str, **values) -> str:
        """Make a row and return its id."""
        response = self.post(entity_set, values)
        assert response.status_code == 204, response.text
        return created_id(response)

    def bulk(self, entity_set: str, action: str, table: str, targets: list[dict]):
        typed = [{"@odata.type": f"Microsoft.Dynamics.CRM.{table}", **target} for target in targets]
        return self.post(f"{entity_set}/Microsoft.Dynamics.CRM.{action}", {"Targets": typed})

    def batch(self, body: str, content_type: str = "multipart/mixed; boundary=b", prefer: str = ""):
        headers = {"Content-Type": content_type, "Prefer": prefer}
        return self.request("POST", "$batch", data=body.encode(), headers=headers)


def _named(headers: dict[str, str]) -> dict[str, str]:
    """Header names from argument names: `if_match` is `If-Match`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def created_id(response) -> str:
    return re.search(r"\(([0-9a-f-]{36})\)$", response.headers["OData-EntityId"])[1]


def error_code(response) -> str:
    return response.json()["error"]["code"]


@dataclass
class Standin:
    """The stand-in with its two users."""

    ready: Ready
    admin: Api
    connector: Api

    def side(self, path: str, content=None, method: str | None = None):
        """Use the side door."""
        response = self.admin.session.request(
            method or ("GET" if content is None else "POST"),
            f"{self.ready.url}/_sandbox/{path}",
            json=content,
            timeout=DEADLINE_SECONDS,
        )
        assert response.status_code == 200, response.text
        return response.json()

    def load(self, table: str, *rows: dict) -> list[str]:
        """Put rows in place and return their ids."""
        return self.side("rows", {table: list(rows)})[table]


def connect(ready: Ready) -> Standin:
    """Sign in as both users."""
    admin = Api(ready, fetch_token(ready, ready.admin_client_id, ready.admin_client_secret))
    connector = Api(ready, fetch_token(ready, ready.client_id, ready.client_secret))
    return Standin(ready, admin, connector)


def part(method: str, url: str, body: dict | None = None, content_id: str | None = None, **headers: str) -> str:
    """One request of a batch, as text."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        head.append(f"Content-ID: {content_id}")
    lines = [*head, "", f"{method} {url} HTTP/1.1"]
    if body is not None:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in _named(headers).items()]
    return "\r\n".join([*lines, "", "" if body is None else json.dumps(body)]) + "\r\n"


def multipart(boundary: str, *parts: str) -> str:
    """A multipart body."""
    return "".join(f"--{boundary}\r\n{text}" for text in parts) + f"--{boundary}--\r\n"


def change_set(*parts: str) -> str:
    """A change set, as a part of a batch."""
    return "Content-Type: multipart/mixed; boundary=c\r\n\r\n" + multipart("c", *parts) + "\r\n"


def statuses(response) -> list[int]:
    """The statuses of the single answers in a batch's answer."""
    return [int(status) for status in re.findall(r"^HTTP/1\.1 (\d+)", response.text, re.MULTILINE)]
