"""Requests and answers as bytes, and the refusals of the API in the form that its description gives."""

import json
from dataclasses import dataclass
from http import HTTPStatus

JSON = b"application/json; charset=utf-8"
HTML = b"text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class LeadsAnswer:
    """A response; without a content type it has no body either."""

    status: int
    body: bytes = b""
    content_type: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()


class LeadsError(Exception):
    """A refusal of the API: a sentence, and what is wrong with each parameter."""

    def __init__(self, status: int, message: str, **parameters: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters


class NoSuchCall(Exception):
    """No such path or method: the web server answers, not the API."""

    def __init__(self, status: int = 404) -> None:
        super().__init__(f"no such call ({status})")
        self.status = status


def invalid(**parameters: str) -> LeadsError:
    """Parameters that are wrong: 400."""
    return LeadsError(400, "The request is invalid.", **parameters)


def json_answer(value: object, status: int = 200) -> LeadsAnswer:
    """A body of JSON in UTF-8."""
    return LeadsAnswer(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), JSON)


def refusal(error: LeadsError) -> LeadsAnswer:
    """A refusal of the API."""
    body: dict[str, object] = {"message": error.message}
    if error.parameters:
        body["modelState"] = {name: [text] for name, text in error.parameters.items()}
    return json_answer(body, error.status)


def page(status: int) -> LeadsAnswer:
    """A page as web servers and gateways show it when the API itself did not answer."""
    title = HTTPStatus(status).phrase
    text = f"<html><head><title>{status} {title}</title></head><body><h1>{title}</h1></body></html>"
    return LeadsAnswer(status, text.encode(), HTML)
