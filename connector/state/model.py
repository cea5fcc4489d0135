"""What both kinds of state have in common: their methods, the names of values, and what can go wrong."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from connector.errors import Misconfigured, Transient
from connector.words import Sentence

#: Parts of lower-case letters, digits, `-`, `_` and `.`, separated by `/`. None begins with a dot, so no name leaves
#: its directory; lower case, because some file systems do not distinguish the cases.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*")
#: What happens once a value is deleted, by the beginning of its name.
_AFTER_DELETION: Final = {
    "feeds/": Sentence("the feed then begins FEED_FIRST_DAYS before now, so set that first"),
    "brake/": Sentence("the brake then counts anew"),
    "plans/": Sentence("for a plan, plan discard does it"),
    "successes/": Sentence("the timer then counts as one that has not run yet"),
    "runs/": Sentence("the run then cannot be undone"),
    "pause": Sentence("the command resume deletes it"),
    "old/": Sentence("the record then stays as that run has left it"),
}
#: The longest name: file systems take 255 bytes for one part of a path.
_LONGEST: Final = 200


class StateConflict(Transient):
    """The stored value was written by another process in the meantime."""

    code = "STATE_CONFLICT"


class StoredValueUnreadable(Misconfigured):
    """A stored value cannot be read."""

    code = "STATE_UNREADABLE"
    advice = "Delete it from the place that the setting STATE names, or restore it."

    @classmethod
    def of(cls, name: str, what: str) -> Self:
        """The error for one value.

        Args:
            name: of the value.
            what: is wrong with it; it must not quote the value.
        """
        after = next((text for prefix, text in _AFTER_DELETION.items() if name.startswith(prefix)), None)
        said = Sentence("The stored value {name} {what}.", name=name, what=Sentence.of(what))
        if after is None:
            return cls(said)
        return cls(
            said, advice=Sentence("Delete it where the setting STATE says, or restore it: {after}.", after=after)
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored value, and its version: the same as long as nobody writes it."""

    value: Mapping[str, object]
    version: str


class StateStore(Protocol):
    """Values by name.

    Every method raises ValueError for a name that is not valid (a fault of the caller), Transient when the place
    cannot be reached, and Misconfigured when it refuses access or does not exist.
    """

    def read(self, name: str) -> Stored | None:
        """The value, or None if there is none.

        Raises:
            StoredValueUnreadable: what is stored is not a JSON object.
        """

    def write(self, name: str, value: Mapping[str, object], *, version: str | None) -> str:
        """Write the value and return its new version.

        Args:
            name: of the value.
            value: a JSON object.
            version: the version that was read; None if there must be no value yet.

        Raises:
            StateConflict: somebody else has written or deleted it since.
        """

    def delete(self, name: str) -> None:
        """Delete the value, if there is one, whatever its version."""

    def names(self, prefix: str = "") -> Sequence[str]:
        """The names that begin with this text, in order."""


def checked(name: str) -> str:
    """The name, if it is valid.

    Raises:
        ValueError: it is not.
    """
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise ValueError(f"not a name of a stored value: {name[:_LONGEST]!r}")
    return name


def to_json(value: Mapping[str, object]) -> bytes:
    """The text of a value. Raises ValueError or TypeError for what is not JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def from_json(name: str, text: bytes) -> dict[str, object]:
    """The value of a text.

    Raises:
        StoredValueUnreadable: it is not a JSON object.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise StoredValueUnreadable.of(name, "is not a JSON object")
    return value
