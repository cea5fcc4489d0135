"""Workbooks that were made to harm: refused before any of their parts is parsed."""

import re
import struct
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile

import pytest

from connector.errors import Misconfigured
from connector.mapping import archive
from connector.mapping.sheet import export_sheet, import_sheet

DOCUMENT = {"rows": [{"contact": "emailaddress1", "direction": "->", "spotler": "email"}]}
STYLES, STRINGS, BOOK = "xl/styles.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
SHEET, TYPES, THEME = "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/theme/theme1.xml"
SST = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
TOO_LARGE = "is larger than 2 MB, or 20 MB unpacked"
TOO_MANY = "has more cells, formats or names than a mapping can have"
NOT_OF_EXCEL = "has a part with a document type, or in another encoding than UTF-8"
UNREADABLE = "is not an Excel workbook (.xlsx) that can be read"

type Edit = Callable[[bytes], bytes]


@pytest.fixture
def plain(tmp_path) -> Path:
    export_sheet(DOCUMENT, tmp_path / "plain.xlsx")
    return tmp_path / "plain.xlsx"


@pytest.fixture
def edited(tmp_path, plain):
    """Writes the workbook with some parts changed or added, and gives its path."""

    def _edited(edits: dict[str, Edit], method: int = ZIP_DEFLATED) -> Path:
        with ZipFile(plain) as source, ZipFile(tmp_path / "m.xlsx", "w", method) as made:
            parts = {part.filename: source.read(part) for part in source.infolist()}
            for name in (*parts, *(edits.keys() - parts.keys())):
                content = parts.get(name, b"")
                made.writestr(name, edits[name](content) if name in edits else content)
        return tmp_path / "m.xlsx"

    return _edited


@pytest.fixture
def unparsed(monkeypatch):
    """Fails when anything is parsed."""

    def parse(*_: object, **__: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("connector.mapping.workbook.load_workbook", parse)


def refused(path: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        import_sheet(path)
    return caught.value.sentence


def is_now(content: bytes) -> Edit:
    return lambda _: content


def with_first(pattern: str, replacement: bytes) -> Edit:
    def edit(content: bytes) -> bytes:
        changed, count = re.subn(pattern.encode(), lambda _: replacement, content, count=1, flags=re.DOTALL)
        assert count == 1
        return changed

    return edit


LAUGHS = b"".join(b'<!ENTITY %c "%s">' % (98 + number, (b"&%c;" % (97 + number)) * 10) for number in range(8))
ATTACKS = {
    "a million formats": ({STYLES: with_first("<cellXfs.*?</cellXfs>", b"<xf/>" * 1_000_000)}, TOO_MANY),
    "some more fonts than anybody has": ({STYLES: with_first("<fonts.*?</fonts>", b"<font/>" * 20_001)}, TOO_MANY),
    "nested tags": ({STYLES: with_first("</styleSheet>", b"<a>" * 20_001)}, TOO_MANY),
    "a million strings": ({STRINGS: is_now(SST + b"<si/>" * 1_000_000)}, TOO_MANY),
    "a million cells of one place": ({SHEET: with_first("<sheetData>", b'<c r="A1"/>' * 1_000_000)}, TOO_MANY),
    "a million rows": ({SHEET: with_first("<sheetData>", b"<row/>" * 1_000_000)}, TOO_MANY),
    "names": ({BOOK: with_first("<definedNames ?/>", b'<definedName name="a">x</definedName>' * 250_001)}, TOO_MANY),
    "in many parts": ({f"xl/a{number}.xml": is_now(b"<a/>" * 30_000) for number in range(10)}, TOO_MANY),
    "an entity of entities": (
        {STRINGS: is_now(b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "x">' + LAUGHS + b"]>" + SST + b"&i;</sst>")},
        NOT_OF_EXCEL,
    ),
    "an entity of a file": (
        {THEME: is_now(b'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/hostname">]><s>&a;</s>')},
        NOT_OF_EXCEL,
    ),
    "tags in another encoding": (
        {STRINGS: is_now(b'<?xml version="1.0" encoding="cp037"?>' + ("<si/>" * 9).encode("cp037"))},
        NOT_OF_EXCEL,
    ),
    "a document type in wide letters": (
        {STRINGS: is_now('<?xml version="1.0"?><!DOCTYPE s>'.encode("utf-16"))},
        NOT_OF_EXCEL,
    ),
    "wide letters without a mark": (
        {STRINGS: is_now('<?xml version="1.0"?><!DOCTYPE s>'.encode("utf-16-be"))},
        NOT_OF_EXCEL,
    ),
    "gigabytes of text": ({STRINGS: is_now(bytes(archive.MAX_UNPACKED + 1))}, TOO_LARGE),
    "thousands of parts": ({f"a{number}": is_now(b"") for number in range(archive.MAX_PARTS)}, TOO_LARGE),
    "macros": ({"xl/vbaProject.bin": is_now(b"x")}, "has macros"),
    "macros of an old kind": ({"xl/macrosheets/sheet1.xml": is_now(b"<a/>")}, "has macros"),
    "a renamed file with macros": ({TYPES: lambda content: content.replace(b"sheet.main", b"x.macroEnabled.main")},
                                   "has macros"),
    "links": ({"xl/externalLinks/externalLink1.xml": is_now(b"<a/>")}, "has links to other files"),
    "a data connection": ({"xl/connections.xml": is_now(b"<a/>")}, "has connections to data"),
    "a query": ({"xl/queryTables/queryTable1.xml": is_now(b"<a/>")}, "has connections to data"),
    "an embedded object": ({"xl/embeddings/oleObject1.bin": is_now(b"x")}, "has embedded objects"),
    "a part under a second name": ({"XL/Workbook.xml": is_now(b"<a/>")}, "has two parts of one name"),
}  # fmt: skip


@pytest.mark.usefixtures("unparsed")
@pytest.mark.parametrize(("edits", "why"), ATTACKS.values(), ids=ATTACKS)
def test_a_harmful_workbook_is_refused_unparsed(edited, edits, why):
    path = edited(edits)

    assert path.stat().st_size < archive.MAX_BYTES
    assert refused(path) == f"The file m.xlsx {why}."


@pytest.mark.usefixtures("unparsed")
@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_a_compression_that_unpacks_without_limit_is_refused(edited, method):
    path = edited({STRINGS: is_now(b" " * 1_000_000)}, method)

    assert refused(path) == "The file m.xlsx is compressed in a way that Excel does not use."


def claim(path: Path, name: str, offset: int, value: bytes) -> None:
    """Let the directory of the archive say something else of a part."""
    content = bytearray(path.read_bytes())
    start = content.index(b"PK\x01\x02")
    while content[start + 46 : start + 46 + len(name)] != name.encode():
        start = content.index(b"PK\x01\x02", start + 4)
    content[start + offset : start + offset + len(value)] = value
    path.write_bytes(content)


@pytest.mark.usefixtures("unparsed")
def test_a_part_that_is_larger_than_it_says_is_refused(edited):
    path = edited({STRINGS: is_now(SST + b"<si/>" * 3_000_000)})
    claim(path, STRINGS, 24, struct.pack("<I", 1_000))

    assert refused(path) == f"The file m.xlsx {UNREADABLE}."


@pytest.mark.usefixtures("unparsed")
def test_two_parts_that_share_their_bytes_are_refused(edited):
    path = edited({"xl/a.xml": is_now(b"<a/>" * 1_000), "xl/b.xml": is_now(b"<a/>" * 1_000)}, ZIP_STORED)
    with ZipFile(path) as made:
        first = min((made.getinfo(name) for name in ("xl/a.xml", "xl/b.xml")), key=lambda part: part.header_offset)
        other = "xl/b.xml" if first.filename == "xl/a.xml" else "xl/a.xml"
    claim(path, other, 42, struct.pack("<I", first.header_offset))

    assert refused(path) == f"The file m.xlsx {UNREADABLE}."


@pytest.mark.usefixtures("unparsed")
def test_a_file_with_a_password_says_what_to_do(tmp_path, edited):
    protected = tmp_path / "protected.xlsx"
    protected.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1_000))
    zipped = edited({})
    claim(zipped, BOOK, 8, struct.pack("<H", 1))

    assert refused(protected) == "The file protected.xlsx has a password, or is a workbook of an old version of Excel."
    assert refused(zipped) == "The file m.xlsx has a password."


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_refused(edited, state):
    hidden = edited({BOOK: lambda content: content.replace(b'state="visible"', f'state="{state}"'.encode())})

    assert refused(hidden) == (
        "The sheet m.xlsx is not valid and was not used: the sheet Mapping is hidden, so nobody sees what would be "
        "used; the sheet Settings is hidden, so nobody sees what would be used."
    )


def test_what_excel_adds_by_itself_is_no_harm(edited):
    path = edited(
        {
            "xl/printerSettings/printerSettings1.bin": is_now("\u1234Printer".encode("utf-16-le")),
            "docProps/thumbnail.wmf": is_now(bytes(range(256))),
            "customXml/item1.xml": is_now(b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8" standalone="no"?><a/>'),
            "xl/calcChain.xml": is_now(b"<?xml version='1.0' encoding='utf-8'?><calcChain/>"),
        }
    )

    assert import_sheet(path) == DOCUMENT
