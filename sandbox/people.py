"""What people and flows do in Dataverse: rows created and read through the Web API, under a user of their own."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import requests

API: Final = "/api/data/v9.2"


class Ready(Protocol):
    """What a ready line of the stand-in says: a `Part`, or a plain dictionary."""

    def get(self, key: str, /) -> str | None:
        """One of its texts."""


class People:
    """A user who may do everything that users do."""

    def __init__(self, dataverse: Ready) -> None:
        self._url = dataverse.get("url")
        self._session = requests.Session()
        self._session.verify = dataverse.get("ca_file") or True
        self._session.trust_env = False
        answer = self._session.post(
            f"{self._url}/{dataverse.get('tenant_id')}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": dataverse.get("admin_client_id"),
                "client_secret": dataverse.get("admin_client_secret"),
                "scope": f"{self._url}/.default",
            },
            timeout=30,
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def create(self, set_name: str, row: Mapping[str, object]) -> str:
        """Create a row and return its id."""
        answer = self._session.post(f"{self._url}{API}/{set_name}", json=row, timeout=30)
        _raise(answer)
        return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")

    def create_and_delete(self, set_name: str, row: Mapping[str, object], deleted: str) -> str:
        """Create a row and delete another one in one transaction; returns the id of the new one."""
        parts = (
            f"POST {API}/{set_name} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{json.dumps(row)}\r\n",
            f"DELETE {API}/{deleted} HTTP/1.1\r\n\r\n\r\n",
        )
        changes = "".join(
            "--changes\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: {number}\r\n\r\n{part}"
            for number, part in enumerate(parts, start=1)
        )
        body = f"--both\r\nContent-Type: multipart/mixed; boundary=changes\r\n\r\n{changes}--changes--\r\n--both--\r\n"
        answer = self._session.post(
            f"{self._url}{API}/$batch",
            data=body.encode(),
            headers={"Content-Type": "multipart/mixed; boundary=both"},
            timeout=30,
        )
        _raise(answer)
        found = re.search(rf"OData-EntityId:[^\r\n]*/{set_name}\(([^)]*)\)", answer.text, re.IGNORECASE)
        if found is None:
            raise ValueError(f"the transaction was refused: {answer.text[:500]}")
        return found[1]

    def create_many(self, table: str, set_name: str, rows: Sequence[Mapping[str, object]]) -> list[str]:
        """Create rows in one call and return their ids."""
        targets = [{"@odata.type": f"Microsoft.Dynamics.CRM.{table}", **row} for row in rows]
        answer = self._session.post(
            f"{self._url}{API}/{set_name}/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": targets}, timeout=120
        )
        _raise(answer)
        return [str(row_id) for row_id in answer.json()["Ids"]]

    def update(self, set_name: str, row_id: str, row: Mapping[str, object]) -> None:
        """Change a row."""
        _raise(
            self._session.patch(
                f"{self._url}{API}/{set_name}({row_id})", json=row, headers={"If-Match": "*"}, timeout=30
            )
        )

    def upsert(self, set_name: str, row_id: str, row: Mapping[str, object]) -> None:
        """Change a row, or create it under this id."""
        _raise(self._session.patch(f"{self._url}{API}/{set_name}({row_id})", json=row, timeout=30))

    def delete(self, set_name: str, row_id: str) -> None:
        """Delete a row."""
        _raise(self._session.delete(f"{self._url}{API}/{set_name}({row_id})", timeout=30))

    def read(self, set_name: str, row_id: str) -> dict[str, object]:
        """One row, with all its columns."""
        answer = self._session.get(f"{self._url}{API}/{set_name}({row_id})", timeout=30)
        _raise(answer)
        row: dict[str, object] = answer.json()
        return row

    def merge(self, table: str, row_id: str, subordinate: str, content: Mapping[str, object]) -> None:
        """Merge a row into another one of its table, which takes over the content."""
        kind = {"@odata.type": f"Microsoft.Dynamics.CRM.{table}"}
        parameters = {
            "Target": {**kind, f"{table}id": row_id},
            "Subordinate": {**kind, f"{table}id": subordinate},
            "UpdateContent": {**kind, **content},
            "PerformParentingChecks": False,
        }
        _raise(self._session.post(f"{self._url}{API}/Merge", json=parameters, timeout=30))

    def act(self, path: str, parameters: Mapping[str, object]) -> None:
        """Call an action."""
        _raise(self._session.post(f"{self._url}{API}/{path}", json=parameters, timeout=30))

    def find(self, set_name: str, condition: str, select: str) -> list[dict[str, object]]:
        """The rows that fit a filter."""
        rows: list[dict[str, object]] = []
        url = f"{self._url}{API}/{set_name}"
        parameters: dict[str, str] | None = {"$filter": condition, "$select": select}
        while url:
            answer = self._session.get(url, params=parameters, timeout=60)
            _raise(answer)
            rows += answer.json()["value"]
            url, parameters = answer.json().get("@odata.nextLink", ""), None
        return rows


def _raise(answer: requests.Response) -> None:
    """Say what Dataverse said: the status alone helps nobody."""
    if answer.status_code >= 400:
        raise requests.HTTPError(f"{answer.status_code} {answer.text[:500]}", response=answer)
