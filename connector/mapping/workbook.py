"""An uploaded workbook, read within limits.

Its parts are looked at first (`archive`). A sheet of a few kilobytes can still say that it has sixteen thousand columns
and a million rows: what is larger than a mapping can be is refused before its cells are read, and what a sheet says of
its own size is not believed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter

from connector.errors import Misconfigured
from connector.mapping.archive import check_archive
from connector.words import Sentence

#: A mapping has a few hundred rows and eight columns; people add a few columns beside them.
MAX_ROWS: Final = 2_000
MAX_COLUMNS: Final = 50


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One cell.

    Attributes:
        place: e.g. `B3`.
        value: as openpyxl reads it; None for an empty cell.
        data_type: of openpyxl, e.g. `f` for a formula.
    """

    place: str
    value: object = None
    data_type: str = "n"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet; columns count from 1."""

    number: int
    cells: Sequence[SheetCell]

    def place(self, column: int) -> str:
        """The name of the cell in that column."""
        return f"{get_column_letter(column)}{self.number}"

    def cell(self, column: int) -> SheetCell:
        """The cell in that column, empty where the row is shorter."""
        return self.cells[column - 1] if column <= len(self.cells) else SheetCell(self.place(column))


@contextmanager
def opened(path: Path) -> Iterator[Workbook]:
    """The workbook, for as long as its sheets are read.

    Raises:
        Misconfigured: it is too large, or cannot be read.
    """
    unreadable = Misconfigured(
        Sentence("The file {name} is not an Excel workbook (.xlsx) that can be read.", name=path.name)
    )
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            check_archive(file, path.name)
            # Read-only: no cells are made that the file does not have, also not for merged ones.
            book = load_workbook(file, read_only=True, keep_links=False)
        except Misconfigured:
            raise
        except Exception:  # noqa: BLE001 - whatever it fails at, the file cannot be read
            raise unreadable from None
        yield stack.enter_context(closing(book))


def lines_of(book: Workbook, title: str) -> list[Line]:
    """The rows of a sheet, also empty ones between others.

    Raises:
        Misconfigured: the sheet is larger than a mapping can be, or cannot be read.
    """
    sheet = book[title]
    if (sheet.max_row or 0) > MAX_ROWS or (sheet.max_column or 0) > MAX_COLUMNS:
        raise _too_large(title)
    sheet.reset_dimensions()  # the file may say less than it has
    lines: list[Line] = []
    with closing(sheet.iter_rows()) as rows:
        try:
            for number, row in enumerate(rows, start=1):
                if number > MAX_ROWS or len(row) > MAX_COLUMNS:
                    break
                lines.append(_line(number, row))
            else:
                return lines
        except Exception:  # noqa: BLE001 - a sheet is parsed while it is read
            raise Misconfigured(
                Sentence("The sheet {title} cannot be read after row {count}.", title=title, count=len(lines))
            ) from None
    raise _too_large(title)


def _line(number: int, row: Iterable[Cell | MergedCell]) -> Line:
    cells = [
        SheetCell(f"{get_column_letter(column)}{number}", cell.value, cell.data_type)
        for column, cell in enumerate(row, start=1)
    ]
    return Line(number, cells)


def _too_large(title: str) -> Misconfigured:
    return Misconfigured(
        Sentence(
            "The sheet {title} has cells beyond row {row} or column {column}.",
            title=title,
            row=MAX_ROWS,
            column=get_column_letter(MAX_COLUMNS),
        ),
        advice="Delete the rows and columns outside the table, also empty ones that have a format.",
    )
