"""Repair garbled text: UTF-8 that was read as Windows-1252 (`Zoë` became `ZoÃ«`).

Endpoints whose `messagecharset` has its default value can post such text; ours has to be registered as UTF-8. Garbling
does not change ASCII, so the structure of a document is intact. To repair it, each character is turned back into the
byte it came from, and the bytes are read as UTF-8.

The whole document is repaired or nothing. A single correct `ë` is not valid UTF-8 by itself and proves that nothing is
garbled, so a correct document is practically never changed. The exceptions are accidents such as `CAFÉ®`, whose last
two characters are valid UTF-8 for a phonetic sign: a repair counts only if it yields at least one character that people
use.
"""

import codecs
import re
from typing import Final

#: Text that was garbled twice has been seen, more often has not; each repair is another chance to be wrong.
MAX_REPAIRS: Final = 2

#: Name under which Python knows `_control_characters`, to be used as `errors=`.
_LENIENT: Final = "connector.control-characters"

#: Characters that are no evidence of a repair: ASCII, control characters, and what only arises when a capital such as
#: É, Ö, Ü or ß stands before punctuation (phonetic signs, Hebrew points, Syriac, N'Ko). Romanian Ș and Ț are spared.
_CREDIBLE: Final = re.compile(r"[^\x00-\x9f\u0180-\u0217\u021c-\u02ff\u0530-\u05cf\u0600-\u061f\u0700-\u08ff]")


def repair(text: str) -> tuple[str, bool]:
    """The text as it was meant, and whether it had to be repaired."""
    repaired = False
    for _ in range(MAX_REPAIRS):
        meant = _undo(text)
        if meant is None:
            break
        text, repaired = meant, True
    return text, repaired


def _undo(text: str) -> str | None:
    """The text repaired once; None if it was not garbled."""
    if text.isascii():
        return None
    try:
        meant = text.encode("cp1252", errors=_LENIENT).decode("utf-8")
    except UnicodeError:
        return None
    return meant if _CREDIBLE.search(meant) else None


def _control_characters(error: UnicodeError) -> tuple[bytes, int]:
    """Turn the control characters U+0080 to U+009F into the byte of the same number.

    Five bytes have no character in Windows-1252 and stay what they are, as in every browser; the others arise when a
    tool garbles with Latin-1 instead.
    """
    if isinstance(error, UnicodeEncodeError):
        controls = error.object[error.start : error.end]
        if all("\x80" <= character <= "\x9f" for character in controls):
            return controls.encode("latin-1"), error.end
    raise error


codecs.register_error(_LENIENT, _control_characters)
