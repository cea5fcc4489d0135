"""The members of a list, read page by page, with what each page already shows of who may be sent.

Consent decides (`connector.consent`), from the columns that the page has. Who is not certain from these is in doubt:
the record itself is read before anything is done about that member.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Final

from connector.consent import Fate, Reason, decide
from connector.dataverse.api import DataverseRefused, FetchedPage, Forbidden, Query, Row, fetch_page, filters
from connector.dataverse.api.errors import not_dataverse
from connector.dataverse.api.rows import FORMATTED
from connector.dataverse.names import MEMBER_TABLES, Info, MarketingList
from connector.dataverse.records import RecordRef
from connector.mapping import plan
from connector.mapping.outward import FLAGS
from connector.services import Services
from connector.sync.facts import facts_of
from connector.sync.last_common import LastCommon
from connector.sync.lists.difference import DOUBT
from connector.sync.lists.errors import ListQueryNotValid, ListReadIncomplete
from connector.sync.lists.ids import raw, text_of
from connector.sync.lists.query import LARGEST_TOP, MemberQuery, dynamic_query, static_query
from connector.sync.lists.run import ListRun
from connector.words import Sentence

#: Columns of a list that its sync needs.
LIST_COLUMNS: Final = (
    MarketingList.ID,
    MarketingList.NAME,
    MarketingList.STATE,
    MarketingList.DYNAMIC,
    MarketingList.MEMBER_TYPE,
    MarketingList.QUERY,
)
#: Where Dataverse stops, with an error or without one, once a page came without a cookie.
LIMIT_WITHOUT_COOKIE: Final = 50_000
#: The error with which it may stop there.
_OVER_LIMIT: Final = "0x8004430a"
#: Candidates of removal in one query.
ASKED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class ListRow:
    """A marketing list.

    Attributes:
        id: in lower case; it is also the id of the audience.
        name: also that of the audience.
        table: the logical name of the table of its members; empty where it is none that we know.
        query: FetchXML of a dynamic list; None for a static one.
        is_active: whether it is not deactivated.
    """

    id: str
    name: str
    table: str
    query: str | None
    is_active: bool

    @property
    def fingerprint(self) -> str:
        """The same as long as the same table and query decide who is a member."""
        return hashlib.sha256(f"{self.table}|{self.query or ''}".encode(errors="surrogatepass")).hexdigest()[:16]

    @classmethod
    def from_row(cls, row: Row) -> "ListRow":
        """Read a row that was selected with `LIST_COLUMNS`."""
        number = row.get(MarketingList.MEMBER_TYPE)
        return cls(
            id=str(row[MarketingList.ID]).lower(),
            name=str(row.get(MarketingList.NAME) or ""),
            table=MEMBER_TABLES.get(number, "") if isinstance(number, int) else "",
            query=str(row.get(MarketingList.QUERY) or "") if row.get(MarketingList.DYNAMIC) is True else None,
            is_active=row.get(MarketingList.STATE) == 0,
        )


class ListReader:
    """Reads the members of one list.

    Raises:
        ListQueryNotValid, ListQueryNotSupported: its query cannot be read in full.
    """

    def __init__(self, services: Services, row: ListRow) -> None:
        self._services = services
        self._row = row
        self._outward = plan(services.mapping, row.table)
        self._deciding = self._outward.deciding
        self._columns = self._deciding or FLAGS
        columns = list(dict.fromkeys(map(_logical, self._columns)))
        self._query: MemberQuery = (
            static_query(row.id, row.table, columns)
            if row.query is None
            else dynamic_query(row.query, row.table, columns)
        )

    def read(self, run: ListRun, kept_out: frozenset[str]) -> tuple[Mapping[str, list[bytes]], bool]:
        """The next page: its members, by what it says of them, and whether more follow. The run goes on by it.

        Raises:
            ListReadIncomplete: Dataverse has stopped before the end.
            ListQueryNotValid: it refuses the query of the list.
        """
        page = self._fetch(self._query.page(run.pages + 1, self._services.settings.list_page, run.cookie))
        has_more = page.has_more and not self._query.is_whole
        if has_more and page.cookie and page.cookie == run.cookie:
            raise not_dataverse(f"GET {self._query.set_name}")  # the same page again and again
        run.pages += 1
        run.rows += len(page.rows)
        run.cookie = page.cookie
        run.is_cookieless = run.is_cookieless or (has_more and not page.cookie)
        if run.is_cookieless and run.rows >= LIMIT_WITHOUT_COOKIE:
            raise ListReadIncomplete
        found: dict[str, list[bytes]] = defaultdict(list)
        for row in page.rows:
            found[self._verdict(row, kept_out)].append(raw(self._id(row)))
        return found, has_more

    def kept_out(self) -> frozenset[str]:
        """The ids of all records that have Keep Out: few, so they are read at once."""
        rows = self._services.dataverse.query(
            Info.SET, select=(Info.RECORD,), filter=filters.eq(Info.KEEP_OUT, value=True)
        )
        return frozenset(str(row[Info.RECORD]).lower() for row in rows)

    def made_since(self, moment: datetime) -> frozenset[bytes]:
        """The records whose contact was made after a moment: a new contact is in no audience, whoever it was before."""
        query = Query(
            set_name=Info.SET,
            select=(Info.RECORD, Info.LAST_COMMON),
            filter=filters.ge(Info.LAST_SYNC_ON, moment.replace(microsecond=0)),
        )
        rows = (row for page in self._services.dataverse.pages(query) for row in page)
        return frozenset(raw(str(row[Info.RECORD])) for row in rows if _is_made_after(row, moment))

    def absent(self, members: Sequence[bytes]) -> list[bytes]:
        """Those of these who are not on the list, asked for again."""
        if self._query.is_whole:
            there = self._ids(self._query.page(1, LARGEST_TOP))
        else:
            parts = [list(map(text_of, part)) for part in batched(members, ASKED_AT_ONCE, strict=False)]
            asked = [self._services.side_pool.submit(self._ids, self._query.only(part)) for part in parts]
            wait(asked)
            there = frozenset[bytes]().union(*(each.result() for each in asked))
        return [member for member in members if member not in there]

    def refs(self, members: Iterable[bytes]) -> Iterator[RecordRef]:
        """The records of members."""
        return (RecordRef(self._row.table, text_of(member)) for member in members)

    def _ids(self, query: str) -> frozenset[bytes]:
        return frozenset(raw(self._id(row)) for row in self._fetch(query).rows)

    def _fetch(self, query: str) -> FetchedPage:
        labels, columns = self._outward.is_filtered, self._query.columns
        try:
            return fetch_page(self._services.dataverse, self._query.set_name, query, labels=labels, columns=columns)
        except Forbidden:
            raise
        except DataverseRefused as refusal:
            if refusal.dataverse_code == _OVER_LIMIT:
                raise ListReadIncomplete from None
            if self._row.query is None:
                raise
            raise ListQueryNotValid(
                Sentence("The query of the marketing list is refused. {problem}", problem=refusal.sentence),
                on_row=Sentence("The query of the marketing list is refused: {problem}", problem=refusal.on_row),
            ) from None

    def _id(self, row: Row) -> str:
        member = row.get(self._query.key)
        if not isinstance(member, str):
            raise not_dataverse(f"GET {self._query.set_name}")
        return member

    def _verdict(self, row: Row, kept_out: frozenset[str]) -> str:
        """Why somebody may not be sent, or nothing, or `DOUBT`."""
        if self._deciding is None:
            return DOUBT
        info = {Info.KEEP_OUT: self._id(row).lower() in kept_out}
        decision = decide(facts_of(self._record(row), info, (), self._outward, stays=self._stays))
        if decision.fate is Fate.SENT:
            return ""
        # What a filter says may depend on more than a page shows.
        return DOUBT if decision.reason in (None, Reason.EXCLUDED) else decision.reason.value

    @property
    def _stays(self) -> bool:
        return not self._services.settings.anonymise_on_deactivation

    def _record(self, row: Row) -> Row:
        """The columns of a member as a query for its own table would give them."""
        record: dict[str, object] = {}
        for column in self._columns:
            for name in (f"{self._query.prefix}{_logical(column)}", f"{self._query.prefix}{column}"):
                if name in row:
                    record[column] = row[name]
                    if (label := row.get(f"{name}@{FORMATTED}")) is not None:
                        record[f"{column}@{FORMATTED}"] = label
            record.setdefault(column, None)  # a column without a value is left out
        return record


def _is_made_after(info: Row, moment: datetime) -> bool:
    last = LastCommon.parse(info.get(Info.LAST_COMMON))
    made = last.made_on or last.made_about
    return made is not None and made > moment


def _logical(column: str) -> str:
    """The name of a column in FetchXML: that of a lookup without what the Web API puts around it."""
    return column[1:].removesuffix("_value") if column.startswith("_") and column.endswith("_value") else column
