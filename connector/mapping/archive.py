"""What an uploaded workbook consists of, looked at before any of it is parsed.

An .xlsx is a ZIP archive of XML files. A few kilobytes can hold a million styles, gigabytes of text, or an entity that
grows without end, and the parser would build all of it before the first cell is read. So the parts are unpacked within
limits, and the tags in them are counted. What programs that write workbooks never do is refused: documents with a DTD,
other encodings than UTF-8, other compressions than deflate, two parts of one name.
"""

import re
from os import SEEK_END
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from connector.errors import Misconfigured
from connector.words import Sentence, marked

#: Of the file, and of all its parts once they are unpacked. A mapping of 2,000 rows has a tenth of that.
MAX_BYTES: Final = 2_000_000
MAX_UNPACKED: Final = 20_000_000
#: A workbook has 10 to 30 parts.
MAX_PARTS: Final = 500
#: Opening and closing tags. A mapping of 2,000 rows has up to 150,000; each costs up to 10 microseconds.
MAX_TAGS: Final = 250_000
#: A format costs the parser 100 microseconds. Workbooks that were edited for years have some thousands.
MAX_STYLE_TAGS: Final = 20_000

_STYLES: Final = "xl/styles.xml"
_CONTENT_TYPES: Final = "[Content_Types].xml"
#: The beginning of an older Excel file, and of one with a password, which both are no ZIP archives.
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED: Final = 1

#: Parts that a mapping has no use for, and what people call them.
_UNWANTED: Final = (
    (re.compile(r"vbaproject|/macrosheets/|/dialogsheets/", re.IGNORECASE), marked("macros")),
    (re.compile(r"/externallinks/", re.IGNORECASE), marked("links to other files")),
    (re.compile(r"/connections\.xml|/querytables/", re.IGNORECASE), marked("connections to data")),
    (re.compile(r"/embeddings/|/activex/", re.IGNORECASE), marked("embedded objects")),
)
_OTHER_ENCODING: Final = re.compile(
    rb"""\xfe\xff|\xff\xfe|<\x00|\x00|(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE
)
_IS_TEXT: Final = re.compile(rb"(?:\xef\xbb\xbf|\xfe\xff|\xff\xfe|\x00)?<|\xfe\xff|\xff\xfe")


def check_archive(file: BinaryIO, name: str) -> None:
    """Look at all parts of a workbook.

    Raises:
        Misconfigured: it is too large, or has something that the workbook of a mapping never has.
        Exception: of `zipfile`, when it is no archive that can be read.
    """
    if file.seek(0, SEEK_END) > MAX_BYTES:
        raise _too_large(name)
    file.seek(0)
    if file.read(len(_OLE)) == _OLE:
        raise Misconfigured(
            Sentence("The file {name} has a password, or is a workbook of an old version of Excel.", name=name),
            advice="Save it as an Excel workbook (.xlsx) without a password.",
        )
    with ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise _too_large(name)
        if why := _unusual(parts) or _unwanted(archive, parts):
            raise Misconfigured(
                Sentence("The file {name} {why}.", name=name, why=why),
                advice="Copy the sheets Mapping and Settings into a new workbook.",
            )


def _unusual(parts: list[ZipInfo]) -> str:
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        return Sentence("has a password")
    if any(part.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for part in parts):
        return Sentence("is compressed in a way that Excel does not use")
    if len({part.filename.casefold() for part in parts}) < len(parts):
        return Sentence("has two parts of one name")
    return ""


def _unwanted(archive: ZipFile, parts: list[ZipInfo]) -> str:
    """What a mapping has no use for; the parts are unpacked, so that nothing they say of themselves is believed."""
    tags = 0
    for part in parts:
        for pattern, what in _UNWANTED:
            if pattern.search(f"/{part.filename}"):
                return Sentence("has {what}", what=Sentence.of(what))
        content = archive.read(part)
        if part.filename == _CONTENT_TYPES and b"macroenabled" in content.lower():
            return Sentence("has macros")
        if b"<!DOCTYPE" in content or (_IS_TEXT.match(content) and _OTHER_ENCODING.match(content)):
            return Sentence("has a part with a document type, or in another encoding than UTF-8")
        count = content.count(b"<")
        tags += count
        if tags > MAX_TAGS or (part.filename == _STYLES and count > MAX_STYLE_TAGS):
            return Sentence("has more cells, formats or names than a mapping can have")
    return ""


def _too_large(name: str) -> Misconfigured:
    return Misconfigured(
        Sentence(
            "The file {name} is larger than {most} MB, or {unpacked} MB unpacked.",
            name=name,
            most=MAX_BYTES // 1_000_000,
            unpacked=MAX_UNPACKED // 1_000_000,
        ),
        advice="Remove from the workbook what is not part of the mapping.",
    )
