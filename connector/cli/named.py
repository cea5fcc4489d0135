"""Rows as people name them: by an id, an e-mail address, or words of the name.

    contact:anna@example.org      the contact with this address
    lead:Lars                     the lead whose name has this word
    automation:Welcome            "🚀 Welcome": signs, case and accents do not count
    list:1a2b3c4d-0000-…          the marketing list with this id

A name fits if all words that are given stand in it as whole words, in this order and side by side. One that has no
other word comes before one that has more; inactive rows are looked at only where no active one fits.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from connector.cli.output import put, refuse
from connector.dataverse.api import Dataverse, Row, UnknownName, filters
from connector.dataverse.api.rows import text as text_of
from connector.dataverse.names import Account, Automation, Contact, Flags, Lead, MarketingList, Visitor
from connector.dataverse.records import RECORD_TABLES
from connector.words import Sentence, marked

#: Rows that are looked at. Where more might fit, none is chosen.
MOST: Final = 100
#: Rows that are shown where several fit.
SHOWN: Final = 20

_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class NamedTable:
    """A table whose rows can be named.

    Attributes:
        label: what users call its rows.
        address_column: the address of a row, which is looked for exactly; empty where it has none.
    """

    label: str
    set_name: str
    id_column: str
    name_column: str
    address_column: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read of a row."""
        return tuple(filter(None, (self.id_column, self.name_column, self.address_column, Flags.STATE)))


#: What users call the rows of the tables of records.
_PEOPLE: Final = {
    Contact.TABLE: marked("contacts"),
    Lead.TABLE: marked("leads"),
    Account.TABLE: marked("accounts"),
}


def _person(table: str) -> NamedTable:
    found = RECORD_TABLES[table]
    return NamedTable(_PEOPLE[table], found.set_name, found.id_column, found.name_column, "emailaddress1")


#: The tables, by the word before the colon.
KINDS: Final = {
    "contact": _person(Contact.TABLE),
    "lead": _person(Lead.TABLE),
    "account": _person(Account.TABLE),
    "list": NamedTable(marked("marketing lists"), MarketingList.SET, MarketingList.ID, MarketingList.NAME),
    "automation": NamedTable(marked("automations"), Automation.SET, Automation.ID, Automation.NAME),
    "visitor": NamedTable(marked("website visitors"), Visitor.SET, Visitor.ID, Visitor.NAME, Visitor.DOMAIN),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A row that fits.

    Attributes:
        address: empty where it has none.
        words: of its name, as they are compared.
    """

    id: str
    name: str = ""
    address: str = ""
    active: bool = True

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name."""
        return words_of(self.name)

    def line(self, kind: str) -> str:
        """What people choose by."""
        return "  ".join(
            filter(
                None,
                (f"{kind}:{self.id}", self.name, self.address, "" if self.active else put(Sentence("inactive"))),
            )
        )


def named_row(client: Dataverse, kind: str, given: str, *, exactly: bool = False) -> Found:
    """The row that is meant; of an id, which is not looked for, nothing else is known.

    Args:
        client: reads the candidates.
        kind: a key of `KINDS`.
        given: an id, an address or words of a name.
        exactly: whether words do not do, because what is done to the row is final.

    Raises:
        typer.Exit: when no row fits or several do, after saying so.
    """
    try:
        return Found(str(filters.guid(given)))
    except ValueError:
        pass
    table = KINDS[kind]
    rows_of = Sentence.of(table.label)
    if exactly and not is_address(table, given):
        refuse(
            Sentence(
                "This cannot be undone, so a name is not enough: give the id or the address instead of “{given}”.",
                given=given,
            )
        )
    if not given.strip():
        refuse(Sentence("Which of the {rows} is meant? Give an id or a name.", rows=rows_of))
    wanted = words_of(given)
    try:
        rows = candidates(client, kind, condition_for(table, given), top=MOST + 1)
    except UnknownName:
        refuse(Sentence("This environment has no {rows}, so none can be found by its name.", rows=rows_of))
    if len(rows) > MOST:
        refuse(
            Sentence(
                "“{given}” may stand for more than {most} {rows}; give more of the name, an address or an id.",
                given=given,
                most=MOST,
                rows=rows_of,
            )
        )
    fitting = rows if is_address(table, given) else [row for row in rows if _contains(row.words, wanted)]
    chosen = _first_of(fitting, wanted)
    if len(chosen) != 1:
        _refuse(kind, given, chosen, rows)
    return chosen[0]


def candidates(client: Dataverse, kind: str, condition: str, *, top: int) -> list[Found]:
    """The rows of a table that fit a filter, by name.

    Raises:
        UnknownName: the environment has no such table, or it lacks a column of the connector.
    """
    table = KINDS[kind]
    rows = client.query(
        table.set_name,
        select=table.columns,
        filter=condition or None,
        orderby=(table.name_column, table.id_column),
        top=top,
    )
    return [_found(table, row) for row in rows]


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, without signs, case and accents."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return tuple(_WORD.findall(bare.casefold()))


def condition_for(table: NamedTable, given: str) -> str:
    """A filter for rows with this address, or with these words anywhere in their name; empty for an empty text.

    Raises:
        typer.Exit: it is no address and has no word, after saying so.
    """
    if is_address(table, given):
        return filters.eq(table.address_column, given.strip())
    words = _WORD.findall(given)
    if given and not words:
        refuse(Sentence("“{given}” has neither letters nor digits; give an address or a name.", given=given))
    return filters.and_(*(filters.contains(table.name_column, word) for word in words))


def is_address(table: NamedTable, given: str) -> bool:
    """Whether the text looks like the address of a row of the table."""
    is_one_word = len(given.split()) == 1
    return bool(table.address_column) and is_one_word and ("." if table is KINDS["visitor"] else "@") in given


def _contains(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(tuple(words[at : at + len(wanted)]) == tuple(wanted) for at in range(len(words)))


def _first_of(fitting: Sequence[Found], wanted: tuple[str, ...]) -> list[Found]:
    """Active rows before inactive ones, and of these the ones with no other word."""
    rows = [row for row in fitting if row.active] or list(fitting)
    return [row for row in rows if row.words == wanted] or rows


def _refuse(kind: str, given: str, fitting: Sequence[Found], near: Sequence[Found]) -> NoReturn:
    rows_of, shown = Sentence.of(KINDS[kind].label), fitting or near
    if fitting:
        first = Sentence(
            "“{given}” fits {number} {rows}; name one by its id:", given=given, number=len(fitting), rows=rows_of
        )
    else:
        first = Sentence.joined(
            Sentence("None of the {rows} is called “{given}”.", rows=rows_of, given=given),
            Sentence("Similar ones:") if near else "",
        )
    refuse(Sentence.joined(first, *_lines(kind, shown), between="\n"))


def _lines(kind: str, rows: Sequence[Found]) -> Iterator[str]:
    yield from (row.line(kind) for row in rows[:SHOWN])
    if len(rows) > SHOWN:
        yield Sentence("and {number} more", number=len(rows) - SHOWN)


def _found(table: NamedTable, row: Row) -> Found:
    return Found(
        str(row[table.id_column]).lower(),
        text_of(row, table.name_column) or "",
        text_of(row, table.address_column) or "" if table.address_column else "",
        row.get(Flags.STATE) == 0,
    )
