"""Forms; their results are events."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FormField:
    """A question; its answer goes into `property` of the contact, if that is named."""

    id: int
    description: str
    property: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form. Results of one that is not final are test results."""

    id: int
    name: str
    sub_type: Literal["normal", "subscribe", "unSubscribe", "editProfile"] = "normal"
    state: Literal["draft", "proof", "final"] = "final"
    fields: tuple[FormField, ...] = ()
