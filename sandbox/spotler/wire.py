"""Answers as bytes, and request bodies as checked values."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.spotler.errors import ApiError, UnknownRoute, WrongMethod, invalid

#: Exactly this, without a charset: one client compares the whole value.
JSON = b"application/json"
HTML = b"text/html;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; without a content type it has no body either.

    `note` says why, for the log of the side door; it is never sent.
    """

    status: int
    body: bytes = b""
    content_type: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    note: str = ""


NO_CONTENT = Answer(204)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_answer(value: object, status: int = 200) -> Answer:
    """A body of JSON in UTF-8."""
    try:
        body = _encode(value).encode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can carry
        body = json.dumps(value).encode()
    return Answer(status, body, JSON)


def error_answer(error: ApiError) -> Answer:
    """A refusal. Paths and methods that do not exist are answered by the web server, in HTML."""
    if isinstance(error, UnknownRoute):
        return html_answer(404)
    if isinstance(error, WrongMethod):
        page = html_answer(405)
        return Answer(405, page.body, HTML, ((b"allow", ", ".join(error.allowed).encode()),))
    return json_answer({"errorType": str(error.error_type), "message": error.message, **error.extra}, error.status)


def html_answer(status: int) -> Answer:
    """A page as web servers and proxies show it when the service itself did not answer."""
    title = HTTPStatus(status).phrase
    page = f"<html><head><title>{status} {title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, page.encode(), HTML)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def parse_json(body: bytes) -> object:
    """The value of a JSON body; None for an empty one. Raises `ApiError` 400."""
    if not body.strip():
        return None
    try:
        value: object = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise invalid("The body is not valid JSON") from problem
    return value


def number_as_text(value: object) -> object:
    """A number as text, because the service takes numbers where it expects text; anything else as it is.

    How it writes numbers with an exponent is not known: they stay numbers, and are refused.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    text = str(value)
    return value if "e" in text else text


class Fields:
    """The members of a JSON object, read with the types that the model gives them; null counts as absent.

    A member that is not `known` is refused: nobody has seen the service ignore one.
    """

    def __init__(self, value: object, known: Collection[str], where: str = "the body") -> None:
        if not isinstance(value, dict):
            raise invalid(f"{where} is missing or not an object")
        self.members: Mapping[str, object] = value
        if unknown := value.keys() - set(known):
            raise invalid(f"{where} has an unknown member: {min(unknown)}")

    def text(self, name: str) -> str | None:
        """A text, or None; a number becomes text."""
        value = number_as_text(self.members.get(name))
        if value is not None and not isinstance(value, str):
            raise invalid(f"{name} must be text")
        return value

    def required_text(self, name: str) -> str:
        """A text that is there and not empty."""
        value = self.text(name)
        if not value:
            raise invalid(f"{name} is missing or empty")
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool | None:
        """A boolean."""
        value = self.members.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid(f"{name} must be true or false")
        return value

    def number(self, name: str) -> int | None:
        """A whole number, or None."""
        value = self.members.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise invalid(f"{name} must be a whole number")
        return value

    def array(self, name: str) -> list[object] | None:
        """An array, or None."""
        value = self.members.get(name)
        if value is not None and not isinstance(value, list):
            raise invalid(f"{name} must be a list")
        return value

    def texts(self, name: str) -> list[str] | None:
        """An array of texts without empty ones, or None."""
        found: list[str] = []
        values = self.array(name)
        for value in values or ():
            if not isinstance(value, str) or not value:
                raise invalid(f"{name} must hold texts that are not empty")
            found.append(value)
        return None if values is None else found

    def mapping(self, name: str) -> Mapping[str, object]:
        """An object whose members are named freely; absent is empty."""
        value = self.members.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid(f"{name} is not an object")
        return value

    def required_object(self, name: str, *known: str) -> "Fields":
        """An object that is there."""
        return Fields(self.members.get(name), known, name)

    def objects(self, name: str, *known: str) -> list["Fields"]:
        """An array of objects; absent is empty."""
        return [Fields(value, known, f"an entry of {name}") for value in self.array(name) or ()]
