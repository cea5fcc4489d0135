"""The mapping as an Excel workbook, for people who keep it as a table.

The sheet `Mapping` has a row per mapping row; the sheet `Settings` has the other members of the file. A workbook is
used as a whole or not at all: every problem is named with its cell.

Import this module where a sheet is used, not at the top: openpyxl is slow to load, and the functions do not need it.
"""

import re
from collections import abc
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import JsonValue

from connector.errors import Misconfigured
from connector.mapping.document import Document, parse_mapping, problems_of
from connector.mapping.model import Direction
from connector.mapping.rules import Problem, Spot
from connector.mapping.workbook import Line, SheetCell, lines_of, opened
from connector.words import Sentence

MAPPING_SHEET: Final = "Mapping"
SETTINGS_SHEET: Final = "Settings"

#: Key in a row of the document, by heading, in the order of the sheet.
HEADINGS: Final = {
    "Contact Column": "contact",
    "Lead Column": "lead",
    "Account Column": "account",
    "Entity Column": "entity",
    "Sync Direction": "direction",
    "Filter": "filter",
    "Spotler Column": "spotler",
    "Items": "items",
    "Note": "note",
}
_REQUIRED: Final = ("direction", "spotler")

SETTING_HEADINGS: Final = ("Setting", "For", "Value")
_SETTINGS: Final = ("customer_type", "navigation", "triggers", "tables")
_SEPARATOR: Final = ";"

#: The format "Text": without it Excel reads `->` and `@map(...)` as the start of a formula when somebody types them.
_TEXT_FORMAT: Final = "@"
_WIDTH: Final = 32

#: In a workbook `_x0041_` is the character with that code, and an underscore that could begin one is a code itself.
_CODE: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_UNDERSCORE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def export_sheet(document: Document, path: Path) -> None:
    """Write a mapping document (the content of a mapping file) as a workbook (.xlsx).

    Raises:
        Misconfigured: when the document is not a valid mapping.
    """
    parse_mapping(document)
    book = Workbook()
    book.remove(book.worksheets[0])
    rows = document["rows"]
    lines = [[_shown(row.get(key)) for key in HEADINGS.values()] for row in _objects(rows)]
    sheet = _add_sheet(book, MAPPING_SHEET, tuple(HEADINGS), lines)
    arrows = DataValidation(type="list", formula1=f'"{",".join(Direction)}"', allow_blank=True)
    arrow_column = get_column_letter(list(HEADINGS).index("Sync Direction") + 1)
    arrows.add(f"{arrow_column}2:{arrow_column}{len(lines) + 200}")
    sheet.add_data_validation(arrows)
    settings = [
        [setting, key, _shown(value)]
        for setting in _SETTINGS
        for key, value in _object(document.get(setting, {})).items()
    ]
    _add_sheet(book, SETTINGS_SHEET, SETTING_HEADINGS, settings)
    book.save(path)


def import_sheet(path: Path) -> Document:
    """Read a workbook as a mapping document, checked like a mapping file.

    Raises:
        Misconfigured: naming every problem with its cell; then nothing of the workbook is used.
    """
    reader = _Reader()
    with opened(path) as book:
        states = {sheet.title: sheet.sheet_state for sheet in book.worksheets}
        if MAPPING_SHEET in states:
            reader.read_rows(lines_of(book, MAPPING_SHEET))
        else:
            reader.problems.append(Sentence("there is no sheet {name}", name=MAPPING_SHEET))
        if SETTINGS_SHEET in states:
            reader.read_settings(lines_of(book, SETTINGS_SHEET))
        reader.problems += [
            Sentence("the sheet {name} is hidden, so nobody sees what would be used", name=title)
            for title in (MAPPING_SHEET, SETTINGS_SHEET)
            if states.get(title, Worksheet.SHEETSTATE_VISIBLE) != Worksheet.SHEETSTATE_VISIBLE
        ]
    problems = reader.all_problems()
    if problems:
        raise Misconfigured(
            Sentence(
                "The sheet {name} is not valid and was not used: {problems}.",
                name=path.name,
                problems=Sentence.joined(*problems, between="; "),
            )
        )
    return reader.document


class _Reader:
    """Collects the document, the cell behind each of its parts, and what is wrong."""

    def __init__(self) -> None:
        self.rows: list[JsonValue] = []
        self.document: Document = {}
        self.problems: list[Sentence] = []
        self._cells: dict[Spot, str] = {}

    def all_problems(self) -> list[Sentence]:
        """What is wrong with the sheet and, once its rows could be read, with the mapping in it."""
        if "rows" not in self.document:
            return self.problems
        reported = {problem.partition(": ")[0] for problem in self.problems}
        described = [self._described(problem) for problem in problems_of(self.document)]
        return self.problems + [each for each in described if each.partition(": ")[0] not in reported]

    def _described(self, problem: Problem) -> Sentence:
        """The problem with the cell that it is in, or the nearest one."""
        spot = problem.spot
        while spot:
            if cell := self._cells.get(spot):
                return _in_cell(cell, Sentence.of(problem.text))
            spot = spot[:-1]
        return problem.sentence

    def read_rows(self, lines: abc.Sequence[Line]) -> None:
        """Read the sheet of mapping rows."""
        keys = self._headings(lines[0].cells if lines else ())
        if not set(_REQUIRED) <= set(keys.values()):
            return
        for line in lines[1:]:
            texts = [(column, self._text(cell)) for column, cell in enumerate(line.cells, start=1)]
            if not any(text for _, text in texts):
                continue
            spot = ("rows", len(self.rows))
            self._cells |= {spot: line.place(1)} | {(*spot, key): line.place(column) for column, key in keys.items()}
            row: dict[str, JsonValue] = {"direction": str(Direction.TO_SPOTLER)}
            for column, text in texts:
                key = keys.get(column)
                if text and key:
                    row[key] = _split(text) if key == "items" else text
                elif text:
                    why = Sentence("is in a column that is not used")
                    self.problems.append(_in_cell(line.place(column), why))
            self.rows.append(row)
        self.document = {**self.document, "rows": self.rows}

    def read_settings(self, lines: abc.Sequence[Line]) -> None:
        """Read the sheet of settings."""
        for line in lines[1:]:
            setting, key, value = (self._text(line.cell(column)) for column in range(1, len(SETTING_HEADINGS) + 1))
            if not (setting or key or value):
                continue
            if setting not in _SETTINGS or not key:
                where = line.place(1 if setting not in _SETTINGS else 2)
                why = Sentence("must be one of {names} and its key", names=", ".join(_SETTINGS))
                self.problems.append(_in_cell(f"{SETTINGS_SHEET}!{where}", why))
                continue
            values = self.document.setdefault(setting, {})
            if not isinstance(values, dict) or key in values:
                self.problems.append(_in_cell(f"{SETTINGS_SHEET}!{line.place(2)}", Sentence("is there twice")))
                continue
            values[key] = _split(value) if setting == "triggers" else value
            self._cells[setting, key] = f"{SETTINGS_SHEET}!{line.place(3)}"

    def _headings(self, cells: abc.Sequence[SheetCell]) -> dict[int, str]:
        """The key of each column of the sheet that has one."""
        known = {heading.casefold(): key for heading, key in HEADINGS.items()}
        keys: dict[int, str] = {}
        for column, cell in enumerate(cells, start=1):
            heading = self._text(cell)
            key = known.get(heading.casefold())
            if key in keys.values():
                self.problems.append(_in_cell(cell.place, Sentence("this heading is there twice")))
            elif key:
                keys[column] = key
            elif heading:
                why = Sentence("unknown heading; there are {names}", names=", ".join(HEADINGS))
                self.problems.append(_in_cell(cell.place, why))
        for heading, key in HEADINGS.items():
            if key in _REQUIRED and key not in keys.values():
                self.problems.append(Sentence("row 1: the heading {heading} is missing", heading=heading))
        return keys

    def _text(self, cell: SheetCell) -> str:
        """The content of the cell as text; a number that Excel made of a text becomes that text again."""
        value = cell.value
        if cell.data_type in ("f", "e"):
            self.problems.append(_in_cell(cell.place, Sentence("has a formula or an error; format the cell as text")))
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if value is None or isinstance(value, str | int | float):
            return "" if value is None else _CODE.sub(lambda found: chr(int(found[1], 16)), str(value)).strip()
        self.problems.append(_in_cell(cell.place, Sentence("has a date or time; format the cell as text")))
        return ""


def _in_cell(cell: str, why: Sentence) -> Sentence:
    return Sentence("cell {cell}: {why}", cell=cell, why=why)


def _add_sheet(
    book: Workbook, title: str, headings: abc.Sequence[str], lines: abc.Iterable[abc.Sequence[str]]
) -> Worksheet:
    """A sheet of texts under bold headings that stay in view."""
    sheet: Worksheet = book.create_sheet(title)
    for number, line in enumerate((headings, *lines), start=1):
        for column, text in enumerate(line, start=1):
            cell = sheet.cell(number, column)
            cell.number_format = _TEXT_FORMAT
            if text:
                cell.value = _UNDERSCORE.sub("_x005F_", text)
                cell.data_type = "s"  # also where the text begins with "=": it is not a formula
            if number == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for column in range(1, len(headings) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTH
    return sheet


def _shown(value: JsonValue) -> str:
    if isinstance(value, list):
        return f"{_SEPARATOR} ".join(map(str, value))
    return "" if value is None else str(value)


def _split(text: str) -> list[JsonValue]:
    return [part.strip() for part in text.split(_SEPARATOR) if part.strip()]


def _objects(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}
