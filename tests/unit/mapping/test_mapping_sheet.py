"""The mapping as an Excel workbook."""

import itertools
import json
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from openpyxl import Workbook, load_workbook

from connector.errors import Misconfigured
from connector.mapping.archive import MAX_BYTES, MAX_UNPACKED
from connector.mapping.columns import STANDARD_LOOKUPS
from connector.mapping.document import problems_of
from connector.mapping.model import TABLES
from connector.mapping.sheet import HEADINGS, MAPPING_SHEET, export_sheet, import_sheet
from connector.mapping.workbook import MAX_COLUMNS, MAX_ROWS, SheetCell

from .conftest import MAPPINGS

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Z"]), min_size=1, max_size=10) | st.sampled_from(
    ["=1+1", "-1", "007", "true", "#N/A", "'x", "1.0", "@map", "12-05-2024", "_x0041_", "_x005F_x0041_"]
)
ARROWS = ("->", "<-", "<->")
ITEMS = TEXTS.filter(lambda text: ";" not in text)
COLUMNS = NAMES | st.builds("{}({}).{}".format, NAMES, NAMES, NAMES) | TEXTS.map("$value:{}".format)


def is_plain(column: str) -> bool:
    """Lookups of the standard tables are no columns that could be written."""
    return column not in STANDARD_LOOKUPS


@st.composite
def documents(draw):
    """Valid mappings: every row about a field of its own."""
    rows = [{"contact": "emailaddress1", "lead": "a", "account": "b", "direction": "->", "spotler": "email"}]
    for number in range(draw(st.integers(0, 4))):
        direction = draw(st.sampled_from(ARROWS))
        columns = COLUMNS if direction == "->" else st.just(f"own{number}")
        row = draw(st.dictionaries(st.sampled_from(["contact", "lead", "account"]), columns, min_size=1))
        row |= {"direction": direction, "spotler": f"field{number}"}
        if draw(st.booleans()):
            row["entity"] = f"entity{number}"
        if draw(st.booleans()):
            row["items"] = draw(st.lists(ITEMS, min_size=1, max_size=3, unique_by=str.casefold))
        elif draw(st.booleans()):
            row["spotler"] += f":{draw(ITEMS)}"
        if draw(st.booleans()):
            row["note"] = draw(TEXTS)
        rows.append(row)
    if draw(st.booleans()):
        rows.append({"lead": "source", "direction": "<-", "spotler": f"$value:{draw(TEXTS)}"})
    if draw(st.booleans()):
        collection = draw(st.sampled_from(["permissions", "list", "periodiek"]))
        rows.append({"account": f"@map({collection})", "direction": draw(st.sampled_from(ARROWS)), "spotler": "p"})
    rows.append({"contact": draw(NAMES), "direction": draw(st.sampled_from(ARROWS)), "filter": draw(TEXTS)})
    document = {"rows": rows}
    if any("entity" in row for row in rows) or draw(st.booleans()):
        document["tables"] = {"entity": draw(NAMES.filter(lambda name: name not in TABLES))}
    if draw(st.booleans()):
        document["customer_type"] = {"lead": draw(TEXTS)}
        document["navigation"] = {f"{draw(NAMES)}({draw(NAMES)})": "New_X"}
        document["triggers"] = {"contact": draw(st.lists(NAMES, max_size=3, unique=True))}
    return document


def comes_back(document, path):
    assert problems_of(document) == ()
    export_sheet(document, path)

    assert import_sheet(path) == document


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents())
def test_what_is_exported_comes_back_unchanged(tmp_path, document):
    comes_back(document, tmp_path / "mapping.xlsx")


@pytest.mark.nightly
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents())
def test_ten_thousand_mappings_that_are_exported_come_back_unchanged(tmp_path, document):
    comes_back(document, tmp_path / "mapping.xlsx")


@pytest.mark.parametrize("name", ["default.json", "examples/filters-and-constants.json"])
def test_the_mappings_of_the_product_survive_a_round_trip(tmp_path, name):
    document = json.loads((MAPPINGS / name).read_text(encoding="utf-8"))
    export_sheet(document, tmp_path / "mapping.xlsx")

    del document["$schema"]  # for editors of the file, not part of the mapping
    assert import_sheet(tmp_path / "mapping.xlsx") == document


def test_cells_are_text_so_that_excel_takes_an_arrow_for_no_formula(tmp_path):
    export_sheet({"rows": [{"contact": "emailaddress1", "direction": "->", "spotler": "email"}]}, tmp_path / "m.xlsx")
    cell = load_workbook(tmp_path / "m.xlsx")[MAPPING_SHEET]["E2"]

    assert (cell.value, cell.data_type, cell.number_format) == ("->", "s", "@")


def test_a_name_that_looks_like_a_code_of_excel_is_written_as_excel_writes_it(tmp_path):
    row = {"contact": "new_x0041_y", "direction": "->", "spotler": "text", "note": "_x0041__x0042_"}
    export_sheet(
        {"rows": [{"contact": "emailaddress1", "direction": "->", "spotler": "email"}, row]}, tmp_path / "m.xlsx"
    )
    sheet = load_workbook(tmp_path / "m.xlsx")[MAPPING_SHEET]

    assert (sheet["A3"].value, sheet["I3"].value) == ("new_x005F_x0041_y", "_x005F_x0041__x005F_x0042_")
    assert import_sheet(tmp_path / "m.xlsx")["rows"][1] == row


def test_an_invalid_mapping_is_not_exported(tmp_path):
    with pytest.raises(Misconfigured):
        export_sheet({"rows": []}, tmp_path / "m.xlsx")
    assert not (tmp_path / "m.xlsx").exists()


@pytest.fixture
def workbook(tmp_path):
    """Saves a workbook with these lines under the usual headings and gives its path."""

    def _save(*lines, headings=tuple(HEADINGS), **settings_lines):
        book = Workbook()
        sheet = book.active
        sheet.title = MAPPING_SHEET
        for line in (headings, *lines):
            sheet.append(line)
        if settings_lines:
            other = book.create_sheet("Settings")
            other.append(("Setting", "For", "Value"))
            for line in settings_lines["settings"]:
                other.append(line)
        book.save(tmp_path / "sheet.xlsx")
        return tmp_path / "sheet.xlsx"

    return _save


EMAIL = ("emailaddress1", None, None, None, "->", None, "email")


def refused(path) -> str:
    with pytest.raises(Misconfigured) as caught:
        import_sheet(path)
    return caught.value.sentence


def test_every_problem_is_named_with_its_cell(workbook):
    sentence = refused(
        workbook(
            EMAIL,
            ("FirstName", "a.b", None, "new_x", "to", None, "firstName"),
            (None,) * 7,
            ("jobtitle", None, None, "new_x", "->", None, "email"),
            ("lastname", None, None, None, "->", None, None),
        )
    )

    assert "cell E3: must be one of the three arrows" in sentence
    assert "cell A3: " in sentence
    assert "cell B3: " in sentence
    assert "cell D5: needs the name of its table" in sentence
    assert "cell G5: is already mapped for the table contact" in sentence
    assert "cell G6: is missing" in sentence


def test_headings_may_stand_in_any_order_and_case_and_an_empty_direction_is_to_spotler(workbook):
    path = workbook(
        ("email", "emailaddress1", None, None),
        headings=("SPOTLER COLUMN", "contact column", "Sync Direction", "Lead Column"),
    )

    assert import_sheet(path) == {"rows": [{"contact": "emailaddress1", "spotler": "email", "direction": "->"}]}


@pytest.mark.parametrize(
    ("headings", "problem"),
    [
        (("Contact Column", "Spotler Column"), "row 1: the heading Sync Direction is missing"),
        (("Contact Column", "Sync Direction", "Spotler Column", "Colour"), "cell D1: unknown heading"),
        (("Filter", "Filter", "Sync Direction", "Spotler Column"), "cell B1: this heading is there twice"),
    ],
)
def test_unusual_headings_are_refused(workbook, headings, problem):
    assert problem in refused(workbook(headings=headings))


def test_columns_of_membership_entry_are_read_with_the_name_of_their_table(workbook):
    line = ("emailaddress1", None, None, "new_email", "->", None, "email")

    document = import_sheet(workbook(line, settings=[("tables", "entity", "new_membershipentry")]))

    assert document["tables"] == {"entity": "new_membershipentry"}
    assert document["rows"][0]["entity"] == "new_email"


def test_numbers_and_truth_values_become_the_text_that_people_meant(workbook):
    path = workbook(
        EMAIL,
        ("a", None, None, None, "->", 1),
        ("b", None, None, None, "->", 2.0),
        ("c", None, None, None, "->", True),
        ("d", None, None, None, "->", 1.5),
    )

    assert [row["filter"] for row in import_sheet(path)["rows"][1:]] == ["1", "2", "true", "1.5"]


def test_formulas_and_dates_are_refused(workbook):
    sentence = refused(
        workbook(EMAIL, ("=A1", None, None, None, "->", datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None), "x"))
    )

    assert "cell A3: has a formula" in sentence
    assert "cell F3: has a date" in sentence


def test_settings_are_read_and_their_problems_named(workbook):
    good = [("customer_type", "lead", "Prospect"), ("triggers", "contact", "a; b;"), (None, None, None)]
    bad = [("colour", "lead", "x"), ("triggers", None, "x"), ("navigation", "a(b)", "c"), ("navigation", "a(b)", "d")]

    document = import_sheet(workbook(EMAIL, settings=good))
    sentence = refused(workbook(EMAIL, settings=bad))

    assert document["customer_type"] == {"lead": "Prospect"}
    assert document["triggers"] == {"contact": ["a", "b"]}
    assert "cell Settings!A2: must be one of" in sentence
    assert "cell Settings!B3: must be one of" in sentence
    assert "cell Settings!B5: is there twice" in sentence
    assert "cell Settings!C2: must be the name of a navigation property" in refused(
        workbook(EMAIL, settings=[("navigation", "a(b)", "c d")])
    )


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "mapping.xlsx"
    path.write_bytes(b"PK\x03\x04 not really")

    assert "mapping.xlsx is not an Excel workbook" in refused(path)
    assert "absent.xlsx is not an Excel workbook" in refused(tmp_path / "absent.xlsx")


def test_a_workbook_without_the_sheet_is_refused(tmp_path):
    Workbook().save(tmp_path / "m.xlsx")

    assert "there is no sheet Mapping" in refused(tmp_path / "m.xlsx")


#: A workbook of a few kilobytes with this sheet, as a program could write it.
SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{dimension}<sheetData>{rows}</sheetData>{end}
</worksheet>"""
TOO_LARGE = "The sheet Mapping has cells beyond row 2,000 or column AX."


def row(number: int, *cells: str) -> str:
    texts = "".join(f'<c r="{cell}{number}" t="inlineStr"><is><t>x</t></is></c>' for cell in cells)
    return f'<row r="{number}">{texts}</row>'


@pytest.fixture
def crafted(tmp_path):
    """Writes a workbook whose first sheet is this XML and gives its path."""

    def _write(rows: str = "", dimension: str = "", end: str = ""):
        book = Workbook()
        book.active.title = MAPPING_SHEET
        book.save(tmp_path / "plain.xlsx")
        with ZipFile(tmp_path / "plain.xlsx") as plain, ZipFile(tmp_path / "m.xlsx", "w", ZIP_DEFLATED) as made:
            for part in plain.infolist():
                content = plain.read(part)
                if part.filename == "xl/worksheets/sheet1.xml":
                    content = SHEET.format(dimension=dimension, rows=rows, end=end).encode()
                made.writestr(part.filename, content)
        assert (tmp_path / "m.xlsx").stat().st_size < 100_000
        return tmp_path / "m.xlsx"

    return _write


@pytest.fixture
def few_cells(monkeypatch):
    """Fails when more cells are made than a mapping can have; a test that fails must not take minutes."""
    made = itertools.count(1)

    def counted(*values):
        assert next(made) <= MAX_ROWS * MAX_COLUMNS
        return SheetCell(*values)

    monkeypatch.setattr("connector.mapping.workbook.SheetCell", counted)


@pytest.mark.usefixtures("few_cells")
@pytest.mark.parametrize(
    ("rows", "dimension"),
    [
        (row(32_000, "XFD"), '<dimension ref="A1:XFD32000"/>'),
        (row(32_000, "XFD"), ""),
        (row(32_000, "XFD"), '<dimension ref="A1:B2"/>'),
        (row(1_048_576, "A"), '<dimension ref="A1"/>'),
        (row(1, "XFD"), ""),
        ("".join(row(number, "XFD") for number in range(1, 2_000)), '<dimension ref="A1:H2000"/>'),
        (row(MAX_ROWS + 1, "A"), ""),
        (row(1, "AY"), ""),
        ("", '<dimension ref="A1:XFD1048576"/>'),
    ],
    ids=["far cell", "no dimension", "false dimension", "last row", "last column", "many", "row", "column", "claimed"],
)
def test_a_sheet_with_a_cell_far_away_is_refused_before_its_cells_are_read(crafted, rows, dimension):
    assert TOO_LARGE in refused(crafted(rows, dimension))


def test_what_is_merged_is_not_made_into_cells(crafted):
    merged = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'

    assert "the heading Sync Direction is missing" in refused(crafted(row(1, "A"), end=merged))


def test_a_sheet_as_large_as_a_mapping_may_be_is_read(workbook):
    lines = [(f"a{number}", None, None, None, "->", None, f"field{number}") for number in range(MAX_ROWS - 2)]

    assert len(import_sheet(workbook(EMAIL, *lines))["rows"]) == MAX_ROWS - 1


def test_a_file_that_is_too_large_is_refused_unread(crafted, tmp_path):
    large = tmp_path / "large.xlsx"
    large.write_bytes(crafted().read_bytes() + bytes(MAX_BYTES))
    unpacked = tmp_path / "unpacked.xlsx"
    with ZipFile(unpacked, "w", ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", bytes(MAX_UNPACKED + 1))

    for path in (large, unpacked):
        assert refused(path) == f"The file {path.name} is larger than 2 MB, or 20 MB unpacked."


def test_a_sheet_that_is_broken_in_its_middle_is_refused(crafted):
    rows = "".join(row(number, "A") for number in range(1, MAX_ROWS))

    path = crafted(f"{rows}<row r='2000'><c r='A2000'", '<dimension ref="A1:A2000"/>')

    assert "The sheet Mapping cannot be read after row 1" in refused(path)
