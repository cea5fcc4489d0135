"""Reading a catalogue of gettext, in the form in which people edit it.

The gettext of the standard library reads compiled catalogues only. A compiled one would have to be made after every
change, and would be a binary file that Git cannot merge. A few hundred lines are read as quickly, so the app reads what
people edit, and nothing can be out of date. Babel writes the file (`python3 dev.py words`), and a test compares what is
read here with what Babel reads.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

#: Translations by the English text: one form, or that for one and that for several.
type Forms = Mapping[str, tuple[str, ...]]


def read_catalogue(path: Path) -> Forms:
    """The translations of a file; those that are still empty are left out.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line is none of a catalogue.
    """
    found: dict[str, tuple[str, ...]] = {}
    for entry in path.read_text(encoding="utf-8").split("\n\n"):
        texts = dict(_texts(entry))
        forms = tuple(text for keyword, text in texts.items() if keyword.startswith("msgstr"))
        if texts.get("msgid") and all(forms):
            found[texts["msgid"]] = forms
    return MappingProxyType(found)


def _texts(entry: str) -> Iterator[tuple[str, str]]:
    """The texts of an entry by their keywords; a text goes on in the lines that begin with a quote."""
    keyword, text = "", ""
    for line in entry.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith('"'):
            if keyword:
                yield keyword, text
            keyword, _, line = line.partition(" ")  # noqa: PLW2901 - what is left of it is a text
            text = ""
        text += json.loads(line)  # the escapes of a catalogue are among those of JSON
    if keyword:
        yield keyword, text
