"""One request and one answer of the Web API, whether it came over HTTP by itself or inside a `$batch`."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus

from sandbox.dataverse import errors
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.preferences import Preferences, parse_preferences, wants_error_details
from sandbox.dataverse.users import User
from sandbox.dataverse.values import Json, JsonObject

JSON_TYPE = "application/json; odata.metadata=minimal"


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        method: e.g. `PATCH`.
        path: the path below the root of the Web API, percent-decoded.
        query: the query string, as sent.
        headers: by lower-case name.
        body: as sent.
        user: who signed in.
        base_url: the address of the organisation, without a path.
        correlation_id: shared by everything that one HTTP request causes, a whole batch included.
        content_ids: in a change set, the addresses of the rows made so far, by `$1` and so on.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    user: User
    base_url: str
    correlation_id: str = ""
    content_ids: dict[str, str] = field(default_factory=dict)

    @property
    def prefer(self) -> str:
        """The `Prefer` header, or an empty text."""
        return self.headers.get("prefer", "")

    @property
    def preferences(self) -> Preferences:
        """What the `Prefer` header asks for.

        Raises:
            ApiError: 400 when it asks for what the stand-in does not know.
        """
        return parse_preferences(self.prefer)

    @property
    def root(self) -> str:
        """The address of the Web API."""
        return f"{self.base_url}/api/data/v9.2"

    def json(self) -> JsonObject:
        """The body as a JSON object.

        Raises:
            ApiError: 415 when it is declared as something else, 400 when it is no object.
        """
        if not self.headers.get("content-type", "").lower().startswith("application/json"):
            raise ApiError(
                415, errors.BAD_PAYLOAD, "The Content-Type of a request with a body must be application/json."
            )
        try:
            content: Json = json.loads(self.body)
        except ValueError:
            raise ApiError(400, errors.BAD_PAYLOAD, "The request body is not valid JSON.") from None
        if not isinstance(content, dict):
            raise ApiError(400, errors.BAD_PAYLOAD, "The request body must be a JSON object.")
        return content


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        status: the HTTP status.
        headers: without those that the server adds by itself.
        body: may be empty.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def reason(self) -> str:
        """The words that go with the status."""
        return HTTPStatus(self.status).phrase


def json_answer(status: int, content: JsonObject, headers: dict[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, {"Content-Type": JSON_TYPE, "OData-Version": "4.0", **(headers or {})}, body)


def empty_answer(headers: dict[str, str] | None = None) -> Answer:
    """204: done, and nothing to show."""
    return Answer(204, {"OData-Version": "4.0", **(headers or {})})


def error_answer(error: ApiError, prefer: str = "") -> Answer:
    """A refusal."""
    body = errors.error_body(error, annotated=wants_error_details(prefer))
    return json_answer(error.status, body, error.headers)
