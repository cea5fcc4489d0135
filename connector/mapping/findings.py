"""What a check of the mapping against both systems finds: where, what is wrong, and what to do."""

from collections import abc
from dataclasses import dataclass
from difflib import get_close_matches

#: What is wrong, as a part of a sentence, and what to do, as a sentence.
type Wrong = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit.

    Attributes:
        where: e.g. `Row 3, contact`; rows count from 1, as people do.
        why: what is wrong there, as a part of a sentence.
        remedy: what to do, as a sentence.
        is_fatal: whether nothing is synced until it is corrected; else the sync leaves that part out.
    """

    where: str
    why: str
    remedy: str
    is_fatal: bool = True

    def __str__(self) -> str:
        """E.g. `Row 3, contact: there is no column firstnam. Did you mean firstname?`."""
        where = f"{self.where}: " if self.where else ""
        return f"{'' if self.is_fatal else 'Warning: '}{where}{self.why}. {self.remedy}"


def or_similar(name: str, known: abc.Iterable[str], otherwise: str) -> str:
    """The remedy for a name that is not known: the most similar one, or another sentence."""
    similar = get_close_matches(name, known, n=1)
    return f"Did you mean {similar[0]}?" if similar else otherwise
