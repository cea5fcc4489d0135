"""What the console talks to: the Web API and the side doors over HTTP; the bus over AMQP, see `peek`."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import requests
from pydantic import BaseModel, ConfigDict

from sandbox.people import People

#: The environment variable with the addresses, as JSON.
VARIABLE: Final = "SANDBOX_CONSOLE"
#: Seconds that a stand-in may take; a timer of the functions may run for minutes.
TIMEOUT: Final = 30
LONG_TIMEOUT: Final = 600


#: Before it, Dataverse says that something was wrong; behind it, what.
INNER: Final = "----> InnerException : "


class Refused(Exception):
    """A part of the system refused, or did not answer; the text is a sentence for people."""


class Addresses(BaseModel):
    """Where everything is. Values of the ready lines of the parts, see `sandbox.system`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataverse: dict[str, str]
    spotler_url: str
    bus_url: str
    bus_connection: str
    functions_url: str
    #: The folder with logs and `local.settings.json`.
    folder: str

    @classmethod
    def from_environment(cls) -> Self:
        """The addresses that the parent process has passed on."""
        return cls.model_validate_json(os.environ[VARIABLE])


@dataclass(slots=True)
class Door:
    """One side door. Raises `Refused` with the sentence of the stand-in."""

    name: str
    url: str
    verify: str | bool = True
    _session: requests.Session = field(init=False)

    def __post_init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = self.verify

    def get(self, path: str, **query: object) -> Any:
        """Read."""
        return self._call("GET", path, params={name: str(value) for name, value in query.items()})

    def post(self, path: str, body: object = None, *, seconds: float = TIMEOUT) -> Any:
        """Act."""
        return self._call("POST", path, json=body if body is not None else {}, timeout=seconds)

    def delete(self, path: str) -> Any:
        """Take back."""
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        options.setdefault("timeout", TIMEOUT)
        try:
            answer = self._session.request(method, f"{self.url}/_sandbox/{path}", **options)
        except requests.RequestException as error:
            raise Refused(f"{self.name} does not answer ({type(error).__name__}).") from error
        if not answer.ok:
            raise Refused(f"{self.name}: {sentence(answer)}")
        return answer.json()


def sentence(answer: requests.Response) -> str:
    """What a system said, for people."""
    try:
        said = answer.json()
    except json.JSONDecodeError:
        return f"It answered with status {answer.status_code}."
    problem = said.get("problem") or said.get("error") or said
    text = str(problem.get("message", problem) if isinstance(problem, Mapping) else problem)
    return text.rpartition(INNER)[2]


@dataclass(frozen=True, slots=True)
class Systems:
    """The parts of the running system."""

    addresses: Addresses
    people: People
    dataverse: Door
    spotler: Door
    bus: Door
    functions: Door

    @classmethod
    def at(cls, addresses: Addresses) -> Self:
        """Connect; signs in to Dataverse as the administrator, who plays users."""
        ready = addresses.dataverse
        return cls(
            addresses,
            People(ready),
            Door("Dataverse", ready["url"], ready["ca_file"]),
            Door("Spotler", addresses.spotler_url),
            Door("Service Bus", addresses.bus_url),
            Door("The Functions host", addresses.functions_url),
        )
