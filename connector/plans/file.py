r"""A plan as a file: one JSON object per line, so that a plan of any size is written and read line by line.

    {"plan": 3, "environment": "https://org.crm4.dynamics.com, Spotler 5c…", "mapping": "3f…", "made_on": "…", …}
    {"record": "contact/…", "row": "W/\"12\"", "info": "W/\"7\"", "marks": […], "changes": […]}
    {"end": true, "records": 1, "sha256": "9c…"}

It holds values of people, so only its owner may read it. It is checked as a whole before anything of it is done: a file
that was cut off, changed by hand or put together from several is refused. The end has a checksum of all that stands
before, so what a person has read in the file is what is done.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Self

from connector.dataverse.records import RecordRef, record_named
from connector.errors import Invalid
from connector.plans.making import PlannedRecord
from connector.settings import Settings

#: The form in which it is written.
FORM: Final = 3


class PlanUnreadable(Invalid):
    """The file is no plan, or not a whole one."""

    code = "PLAN_UNREADABLE"
    advice = "Make a new plan."


@dataclass(frozen=True, slots=True)
class Header:
    """What a plan was made with.

    Attributes:
        environment: which systems it is about, see `environment_of`.
        mapping: the version of the mapping.
        made_on: when, as text in UTC.
        asked: whether Spotler was asked for the contacts.
    """

    environment: str
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
        """Read a line.

        Raises:
            PlanUnreadable: it is none.
        """
        ref = record_named(str(content.get("record")))
        row, info, marks = (content.get(name) for name in ("row", "info", "marks"))
        is_text = isinstance(row, str) and isinstance(info, str)
        if (
            ref is None
            or not is_text
            or not isinstance(marks, list)
            or not all(isinstance(each, str) for each in marks)
        ):
            raise PlanUnreadable
        return cls(ref, str(row), str(info), tuple(marks))


def environment_of(settings: Settings) -> str:
    """Which Dataverse and which account of Spotler these settings name."""
    account = f"{settings.spotler_url} {settings.spotler_key.get_secret_value()}"
    return f"{settings.dataverse_url}, Spotler {hashlib.sha256(account.encode()).hexdigest()[:12]}"


def write_plan(path: Path, header: Header, records: Iterable[PlannedRecord]) -> Iterator[PlannedRecord]:
    """Write a plan, record by record; yields each record that was written."""
    count, checksum = 0, hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:  # noqa: PTH123 - of a descriptor

        def write(content: Mapping[str, object]) -> None:
            text = json.dumps(content, ensure_ascii=False) + "\n"
            checksum.update(_bytes(text))
            file.write(text)

        write({"plan": FORM, **asdict(header)})
        for each in records:
            if each.effects:
                count += 1
                write(_content(each))
            yield each
        write(_end(count, checksum.hexdigest()))


def read_header(path: Path) -> Header:
    """What a whole plan was made with; all its lines are checked.

    Raises:
        PlanUnreadable: it is none, or not a whole one.
    """
    header, end, records, checksum = None, None, set[RecordRef](), hashlib.sha256()
    for text, content in _objects(path):
        if end is not None:
            raise PlanUnreadable
        if "end" in content:
            end = content
            continue
        checksum.update(_bytes(text))
        if header is None:
            header = _header(content)
            continue
        line = PlanLine.read(content)
        if line.ref in records:
            raise PlanUnreadable
        records.add(line.ref)
    if header is None or end != _end(len(records), checksum.hexdigest()):
        raise PlanUnreadable
    return header


def read_lines(path: Path) -> Iterator[PlanLine]:
    """The records of a plan that was found whole.

    Raises:
        PlanUnreadable: it was changed since.
    """
    for _, content in islice(_objects(path), 1, None):
        if "end" not in content:
            yield PlanLine.read(content)


def _content(planned: PlannedRecord) -> dict[str, object]:
    return {
        "record": f"{planned.ref.table}/{planned.ref.id}",
        "row": planned.row,
        "info": planned.info,
        "marks": planned.marks,
        "changes": [asdict(each) for each in planned.changes],
    }


def _end(records: int, checksum: str) -> dict[str, object]:
    return {"end": True, "records": records, "sha256": checksum}


def _bytes(line: str) -> bytes:
    """A line for the checksum, whatever an editor did to its end."""
    return line.rstrip("\r\n").encode(errors="surrogatepass")


def _header(content: Mapping[str, object]) -> Header:
    form, environment, mapping, made_on, asked = map(
        content.get, ("plan", "environment", "mapping", "made_on", "asked")
    )
    is_text = isinstance(environment, str) and isinstance(mapping, str) and isinstance(made_on, str)
    if form != FORM or not is_text or not isinstance(asked, bool):
        raise PlanUnreadable
    return Header(str(environment), str(mapping), str(made_on), asked)


def _objects(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The lines of a file, and what they hold."""
    try:
        with path.open(encoding="utf-8", errors="surrogatepass") as file:
            for line in file:
                content = json.loads(line)
                if not isinstance(content, dict):
                    raise PlanUnreadable
                yield line, content
    except (OSError, ValueError, RecursionError):
        raise PlanUnreadable from None
