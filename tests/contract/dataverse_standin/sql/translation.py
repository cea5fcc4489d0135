"""The same queries as SQL, for SQLite: another evaluation, by other means, of what FetchXML says."""

import sqlite3

from tests.contract.dataverse_standin.sql.dates import date_test
from tests.contract.dataverse_standin.sql.queries import COLUMNS, IDS, Filter, Link, shown_links

CALLER = "5e5e5e5e-0000-4000-8000-000000000001"
_TYPES = {"number": "NUMERIC", "choice": "INTEGER", "flag": "INTEGER"}
_LABELS = {"gendercode": {1: "Male", 2: "Female"}, "donotbulkemail": {0: "Allow", 1: "Do Not Allow"}}
_NAMES = {"company": ("account", "name"), "person": ("contact", "fullname")}


def connect(rows):
    """A database with these rows by table."""
    database = sqlite3.connect(":memory:")
    for table, columns in COLUMNS.items():
        declared = [
            f"{name} {_TYPES.get(kind, 'TEXT COLLATE NOCASE' if kind == 'text' else 'TEXT')}"
            for name, kind in columns.items()
        ]
        database.execute(f"CREATE TABLE {table} ({', '.join(declared)})")
        for row in rows[table]:
            values = [row.get(name) for name in columns]
            places = ", ".join("?" * len(values))
            database.execute(f"INSERT INTO {table} VALUES ({places})", values)  # noqa: S608 - names of our own
    return database


def sql_of(query):
    """A query as SQL: the columns of the sort terms, the id, and the ids of linked rows."""
    source = _joined(f"{query.table} AS root", query.links, "root")
    tests = [_filter(query.filter, "root")] if query.filter else []
    tests += [_related(each, "root") for each in query.links if each.type in ("exists", "in")]
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    if query.distinct:
        wanted = ", ".join(f"root.{name}" for name in query.distinct)
        return f"SELECT DISTINCT {wanted} FROM {source}{where}"  # noqa: S608 - names of our own
    ids = [f"root.{IDS[query.table]}", *(f"{each.alias}.{IDS[each.table]}" for each in shown_links(query.links))]
    terms = [(_sorted_by(query.table, name), descending) for name, descending in query.orders]
    order = ", ".join(
        [f"{term}{' DESC' if descending else ''}" for term, descending in terms] + [f"root.{IDS[query.table]}"]
    )
    return f"SELECT {', '.join(ids)} FROM {source}{where} ORDER BY {order}"  # noqa: S608 - names of our own


def _sorted_by(table, name):
    kind = COLUMNS[table][name]
    if name in _LABELS:
        cases = " ".join(f"WHEN {value} THEN '{label}'" for value, label in _LABELS[name].items())
        return f"(CASE root.{name} {cases} END)"
    if kind == "company":
        return f"(SELECT x.name FROM account AS x WHERE x.accountid = root.{name}) COLLATE NOCASE"  # noqa: S608 - names of our own
    return "NULL" if kind in ("person", "user") else f"root.{name}"


def _joined(source, links, parent):
    for link in links:
        if link.type in ("exists", "in"):
            continue
        on = [f"{link.alias}.{link.source} = {parent}.{link.target}"]
        if link.filter:
            on.append(_filter(link.filter, link.alias))
        on += [_related(each, link.alias) for each in link.links if each.type in ("exists", "in")]
        inner = _joined(f"{link.table} AS {link.alias}", link.links, link.alias)
        word = "LEFT JOIN" if link.type == "outer" else "JOIN"
        inner = f"({inner})" if link.links and " JOIN " in inner else inner
        source = f"{source} {word} {inner} ON {' AND '.join(on)}"
    return source


def _related(link, parent):
    """Whether there is a related row, for the types of links that only look for one."""
    joined = f"{link.alias}.{link.source} = {parent}.{link.target}"
    inner = _joined(f"{link.table} AS {link.alias}", link.links, link.alias)
    tests = [joined, *([_filter(link.filter, link.alias)] if link.filter else [])]
    tests += [_related(each, link.alias) for each in link.links if each.type in ("exists", "in")]
    found = f"EXISTS (SELECT 1 FROM {inner} WHERE {' AND '.join(tests)})"  # noqa: S608 - names of our own
    if link.type == "not any":
        return f"NOT {found}"
    if link.type == "all":
        some = f"EXISTS (SELECT 1 FROM {link.table} AS {link.alias} WHERE {joined})"  # noqa: S608 - names of our own
        return f"({some} AND NOT {found})"
    return found


def _filter(tree, alias):
    parts = []
    for part in tree.parts:
        if isinstance(part, Filter):
            parts.append(_filter(part, alias))
        elif isinstance(part, Link):
            parts.append(_related(part, alias))
        else:
            parts.append(_condition(part, part.link or alias))
    return f"({(' OR ' if tree.any_of else ' AND ').join(parts)})"


def _condition(condition, alias):
    name = f"{alias}.{condition.column}"
    operator = {"neq": "ne"}.get(condition.operator, condition.operator)
    if condition.value_of:
        other = f"{alias}.{condition.value_of}"
        if operator == "ne":
            return f"({name} IS NULL OR ({other} IS NOT NULL AND {name} <> {other}))"
        return f"({name} {_SIGNS[operator]} {other})"
    return f"COALESCE({_test(name, operator, condition)}, 0)"


_SIGNS = {"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
#: Negations that a null satisfies.
_OF_NULL = {
    "ne": "eq", "not-in": "in", "not-like": "like", "not-begin-with": "begins-with", "not-end-with": "ends-with",
    "ne-userid": "eq-userid", "not-under": "under",
}  # fmt: skip
#: And those that it does not satisfy.
_NOT_OF_NULL = {"not-between": "between", "not-contain-values": "contain-values"}


def _test(name, operator, condition):
    if operator in _OF_NULL:
        return f"({name} IS NULL OR NOT {_test(name, _OF_NULL[operator], condition)})"
    if operator in _NOT_OF_NULL:
        return f"NOT {_test(name, _NOT_OF_NULL[operator], condition)}"
    if condition.type == "choices" and operator not in ("null", "not-null"):
        return _choices(name, operator, condition.values)
    if operator in _TESTS:
        return _TESTS[operator](name, [_quoted(value) for value in condition.values])
    if operator in ("like", "begins-with", "ends-with"):
        return _like(name, operator, condition.values[0])
    return date_test(name, operator, condition)


_TESTS = {
    **{operator: lambda name, values, sign=sign: f"({name} {sign} {values[0]})" for operator, sign in _SIGNS.items()},
    "in": lambda name, values: f"({name} IN ({', '.join(values)}))",
    "between": lambda name, values: f"({name} BETWEEN {values[0]} AND {values[1]})",
    "null": lambda name, _: f"{name} IS NULL",
    "not-null": lambda name, _: f"{name} IS NOT NULL",
    "eq-userid": lambda name, _: f"({name} = '{CALLER}')",
    "eq-useroruserteams": lambda name, _: f"({name} = '{CALLER}')",
    **{
        operator: lambda name, values, operator=operator: _hierarchy(name, operator, values[0])
        for operator in ("under", "eq-or-under", "above", "eq-or-above")
    },
}


def _like(name, operator, pattern):
    before, after = "*" * (operator == "ends-with"), "*" * (operator == "begins-with")
    return f"(lower({name}) GLOB {_quoted(before + _glob(pattern) + after)})"


def _quoted(value):
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _choices(name, operator, values):
    """Several choices are kept as `1,2`; `eq` and `in` are about all of them."""
    if operator == "contain-values":
        return "(" + " OR ".join(f"(',' || {name} || ',') LIKE '%,{value},%'" for value in values) + ")"
    return f"({name} = '{','.join(map(str, sorted(set(values))))}')"


def _glob(pattern):
    """A pattern of T-SQL in the words of SQLite's GLOB, which tells capitals from small letters."""
    found, position = "", 0
    while position < len(pattern):
        character = pattern[position]
        end = pattern.find("]", position + 2)
        if character == "[" and end > 0:
            found += pattern[position : end + 1]
            position = end
        else:
            found += {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}.get(character, character)
        position += 1
    return found.lower()


def _hierarchy(name, operator, row_id):
    step = (
        ("account.accountid", "account.parentaccountid = h.id")
        if "under" in operator
        else ("account.parentaccountid", "account.accountid = h.id AND account.parentaccountid IS NOT NULL")
    )
    found = (
        f"WITH RECURSIVE h(id) AS (SELECT {row_id} UNION SELECT {step[0]} FROM account JOIN h ON {step[1]}) "  # noqa: S608 - names of our own
        f"SELECT id FROM h"
    )
    itself = "" if operator.startswith("eq") else f" AND {name} <> {row_id}"
    return f"({name} IN ({found}){itself})"
