"""Autonumber columns: the format is not checked when the column is made, but when the first row needs a number."""

import re
import secrets
import string
from datetime import datetime
from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.errors import ApiError

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_SEQUENCE: Final = re.compile(r"SEQNUM:(\d+)")
_RANDOM: Final = re.compile(r"RANDSTRING:([1-6])")
_MOMENT: Final = re.compile(r"DATETIMEUTC:(\w+)")
_LETTERS: Final = string.ascii_uppercase + string.digits
_DATE_PARTS: Final = (
    ("yyyy", "%Y"), ("yy", "%y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("hh", "%I"), ("mm", "%M"), ("ss", "%S"),
)  # fmt: skip


def format_number(pattern: str, number: int, now: datetime) -> str:
    """The text of a number.

    Raises:
        ApiError: 400 when the format has a placeholder that there is not.
    """
    return _PLACEHOLDER.sub(lambda match: _fill(match[1], number, now), pattern)


def _fill(placeholder: str, number: int, now: datetime) -> str:
    if match := _SEQUENCE.fullmatch(placeholder):
        return str(number).zfill(int(match[1]))
    if match := _RANDOM.fullmatch(placeholder):
        return "".join(secrets.choice(_LETTERS) for _ in range(int(match[1])))
    if match := _MOMENT.fullmatch(placeholder):
        text = match[1]
        for theirs, ours in _DATE_PARTS:
            text = text.replace(theirs, now.strftime(ours))
        return text
    raise ApiError(400, errors.INVALID_ARGUMENT, f"Invalid Argument: the autonumber format has '{{{placeholder}}}'.")
