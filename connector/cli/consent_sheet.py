"""The sheet of consent: one row per record, one column per permission, `yes`, `no` or nothing in the cells.

It is an Excel workbook, or a CSV file where there are more records than a workbook may have. A sheet is used as a whole
or not at all: every problem is named with its cell.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from connector.consent import Item
from connector.consent.permissions import key_of
from connector.dataverse.api import filters
from connector.dataverse.records import RecordRef
from connector.errors import Misconfigured
from connector.mapping.workbook import MAX_COLUMNS, MAX_ROWS, Line, SheetCell, lines_of, opened
from connector.words import Sentence

SHEET: Final = "Consent"
ID_HEADING: Final = "Record Id"
WORDS: Final = {"yes": True, "no": False, "ja": True, "nee": False, "true": True, "false": False}

#: Limits of a CSV file. A row of it has an id and a few words.
MAX_CSV_ROWS: Final = 500_000
MAX_CSV_BYTES: Final = 50_000_000
#: Problems that are named; a sheet with more of them is not worth reading on.
MAX_PROBLEMS: Final = 50

#: What spreadsheet programs take for the start of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """What the sheet says of one record.

    Attributes:
        place: its row, for messages.
        states: on or off, by the bit of the permission; an empty cell says nothing.
    """

    record: RecordRef
    place: str
    states: dict[int, bool] = field(default_factory=dict)


def safe_cell(value: object) -> str:
    """A text that no spreadsheet program takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_sheet(path: Path, permissions: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Write a sheet; the ending of the name says in which form.

    Raises:
        Misconfigured: there are more records than a workbook may have.
    """
    heading = [ID_HEADING, *permissions]
    lines = ([record, *cells] for record, cells in rows)
    if _is_csv(path):
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(map(safe_cell, heading))
            writer.writerows([safe_cell(cell) for cell in line] for line in lines)
        return
    if len(rows) >= MAX_ROWS:
        raise Misconfigured(
            Sentence("A workbook may have {most} records, and there are {count}.", most=MAX_ROWS - 1, count=len(rows)),
            advice="Give a name that ends in .csv.",
        )
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = SHEET
    sheet.append([safe_cell(cell) for cell in heading])
    for line in lines:
        sheet.append([safe_cell(cell) for cell in line])
    book.save(path)


def read_sheet(path: Path, table: str, items: Sequence[Item]) -> list[SheetRow]:
    """Read a sheet of records of one table.

    Raises:
        Misconfigured: naming every problem with its cell; then nothing of the sheet is used.
    """
    lines = _csv_lines(path) if _is_csv(path) else _workbook_lines(path)
    problems: list[Sentence] = []
    columns = _columns(lines[0], items, problems) if lines else {}
    if not lines:
        problems.append(Sentence("the sheet is empty"))
    rows: list[SheetRow] = []
    seen: dict[str, str] = {}
    for line in lines[1:]:
        if row := _row(line, table, columns, seen, problems):
            rows.append(row)
        if len(problems) >= MAX_PROBLEMS:
            break
    refuse_sheet(path, problems)
    return rows


def refuse_sheet(path: Path, problems: Sequence[Sentence]) -> None:
    """Raise what is wrong with a sheet, if anything is.

    Raises:
        Misconfigured: naming the problems.
    """
    if problems:
        shown = Sentence.joined(*problems[:MAX_PROBLEMS], between="; ")
        raise Misconfigured(
            Sentence("The sheet {name} is not valid and was not used: {problems}.", name=path.name, problems=shown)
        )


def _columns(heading: Line, items: Sequence[Item], problems: list[Sentence]) -> dict[int, Item]:
    """The permission of each column of the sheet."""
    by_name = defaultdict[str, list[Item]](list)
    for each in items:
        for written in {key_of(each.name), key_of(safe_cell(each.name))}:
            by_name[written].append(each)
    if key_of(_text(heading.cell(1))) != key_of(ID_HEADING):
        problems.append(Sentence("{place} must be {heading}", place=heading.place(1), heading=ID_HEADING))
    columns: dict[int, Item] = {}
    for number in range(2, len(heading.cells) + 1):
        name, place = key_of(_text(heading.cell(number))), heading.place(number)
        if not name:
            continue
        found = by_name.get(name, [])
        if not found:
            problems.append(Sentence("{place} is not a permission that Spotler has", place=place))
        elif len(found) > 1:
            problems.append(
                Sentence("{place} is the name of several permissions: rename one of them in Spotler", place=place)
            )
        elif found[0] in columns.values():
            problems.append(Sentence("{place} is a permission that has a column already", place=place))
        else:
            columns[number] = found[0]
    return columns


def _row(
    line: Line, table: str, columns: dict[int, Item], seen: dict[str, str], problems: list[Sentence]
) -> SheetRow | None:  # fmt: skip
    texts = [_text(line.cell(number)) for number in range(1, max(len(line.cells), 1) + 1)]
    if not any(texts):
        return None
    place = line.place(1)
    try:
        key = str(filters.guid(texts[0])).lower()
    except ValueError:
        problems.append(Sentence("{place} is not the id of a record", place=place))
        return None
    if key in seen:
        problems.append(Sentence("{place} is the same record as {other}", place=place, other=seen[key]))
    seen[key] = place
    row = SheetRow(RecordRef(table, key), place)
    for number, text in enumerate(texts[1:], start=2):
        cell = line.cell(number)
        if not text:
            continue
        if number not in columns:
            problems.append(Sentence("{place} has a value below no permission", place=cell.place))
        elif cell.data_type == "f" or key_of(text) not in WORDS:
            problems.append(Sentence("{place} is not yes, no or empty", place=cell.place))
        else:
            row.states[columns[number].bit] = WORDS[key_of(text)]
    return row


def _text(cell: SheetCell) -> str:
    return "" if cell.value is None else str(cell.value).strip()


def _is_csv(path: Path) -> bool:
    return path.suffix.casefold() == ".csv"


def _workbook_lines(path: Path) -> list[Line]:
    with opened(path) as book:
        if not book.worksheets:
            raise Misconfigured(Sentence("The file {name} has no sheet with cells.", name=path.name))
        return lines_of(book, book.worksheets[0].title)


def _csv_lines(path: Path) -> list[Line]:
    """The rows of a CSV file, with commas or semicolons, as spreadsheet programs write it."""
    try:
        if path.stat().st_size > MAX_CSV_BYTES:
            raise Misconfigured(
                Sentence("The file {name} is larger than {most} MB.", name=path.name, most=MAX_CSV_BYTES // 1_000_000)
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            # The first heading is known; a name of a permission may have either separator in it.
            separator = ";" if ";" in file.readline()[: len(ID_HEADING) + len('""; ')] else ","
            file.seek(0)
            return list(_lines(csv.reader(file, delimiter=separator, strict=True), path.name))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise Misconfigured(
            Sentence("The file {name} is not a CSV file in UTF-8 that can be read.", name=path.name)
        ) from None


def _lines(rows: Iterable[Sequence[str]], name: str) -> Iterator[Line]:
    for number, row in enumerate(rows, start=1):
        if number > MAX_CSV_ROWS or len(row) > MAX_COLUMNS:
            raise Misconfigured(
                Sentence(
                    "The file {name} has more than {most} rows or {columns} columns.",
                    name=name,
                    most=MAX_CSV_ROWS,
                    columns=MAX_COLUMNS,
                )
            )
        cells = [SheetCell(f"{get_column_letter(column)}{number}", cell) for column, cell in enumerate(row, start=1)]
        yield Line(number, cells)
