"""From bytes to JSON: encodings, padding, garbled text, and what is refused.

Tolerated, because it was seen or is harmless: a byte order mark, NULs and white space around the document, UTF-16,
repeated members (the last one counts), lone surrogates (they become U+FFFD, so that the text can be written as UTF-8
again). Refused: NaN and Infinity, numbers beyond all bounds, endless nesting.

Numbers with a fraction become `Decimal`: money and exact decimals must not pass through floating point.
"""

import json
import re
from decimal import Decimal
from typing import Final, NoReturn

from connector.dataverse.messages.mojibake import repair
from connector.dataverse.messages.reasons import Empty, Malformed, NotJson, WrongFormat

type Json = bool | int | Decimal | str | list[Json] | dict[str, Json] | None
type JsonObject = dict[str, Json]

_PADDING: Final = "\ufeff\0 \t\r\n"

#: The exponents of a double end at 308 and -324. A short text such as 1e999999999 would become a gigabyte of digits
#: in whatever formats it next.
_MAX_EXPONENT: Final = 324

#: Binary XML starts with the record of an element: these bytes, by the .NET Binary Format (MC-NBFX) ...
_ELEMENT_RECORDS: Final = range(0x40, 0x78)
#: ... followed, soon, by lengths, which as text would be control characters.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HEAD: Final = 64

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
#: Every escape, one after the other, so that an escaped backslash before a `u` is not taken for one of its own.
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def read_json(body: bytes) -> tuple[Json, bool]:
    """The document in the body, and whether its text was garbled and has been repaired.

    Raises:
        Empty, WrongFormat, NotJson: see `reasons`.
        Malformed: when a number is out of all bounds, or the document is nested without end.
    """
    if not body.strip(b"\0 \t\r\n"):
        raise Empty
    text = _text_of(body)
    if text is None or not text.startswith(("{", "[")):
        _refuse_xml(body, text)
    if text is None:
        raise NotJson
    if not text:
        raise Empty
    text, repaired = repair(text)
    if _SURROGATE.search(text):
        text = _ESCAPE.sub(_replace_lone_surrogate, text)
    return _load(text), repaired


def _text_of(body: bytes) -> str | None:
    try:
        return body.decode(json.detect_encoding(body)).strip(_PADDING)
    except UnicodeDecodeError:
        return None


def _refuse_xml(body: bytes, text: str | None) -> None:
    """Recognise the usual error in registering the endpoint: XML instead of JSON."""
    textual = text is not None and text.startswith("<")
    binary = body[0] in _ELEMENT_RECORDS and _CONTROL.search(body[:_HEAD]) is not None
    if textual or binary:
        raise WrongFormat


def _replace_lone_surrogate(escape: re.Match[str]) -> str:
    return r"\ufffd" if escape["lone"] else escape[0]


def _load(text: str) -> Json:
    # The errors of the json module hold the document: those raised here must not refer to them.
    reason: NotJson | Malformed
    try:
        document: Json = _DECODER.decode(text)
    except json.JSONDecodeError:
        reason = NotJson()
    except RecursionError:
        reason = Malformed("The message is nested too deeply.")
    except (ValueError, ArithmeticError):
        reason = Malformed("A number in the message is out of all bounds.")
    else:
        return document
    raise reason


def _decimal(literal: str) -> Decimal:
    number = Decimal(literal)
    if abs(number.adjusted()) > _MAX_EXPONENT:
        raise ValueError
    return number


def _refuse_constant(_name: str) -> NoReturn:
    raise NotJson


_DECODER: Final = json.JSONDecoder(parse_float=_decimal, parse_constant=_refuse_constant)
