r"""A plan as a file: one JSON object per line, so that a plan of any size is written and read line by line.

    {"plan": 1, "mapping": "3f…", "made_on": "…", "asked": true, …}
    {"record": "contact/…", "row": "W/\"12\"", "info": "W/\"7\"", "marks": […], "changes": […]}
    {"end": true, "records": 1}

It holds values of people, so only its owner may read it. A file without its last line was cut off and is refused.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import Invalid
from connector.plans.making import PlannedRecord

#: The form in which it is written.
FORM: Final = 1


class PlanUnreadable(Invalid):
    """The file is no plan, or not a whole one."""

    code = "PLAN_UNREADABLE"
    advice = "Make a new plan."


@dataclass(frozen=True, slots=True)
class Header:
    """What a plan was made with.

    Attributes:
        mapping: the version of the mapping.
        made_on: when, as text in UTC.
        asked: whether Spotler was asked for the contacts.
    """

    mapping: str
    made_on: str
    asked: bool


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One record of a plan that was read.

    Attributes:
        ref: which.
        row: the version of its row.
        info: the version of its Spotler Info; empty where it had none.
        marks: of what is to be done.
    """

    ref: RecordRef
    row: str
    info: str
    marks: tuple[str, ...]

    @classmethod
    def read(cls, content: Mapping[str, object]) -> Self:
        """Read a line; raises KeyError, TypeError or ValueError where it is none."""
        table, _, record = str(content["record"]).partition("/")
        marks = content["marks"]
        if table not in RECORD_TABLES or not isinstance(marks, list):
            raise ValueError(table)
        return cls(RecordRef(table, record), str(content["row"]), str(content["info"]), tuple(map(str, marks)))


def write_plan(path: Path, header: Header, records: Iterable[PlannedRecord]) -> Iterator[PlannedRecord]:
    """Write a plan, record by record; yields each record that was written."""
    count = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:  # noqa: PTH123 - of a descriptor
        file.write(_text({"plan": FORM, **asdict(header)}))
        for each in records:
            if each.effects:
                count += 1
                file.write(_text(_content(each)))
            yield each
        file.write(_text({"end": True, "records": count}))


def read_header(path: Path) -> Header:
    """What a whole plan was made with.

    Raises:
        PlanUnreadable: it is none, or was cut off.
    """
    header, count = None, 0
    for content in _objects(path):
        if header is None:
            header = _header(content)
        elif content.get("end") is True:
            if content.get("records") == count:
                return header
            break
        else:
            count += 1
    raise PlanUnreadable


def read_lines(path: Path) -> Iterator[PlanLine]:
    """The records of a plan that was found whole.

    Raises:
        PlanUnreadable: a line is none.
    """
    for content in _objects(path):
        if "record" in content:
            try:
                yield PlanLine.read(content)
            except (KeyError, TypeError, ValueError):
                raise PlanUnreadable from None


def _content(planned: PlannedRecord) -> dict[str, object]:
    return {
        "record": f"{planned.ref.table}/{planned.ref.id}",
        "row": planned.row,
        "info": planned.info,
        "marks": planned.marks,
        "changes": [asdict(each) for each in planned.changes],
    }


def _text(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"


def _header(content: Mapping[str, object]) -> Header:
    if content.get("plan") != FORM:
        raise PlanUnreadable
    return Header(str(content.get("mapping")), str(content.get("made_on")), content.get("asked") is True)


def _objects(path: Path) -> Iterator[Mapping[str, object]]:
    try:
        with path.open(encoding="utf-8", errors="surrogatepass") as file:
            for line in file:
                content = json.loads(line)
                if not isinstance(content, dict):
                    raise PlanUnreadable
                yield content
    except (OSError, ValueError):
        raise PlanUnreadable from None
