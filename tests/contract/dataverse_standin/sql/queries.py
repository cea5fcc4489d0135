"""Random queries: what FetchXML can say about two tables, as values."""

from dataclasses import dataclass

from hypothesis import strategies as st

PEOPLE = [f"c0c0c0c0-0000-4000-8000-{n:012}" for n in range(1, 8)]
COMPANIES = [f"aaaaaaaa-0000-4000-8000-{n:012}" for n in range(1, 5)]
USERS = [f"5e5e5e5e-0000-4000-8000-{n:012}" for n in range(1, 3)]

#: The types of the columns; `company`, `person` and `user` are lookups.
COLUMNS = {
    "contact": {
        "contactid": "id",
        "firstname": "text",
        "address1_city": "text",
        "gendercode": "choice",
        "donotbulkemail": "flag",
        "birthdate": "day",
        "createdon": "moment",
        "numberofchildren": "number",
        "parentcustomerid": "company",
        "ownerid": "user",
        "new_interests": "choices",
    },
    "account": {
        "accountid": "id",
        "name": "text",
        "address1_city": "text",
        "numberofemployees": "number",
        "revenue": "number",
        "creditlimit": "number",
        "parentaccountid": "company",
        "primarycontactid": "person",
    },
}
IDS = {"contact": "contactid", "account": "accountid"}
#: How tables can be joined: from (of the linked table), to.
JOINS = {
    "contact": [
        ("account", "accountid", "parentcustomerid"),
        ("account", "primarycontactid", "contactid"),
        ("account", "address1_city", "address1_city"),
    ],
    "account": [
        ("contact", "parentcustomerid", "accountid"),
        ("account", "accountid", "parentaccountid"),
        ("contact", "contactid", "primarycontactid"),
    ],
}

TEXTS = ["a", "A", "ab", "Ab c", "b%", "_b", "a-b", "[a]", "Bob", "c*?"]
PATTERNS = ["a%", "%b", "_b", "[ab]%", "[^a]%", "%[%]", "[_]%", "a", "%", "[a-b]_%", "%[*]?"]
CITIES = ["Utrecht", "utrecht", "Breda", "a"]
MOMENTS = [
    "2026-03-18T09:00:00Z", "2026-03-18T18:29:59Z", "2026-03-18T18:30:00Z", "2026-03-17T18:30:00Z",
    "2026-03-17T18:29:59Z", "2026-03-11T18:30:00Z", "2026-03-01T00:00:00Z", "2026-02-18T12:00:00Z",
    "2025-12-31T18:29:59Z", "2025-12-31T18:30:00Z", "2025-04-01T00:00:00Z", "2025-03-18T08:30:00Z",
    "2026-03-18T08:30:00Z", "2026-03-18T08:29:59Z", "2026-04-02T10:00:00Z", "2027-01-01T00:00:00Z",
    "2026-03-22T10:00:00Z", "2026-03-25T18:30:00Z", "2026-03-18T10:20:00Z",
]  # fmt: skip
DAYS = ["2026-03-18", "2026-03-17", "2026-03-19", "2026-03-11", "2026-03-31", "2026-02-28", "2025-12-31", "1990-05-01"]

FIXED = [
    "today", "yesterday", "tomorrow", "last-seven-days", "next-seven-days", "last-week", "this-week", "next-week",
    "last-month", "this-month", "next-month", "last-year", "this-year", "next-year", "last-fiscal-year",
    "this-fiscal-year", "next-fiscal-year", "last-fiscal-period", "this-fiscal-period", "next-fiscal-period",
]  # fmt: skip
COUNTED = [
    f"{word}-x-{unit}" for word in ("last", "next", "olderthan") for unit in ("days", "weeks", "months", "years")
] + [f"{word}-x-fiscal-{unit}" for word in ("last", "next") for unit in ("years", "periods")]
HOURS = ["last-x-hours", "next-x-hours", "olderthan-x-hours", "olderthan-x-minutes"]
OF_PERIOD = [
    "in-fiscal-period-and-year", "in-or-before-fiscal-period-and-year", "in-or-after-fiscal-period-and-year",
]  # fmt: skip


@dataclass(frozen=True)
class Condition:
    column: str
    type: str
    operator: str
    values: tuple = ()
    value_of: str = ""
    link: str = ""


@dataclass(frozen=True)
class Filter:
    any_of: bool
    parts: tuple


@dataclass(frozen=True)
class Link:
    table: str
    source: str
    target: str
    type: str
    alias: str
    filter: Filter | None
    links: tuple


@dataclass(frozen=True)
class Query:
    table: str
    filter: Filter | None
    links: tuple
    orders: tuple = ()
    distinct: tuple = ()


def _some(strategy, most=3):
    return st.lists(strategy, min_size=1, max_size=most).map(tuple)


def _ranges(values):
    return st.tuples(values, values)


@st.composite
def conditions(draw, table, link=""):
    column, kind = draw(st.sampled_from(sorted(COLUMNS[table].items())))
    operators, strategy = draw(st.sampled_from(_operators(table, kind)))
    operator, values = draw(st.sampled_from(operators)), draw(strategy)
    return Condition(column, kind, operator, values, link=link)


def _operators(table, kind):
    """What can be asked of a column of a type: operators with their values."""
    asked = [(["null", "not-null"], st.just(()))]

    def ask(operators, values):
        asked.append((operators, values))

    one = {
        "id": st.sampled_from(PEOPLE if table == "contact" else COMPANIES),
        "text": st.sampled_from(TEXTS + CITIES),
        "choice": st.sampled_from([1, 2]),
        "flag": st.sampled_from([0, 1]),
        "day": st.sampled_from(DAYS),
        "moment": st.sampled_from(MOMENTS),
        "number": st.integers(0, 4),
        "company": st.sampled_from(COMPANIES),
        "person": st.sampled_from(PEOPLE),
        "user": st.sampled_from(USERS),
        "choices": st.integers(1, 3),
    }[kind]
    ask(["eq", "ne", "neq"], one.map(lambda value: (value,)))
    ask(["in", "not-in"], _some(one))
    if kind in ("text", "number", "day", "moment"):
        ask(["gt", "ge", "lt", "le"], one.map(lambda value: (value,)))
    if kind in ("number", "day", "moment"):
        ask(["between", "not-between"], _ranges(one))
    if kind == "text":
        patterns = st.sampled_from(PATTERNS + TEXTS).map(lambda value: (value,))
        ask(["like", "not-like", "begins-with", "not-begin-with", "ends-with", "not-end-with"], patterns)
    if kind == "choices":
        ask(["contain-values", "not-contain-values"], _some(one))
    if kind == "user":
        ask(["eq-userid", "ne-userid", "eq-useroruserteams"], st.just(()))
    if kind == "id" and table == "account":
        ask(["under", "eq-or-under", "above", "eq-or-above", "not-under"], one.map(lambda value: (value,)))
    if kind in ("day", "moment"):
        ask(FIXED, st.just(()))
        ask(COUNTED, st.integers(1, 4).map(lambda value: (value,)))
        ask(["on", "on-or-after", "on-or-before"], st.sampled_from(DAYS).map(lambda value: (value,)))
        ask(["in-fiscal-year"], st.integers(2024, 2027).map(lambda value: (value,)))
        ask(["in-fiscal-period"], st.integers(1, 5).map(lambda value: (value,)))
        ask(OF_PERIOD, st.tuples(st.integers(1, 5), st.integers(2025, 2026)))
    if kind == "moment":
        ask(HOURS, st.sampled_from([1, 2, 9, 24, 100]).map(lambda value: (value,)))
    return asked


def single_conditions():
    """Queries with one condition; each operator on each column is as likely as any other."""
    asked = [
        (table, column, kind, operators, values)
        for table, columns in COLUMNS.items()
        for column, kind in columns.items()
        for each in _operators(table, kind)
        for operators, values in [each]
    ]
    single = [
        (table, column, kind, operator, values)
        for table, column, kind, operators, values in asked
        for operator in operators
    ]
    return st.sampled_from(single).flatmap(_single)


def _single(chosen):
    table, column, kind, operator, values = chosen
    return values.map(
        lambda drawn: Query(table, Filter(any_of=False, parts=(Condition(column, kind, operator, drawn),)), ())
    )


@st.composite
def comparisons(draw, table):
    """Two columns of the same type, compared."""
    kinds = {"text": ["firstname", "address1_city"] if table == "contact" else ["name", "address1_city"]}
    if table == "account":
        kinds["number"] = ["creditlimit", "revenue"]
    kind = draw(st.sampled_from(sorted(kinds)))
    left, right = draw(st.permutations(kinds[kind]))
    return Condition(left, kind, draw(st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])), value_of=right)


@st.composite
def filters(draw, table, links=(), depth=2):
    parts = [conditions(table), comparisons(table)]
    parts += [conditions(other, alias) for other, alias in links]
    if depth:
        parts.append(filters(table, links, depth - 1))
        parts.append(links_of(table, st.sampled_from(["any", "not any", "all", "not all"]), depth - 1, shown=False))
    return Filter(draw(st.booleans()), tuple(draw(st.lists(st.one_of(parts), min_size=1, max_size=3))))


@st.composite
def links_of(draw, table, types, depth, *, shown=True):
    other, source, target = draw(st.sampled_from(JOINS[table]))
    alias = f"l{draw(st.uuids(version=4)).hex[:12]}"
    inner = ()
    if depth:
        within = types if shown else st.sampled_from(["inner", "exists"])
        inner = tuple(draw(st.lists(links_of(other, within, depth - 1, shown=shown), max_size=1)))
    own = draw(st.none() | filters(other, depth=min(depth, 1)))
    return Link(other, source, target, draw(types), alias, own, inner)


SHOWN = st.sampled_from(["inner", "outer", "exists", "in", "natural"])


def shown_links(links):
    """The links whose rows are part of the result, however deep."""
    for link in links:
        if link.type in ("inner", "outer", "natural"):
            yield link
            yield from shown_links(link.links)


@st.composite
def queries(draw):
    table = draw(st.sampled_from(sorted(COLUMNS)))
    links = tuple(draw(st.lists(links_of(table, SHOWN, 1), max_size=2)))
    named = tuple((link.table, link.alias) for link in shown_links(links))
    own = draw(st.none() | filters(table, named))
    sortable = sorted(name for name, kind in COLUMNS[table].items() if kind != "choices")
    orders = draw(st.lists(st.tuples(st.sampled_from(sortable), st.booleans()), max_size=2, unique_by=lambda o: o[0]))
    distinct = ()
    if draw(st.integers(0, 4)) == 0:
        distinct = tuple(draw(st.lists(st.sampled_from(sorted(COLUMNS[table])), min_size=1, max_size=2, unique=True)))
    return Query(table, own, links, () if distinct else tuple(orders), distinct)
