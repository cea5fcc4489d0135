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
    """A form. Results of one that is not final are test results.

    `enc_id` is the service's own reference, which the HTML of the form sends along as `formEncId`.
    """

    id: int
    enc_id: str
    name: str
    sub_type: Literal["normal", "subscribe", "unSubscribe", "editProfile"] = "normal"
    state: Literal["draft", "proof", "final"] = "final"
    fields: tuple[FormField, ...] = ()
