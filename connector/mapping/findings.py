"""What a check of the mapping against both systems finds: where, what is wrong, and what to do."""

from collections import abc
from dataclasses import dataclass
from difflib import get_close_matches

from connector.words import Sentence

#: What is wrong, as a part of a sentence, and what to do, as a sentence.
type Wrong = tuple[Sentence, Sentence]


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
    why: Sentence
    remedy: Sentence
    is_fatal: bool = True

    @property
    def problem(self) -> Sentence:
        """Where, and what is wrong there, without the full stop."""
        return Sentence("{where}: {why}", where=self.where, why=self.why) if self.where else self.why

    @property
    def sentence(self) -> Sentence:
        """E.g. `Row 3, contact: there is no column firstnam. Did you mean firstname?`."""
        said = "{why}. {remedy}" if self.is_fatal else "Warning: {why}. {remedy}"
        return Sentence(said, why=self.problem, remedy=self.remedy)

    def __str__(self) -> str:
        return str(self.sentence)


def first_of(findings: abc.Sequence[Finding]) -> Sentence:
    """The first of several findings, and how many there are, as a part of a sentence."""
    return Sentence("{why}", plural="{why} (1 of {count} problems)", why=findings[0].problem, count=len(findings))


def in_row(number: int, table: str = "") -> Sentence:
    """Where something is: a row of the mapping, and the table of a column in it."""
    row = str(number)
    return Sentence("Row {row}, {table}", row=row, table=table) if table else Sentence("Row {row}", row=row)


def or_similar(name: str, known: abc.Iterable[str], otherwise: Sentence) -> Sentence:
    """The remedy for a name that is not known: the most similar one, or another sentence."""
    similar = get_close_matches(name, known, n=1)
    return Sentence("Did you mean {name}?", name=similar[0]) if similar else otherwise
