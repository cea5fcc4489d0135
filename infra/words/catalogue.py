"""Keeps the catalogue of a language up to date with the source.

    python3 dev.py words       adds what is new with an empty translation, and removes what is gone

The file has no date and no line numbers, so that it changes only where a message does.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from infra.words.collect import Collected, collect, source_files

ROOT: Final = Path(__file__).resolve().parents[2]
CATALOGUE: Final = ROOT / "connector" / "words" / "nl.po"
#: Whose messages are translated. The command line and the set-up speak English, apart from what they share with these.
FOLDERS: Final = tuple(
    f"connector/{name}"
    for name in (
        "cli",
        "consent",
        "dataverse",
        "doctor",
        "errors.py",
        "http",
        "jobs",
        "mapping",
        "operations",
        "outcomes.py",
        "plans",
        "pulls",
        "reconcile",
        "routing",
        "servicebus",
        "settings",
        "setup",
        "spotler",
        "state",
        "sync",
        "telemetry",
        "words",
    )
)
_HEADER: Final = """\
# Dutch messages of the connector. `python3 dev.py words` adds new ones; translate what is empty.
msgid ""
msgstr ""
"Language: nl\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


@cache
def collected() -> Collected:
    """The messages of the connector, read once."""
    return collect(source_files(ROOT, FOLDERS))


def read(path: Path = CATALOGUE) -> Catalog:
    """The catalogue as Babel reads it."""
    return read_po(BytesIO(path.read_bytes()), locale="nl")


def updated(old: Catalog, found: Collected) -> bytes:
    """The file with exactly the messages of the source; translations that are there are kept."""
    new = Catalog(locale="nl")
    for each in sorted({(each.text, each.plural) for each in found.messages if each.text}):
        text, plural = each
        known = old.get(text)
        string = (known.string if known is not None else "") or _without_words(text)
        if isinstance(string, str) is bool(plural):
            string = ("", "") if plural else ""
        new.add((text, plural) if plural else text, string)
    written = BytesIO()
    write_po(written, new, width=120, omit_header=True)
    lines = [line for line in written.getvalue().decode().splitlines() if not line.startswith("#,")]
    return (_HEADER + "\n".join(lines).strip() + "\n").encode()


def _without_words(text: str) -> str:
    """A message that only puts values together is the same in every language; else nothing."""
    parts = Formatter().parse(text)
    return "" if any(any(map(str.isalpha, literal)) for literal, *_ in parts) else text


def missing(catalogue: Catalog) -> list[str]:
    """The messages that have no translation, or only a part of one."""
    return [str(message.id) for message in catalogue if message.id and not all(_forms(message.string))]


def _forms(string: str | Sequence[str] | None) -> tuple[str, ...]:
    return (string or "",) if string is None or isinstance(string, str) else tuple(string)
