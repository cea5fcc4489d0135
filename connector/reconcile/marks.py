"""What was found about each id: 16 bytes and a number for each, so that a million fit in memory and in the state.

The key of a record, and of its contact, is the id of the row. The key of any other contact is a hash.
"""

import base64
import binascii
import hashlib
import json
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from connector.reconcile.findings import PairFinding
from connector.spotler import SpotlerContact

#: A key and the number of its finding.
_ENTRY: Final = struct.Struct(">16sH")


def key_of_row(row_id: str) -> bytes:
    """The key of a row.

    Raises:
        ValueError: it is not the id of a row.
    """
    return UUID(row_id).bytes


def key_of_contact(contact: SpotlerContact) -> bytes:
    """The key of a contact that belongs to no row: the same whenever Spotler shows it."""
    if identity := contact.external_id or contact.encrypted_id:
        text = f"{'external' if contact.external_id else 'encrypted'}|{identity}"
    else:
        text = json.dumps([str(contact.created), dict(contact.properties)], sort_keys=True)
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:16]


class Marks:
    """The findings by key; those that are new since the last one was packed are known apart.

    Args:
        findings: those that have a number already, in the order of their numbers.
    """

    def __init__(self, findings: Iterable[PairFinding] = ()) -> None:
        self.findings = list(findings)
        self._numbers = {finding: number for number, finding in enumerate(self.findings)}
        self._by_key: dict[bytes, int] = {}
        self._fresh: list[bytes] = []

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, key: bytes) -> bool:
        return key in self._by_key

    def get(self, key: bytes) -> PairFinding | None:
        """What was found about this key."""
        number = self._by_key.get(key)
        return None if number is None else self.findings[number]

    def put(self, key: bytes, finding: PairFinding) -> None:
        """Something was found; it counts instead of what was found before."""
        number = self._numbers.setdefault(finding, len(self.findings))
        if number == len(self.findings):
            self.findings.append(finding)
        self._by_key[key] = number
        self._fresh.append(key)

    @property
    def fresh(self) -> int:
        """How many findings were not packed yet."""
        return len(self._fresh)

    def items(self) -> Iterator[tuple[bytes, PairFinding]]:
        """All keys with their findings."""
        for key, number in self._by_key.items():
            yield key, self.findings[number]

    def counted(self) -> Counter[PairFinding]:
        """How many keys have each finding."""
        counts = Counter(self._by_key.values())
        return Counter({self.findings[number]: count for number, count in counts.items()})

    def pack(self) -> str:
        """The new findings as text."""
        keys, self._fresh = self._fresh, []
        return base64.b64encode(b"".join(_ENTRY.pack(key, self._by_key[key]) for key in keys)).decode()

    def unpack(self, text: object) -> None:
        """Add what was packed before.

        Raises:
            ValueError: it cannot be read.
        """
        try:
            entries = list(_ENTRY.iter_unpack(base64.b64decode(str(text), validate=True)))
        except (binascii.Error, struct.error):
            raise ValueError("not packed findings") from None
        if any(number >= len(self.findings) for _, number in entries):
            raise ValueError("a finding without a meaning")
        self._by_key.update(entries)
