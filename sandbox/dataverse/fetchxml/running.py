"""Runs FetchXML on the rows in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Final

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.fetchxml.aggregates import make_aggregation
from sandbox.dataverse.fetchxml.assumptions import Assumptions
from sandbox.dataverse.fetchxml.links import Combination, combinations
from sandbox.dataverse.fetchxml.ordering import Term, is_after, ordered, read_terms
from sandbox.dataverse.fetchxml.paging import Position, cut_page, distinct_by, find_position, write_cookie
from sandbox.dataverse.fetchxml.parsing import parse_fetch
from sandbox.dataverse.fetchxml.perspective import Perspective
from sandbox.dataverse.fetchxml.planning import Plan, make_plan, tables_of
from sandbox.dataverse.fetchxml.query import Fetch
from sandbox.dataverse.fetchxml.showing import Display, make_display
from sandbox.dataverse.guids import guid_key, guid_of
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.reads import LARGEST_COUNT
from sandbox.dataverse.roles import Role
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import JsonObject

#: Rows that an index finds are looked at one by one up to this number; more are found by walking through the table,
#: which can begin where a page begins.
MOST_CANDIDATES: Final = 5_000


@dataclass(frozen=True, slots=True)
class FetchPage:
    """One page: the rows, whether more follow, the cookie of the next page if there is one, and the total if wanted."""

    rows: list[JsonObject]
    more: bool
    cookie: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Runs FetchXML.

    Attributes:
        store: the rows.
        clock: what time it is.
        assumptions: what no source settles.
    """

    store: Store
    clock: Clock
    assumptions: Assumptions = field(default_factory=Assumptions)

    def tables(self, fetch: Fetch) -> list[TableModel]:
        """The tables that a query reads, the one of the entity first.

        Raises:
            ApiError: 400 when there is no such table.
        """
        return tables_of(self.store, fetch)

    def run(
        self, fetch: Fetch, user_id: str, annotations: frozenset[str] = frozenset(), role: Role | None = None
    ) -> FetchPage:
        """One page of a query, of the rows that a role sees.

        Raises:
            ApiError: 400 when it cannot be run.
        """
        who = Perspective(self.store, user_id, self.clock.now())
        plan = make_plan(self.store, fetch, who, self.assumptions, role)
        if fetch.aggregate:
            aggregation = make_aggregation(self.store, plan, who, self.assumptions, annotations)
            groups = aggregation.run(self._rows(plan, self._roots(plan)))
            counted = cut_page(groups, fetch, self.assumptions, from_position=False, has_cookies=False)
            return FetchPage(counted.rows, counted.more, None, None)
        terms = read_terms(self.store, plan, who)
        display = make_display(self.store, plan, annotations)
        has_cookies = _has_cookies(plan, terms, display)
        position = find_position(fetch, terms, has_cookies=has_cookies)
        rows = self._distinct(plan, display, self._ordered(plan, terms, position))
        page = cut_page(
            rows, fetch, self.assumptions, from_position=position is not None, has_cookies=has_cookies
        )  # fmt: skip
        cookie = write_cookie(fetch, terms, page.rows, self.assumptions) if page.more and has_cookies else None
        total = None
        if fetch.wants_total:
            everything = self._distinct(plan, display, self._rows(plan, self._roots(plan)))
            total = sum(1 for _ in islice(everything, LARGEST_COUNT))
        return FetchPage([display.show(each) for each in page.rows], page.more, cookie, total)

    def check(self, fetch: Fetch, user_id: str) -> None:
        """Read a query without running it.

        Raises:
            ApiError: 400 when it could not be run.
        """
        who = Perspective(self.store, user_id, self.clock.now())
        plan = make_plan(self.store, fetch, who, self.assumptions)
        if not fetch.aggregate:
            read_terms(self.store, plan, who)
            make_display(self.store, plan, frozenset())

    def ids(self, text: str, user_id: str, role: Role | None = None) -> list[str]:
        """The ids of all rows of the query's table that a role sees, each once, whatever pages the query asks for.

        Raises:
            ApiError: 400 when it cannot be run.
        """
        who = Perspective(self.store, user_id, self.clock.now())
        plan = make_plan(self.store, parse_fetch(text), who, self.assumptions, role)
        found = (each[0].id for each in self._rows(plan, self._roots(plan)) if each[0] is not None)
        return list(dict.fromkeys(found))

    def _distinct(self, plan: Plan, display: Display, rows: Iterable[Combination]) -> Iterable[Combination]:
        return distinct_by(rows, display.key) if plan.fetch.distinct else rows

    def _ordered(self, plan: Plan, terms: tuple[Term, ...], position: Position | None) -> Iterable[Combination]:
        """The rows in their order, from a position on."""
        first = terms[0]
        if first.table is plan.root and first.name == plan.root.model.id_column and not first.descending:
            after = None if position is None else guid_of(str(position[0][1]))
            return self._rows(plan, self._roots(plan, after))
        rows = ordered(self._rows(plan, self._roots(plan)), terms)
        if position is None:
            return rows
        return (row for row in rows if is_after((term.key(row) for term in terms), position, terms))

    def _roots(self, plan: Plan, after: str | None = None) -> Iterable[Row]:
        """The rows of the query's table that its filters may let through, in the order of their ids."""
        data, candidates = plan.root.data, plan.before.candidates
        if candidates is None:
            return data.in_order(after)
        name, values = candidates
        is_few = name == plan.root.model.id_column or (
            sum(len(data.having(name, value)) for value in values) <= MOST_CANDIDATES
        )
        if not is_few:
            return data.in_order(after)
        edge = "" if after is None else guid_key(after)
        keyed = ((guid_key(row.id), row) for row in data.offered(name, values))
        return [row for key, row in sorted(keyed, key=itemgetter(0)) if key > edge]

    def _rows(self, plan: Plan, roots: Iterable[Row]) -> Iterator[Combination]:
        nothing: Combination = (None,) * (len(plan.tables) - 1)
        before, after, links = plan.before.matches, plan.after.matches, plan.root.links
        for row in roots:
            alone: Combination = (row, *nothing)
            if before(alone):
                yield from (each for each in combinations(links, alone) if after(each))


def _has_cookies(plan: Plan, terms: tuple[Term, ...], display: Display) -> bool:
    """Whether pages have cookies: not where a linked table decides the order, nor where distinct rows have no id."""
    if any(term.table is not plan.root for term in terms):
        return False
    id_column = plan.root.model.id_column
    return not plan.fetch.distinct or any(each.place == 0 and each.name == id_column for each in display.columns)
