"""What both systems last agreed on about a record, kept on its Spotler Info row.

    columns      for each column that Spotler may change: a pair of fingerprints, of what Dataverse has and of what
                 Spotler has. A pair, because either system may change the form of what it is given: a side has changed
                 only if its own fingerprint differs from its own last one.
    permissions  for each permission, by its bit: the state in which Spotler was last known to have it.
    made_on      when the contact was made, as far as it is known: one that was made later is another one.
    holder       the worker that is sending what others must not decide about meanwhile, and until when.
    noted        a fingerprint of the rows of Spotler Permission as the history of consent explains them. Rows that
                 still have it were switched by nobody since, so the history need not be read.
    edited_on    when a person last changed the row, where columns of it wait to be sent and the connector has written
                 others since: Dataverse only says who wrote a row last.
    leaving      whether the connector has begun to anonymise the contact: if it is missing, that is why.

A fingerprint is salted with the id of the record and the column, so equal values of two people differ. Nothing personal
can be read from it. All this may be lost: then nothing is known, and the times of the two changes decide.
"""

import hashlib
import json
from collections.abc import ItemsView, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from connector.consent import KnownState

#: Hexadecimal digits of a fingerprint: two values of one column are taken for equal once in 2^48.
DIGITS: Final = 12
#: The fingerprint of no value.
EMPTY: Final = "-"
#: The form in which it is written; another one is read as nothing.
VERSION: Final = 1
#: The longest that a worker can hold a record: more than any lease.
LONGEST_HOLD: Final = timedelta(hours=1)
#: The years of the moments that are written; others may leave the calendar when something is added to them.
_YEARS: Final = range(2000, 2200)
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
_SORTING_ENCODER: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint(record: str, column: str, value: object) -> str:
    """The fingerprint of a value of a column; of no value, `EMPTY`.

    Args:
        record: the id of the row.
        column: the logical name.
        value: what can be written as JSON.
    """
    if value is None or value == "":
        return EMPTY
    text = _SORTING_ENCODER.encode([record, column, value])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


@dataclass(frozen=True, slots=True)
class Common:
    """What one column last had in common.

    Attributes:
        dataverse: the fingerprint of what Dataverse had.
        spotler: the fingerprint of what Spotler had; after a send, of what was sent.
        sending: of what a worker has begun to send, and which Spotler may have by now; empty for nothing.
        made: a value that was sent, and what Spotler showed after that instead of it; empty for nothing.
    """

    dataverse: str
    spotler: str
    sending: str = ""
    made: tuple[str, str] | None = None

    def sent(self) -> Self:
        """After the value of Dataverse was sent."""
        return replace(self, spotler=self.dataverse, sending="")


@dataclass(frozen=True, slots=True)
class Holder:
    """A worker that is sending something.

    Attributes:
        token: which.
        until: after this it is taken for dead.
    """

    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LastCommon:
    """What both systems last agreed on about a record.

    Attributes:
        columns: by logical name.
        permissions: by bit.
        holder: who is sending now; None for nobody.
        made_on: when the contact was made, as Spotler last showed it.
        made_about: when it was made by our own clock; empty once Spotler has shown its moment.
        noted: the fingerprint of the rows that the history explains; empty where it may not explain them.
        leaving: whether the connector has begun to anonymise the contact.
        edited_on: when a person last changed the row, where the connector has written it since.
    """

    columns: Mapping[str, Common] = field(default_factory=dict)
    permissions: Mapping[int, KnownState] = field(default_factory=dict)
    holder: Holder | None = None
    made_on: datetime | None = None
    made_about: datetime | None = None
    noted: str = ""
    leaving: bool = False
    edited_on: datetime | None = None

    @classmethod
    def parse(cls, text: object) -> Self:
        """What a row holds; nothing if any part of it is not as it was written, because people can edit the row."""
        try:
            return cls._read(json.loads(str(text))) if text else cls()
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError):
            return cls()

    @property
    def text(self) -> str:
        """What is written on the row; empty for nothing."""
        if self == _NOTHING:
            return ""
        content: dict[str, object] = {"v": VERSION}
        if self.columns:
            content["columns"] = {name: _pair(each) for name, each in sorted(self.columns.items())}
        if self.permissions:
            content["permissions"] = {str(bit): _state(each) for bit, each in sorted(self.permissions.items())}
        if self.holder:
            content["holder"] = [self.holder.token, _seconds(self.holder.until)]
        if self.made_on:
            content["made_on"] = _seconds(self.made_on)
        if self.made_about:
            content["made_about"] = _seconds(self.made_about)
        if self.noted:
            content["noted"] = self.noted
        if self.leaving:
            content["leaving"] = True
        if self.edited_on:
            content["edited_on"] = _seconds(self.edited_on)
        return _ENCODER.encode(content)

    def is_held(self, by_other_than: str, now: datetime) -> bool:
        """Whether another worker is sending; who says so for longer than a lease can last is none."""
        if self.holder is None or self.holder.token == by_other_than:
            return False
        return now < self.holder.until <= now + LONGEST_HOLD

    def was_interrupted(self, now: datetime) -> bool:
        """Whether a worker began to send and did not say how that ended, so that Spotler may have either state."""
        return self.holder is not None and not self.is_held("", now)

    @classmethod
    def _read(cls, content: Mapping[str, Any]) -> Self:
        if content["v"] != VERSION:
            return cls()
        holder, noted = content.get("holder"), content.get("noted", "")
        return cls(
            {_text(name): _common(each) for name, each in _object(content, "columns")},
            {int(bit): _known(each) for bit, each in _object(content, "permissions")},
            _holder(holder) if holder is not None else None,
            _moment(content["made_on"]) if "made_on" in content else None,
            _moment(content["made_about"]) if "made_about" in content else None,
            _text(noted),
            content.get("leaving") is True,
            _moment(content["edited_on"]) if "edited_on" in content else None,
        )


_NOTHING: Final = LastCommon()


def _pair(common: Common) -> list[object]:
    parts: list[object] = [common.dataverse, common.spotler]
    if common.sending or common.made:
        parts.append(common.sending)
    return [*parts, *(common.made or ())]


def _common(parts: object) -> Common:
    dataverse, spotler, *rest = map(_text, _list(parts))
    sending, *made = rest or [""]
    if made and len(made) != len(("sent", "shown")):
        raise ValueError("a value that was sent, without what Spotler made of it")
    return Common(dataverse, spotler, sending, (made[0], made[1]) if made else None)


def _state(state: KnownState) -> list[object]:
    settled = [] if state.settled is None else [_seconds(state.settled)]
    return [int(state.on), _seconds(state.at), *settled]


def _known(parts: object) -> KnownState:
    on, at, *settled = _list(parts)
    if on not in (0, 1) or len(settled) > 1:
        raise ValueError("not the state of a permission")
    return KnownState(bool(on), _moment(at), _moment(settled[0]) if settled else None)


def _holder(parts: object) -> Holder:
    token, until = _list(parts)
    return Holder(_text(token), _moment(until))


def _object(content: Mapping[str, Any], name: str) -> ItemsView[str, object]:
    return dict(content[name]).items() if name in content else {}.items()


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _seconds(moment: datetime) -> float:
    return round(moment.timestamp(), 3)


def _moment(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError
    moment = datetime.fromtimestamp(seconds, UTC)
    if moment.year not in _YEARS:
        raise ValueError("not a moment that was written")
    return moment
