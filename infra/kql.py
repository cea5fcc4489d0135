"""Queries of Azure Monitor on rows that a test has: DuckDB runs what duckdb-kql translates.

It is a second reading of KQL, not Azure's: that each query is correct KQL is shown by Microsoft's parser
(tests/contract/kql). What time it is stands in the query instead of being looked up, so that a test needs no clock.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from pathlib import Path

import duckdb
import duckdb_kql.engine

ROOT = Path(__file__).parents[1]
SCHEMAS: dict[str, dict[str, str]] = json.loads((ROOT / "infra" / "tables.json").read_text(encoding="utf-8"))
_TYPES = {
    "datetime": "TIMESTAMP",
    "string": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "dynamic": "JSON",
}

type Row = Mapping[str, object]


@cache
def _tables() -> duckdb.DuckDBPyConnection:
    """All tables that queries may use, empty."""
    connection = duckdb_kql.connect()
    connection.execute("SET threads = 1")  # tests run beside each other
    for table, columns in SCHEMAS.items():
        declared = ", ".join(f'"{name}" {_TYPES[kind]}' for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table} ({declared})")
    return connection


@cache
def _translated(query: str) -> tuple[str, dict[str, object]]:
    """The SQL of a query and its parameters: many tests ask the same of different rows."""
    translated = duckdb_kql.to_sql(query, schema=duckdb_kql.engine.schema(_tables()))
    return str(translated), dict(translated.parameters)


def _stored(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return json.dumps(value) if isinstance(value, Mapping) else value


def at(query: str, now: datetime) -> str:
    """The query with the time written into it."""
    literal = f"datetime({now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ})"
    return re.sub(r"ago\((\w+)\)", rf"({literal} - \1)", query).replace("now()", literal)


def run(query: str, tables: Mapping[str, Iterable[Row]], now: datetime) -> list[dict[str, object]]:
    """What the query answers when the tables have these rows."""
    return _answer(query, tables, now)[1]


def columns(query: str, now: datetime) -> list[str]:
    """The columns of its answer."""
    return _answer(query, {}, now)[0]


def _answer(
    query: str, tables: Mapping[str, Iterable[Row]], now: datetime
) -> tuple[list[str], list[dict[str, object]]]:
    connection = _tables()
    connection.begin()
    try:
        for table, rows in tables.items():
            if stored := [tuple(_stored(row.get(name)) for name in SCHEMAS[table]) for row in rows]:
                marks = ", ".join(f"({', '.join('?' * len(stored[0]))})" for _ in stored)
                connection.execute(f"INSERT INTO {table} VALUES {marks}", list(chain.from_iterable(stored)))  # noqa: S608
        answer = connection.execute(*_translated(at(query, now)))
        names = [column[0] for column in answer.description]
        return names, [dict(zip(names, values, strict=True)) for values in answer.fetchall()]
    finally:
        connection.rollback()
