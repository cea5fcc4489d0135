"""Batches as Dataverse reads and writes them, with the parser of the standard library's `email` as a witness."""

import json
from dataclasses import dataclass
from email.parser import BytesParser

from tests.unit.scripted_server import Answer


@dataclass(frozen=True)
class Inner:
    """One request or answer inside a batch; header names in lower case."""

    first_line: str
    headers: dict
    body: str

    @property
    def json(self):
        return json.loads(self.body)


def read_batch(received):
    """The requests inside a received batch."""
    head = f"Content-Type: {received.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + received.body)
    assert message.is_multipart()
    assert not message.defects
    return [_inner(part) for part in message.get_payload()]


def _inner(part):
    assert part.get_content_type() == "application/http"
    assert part["Content-Transfer-Encoding"] == "binary"
    text = part.get_payload(decode=True).decode()
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Inner(first, {name.lower(): value for name, value in headers.items()}, body)


def inner_answer(status, body=None, headers=()):
    """The text of one answer inside a batch."""
    lines = [f"HTTP/1.1 {status} Something", *(f"{name}: {value}" for name, value in dict(headers).items())]
    content = ""
    if body is not None:
        lines.append("Content-Type: application/json; odata.metadata=minimal")
        content = json.dumps(body)
    return "\r\n".join([*lines, "OData-Version: 4.0", "", content])


def batch_answer(*inner, status=200, boundary="batchresponse_9b2e"):
    """An answer to a batch."""
    parts = [
        f"--{boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n{text}\r\n"
        for text in inner
    ]
    body = "".join([*parts, f"--{boundary}--\r\n"]).encode()
    return Answer(status, body, {"Content-Type": f"multipart/mixed; boundary={boundary}"})


def error_body(code, message="An invented message"):
    return {"error": {"code": code, "message": message}}
