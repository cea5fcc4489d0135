"""From a mapping file to a checked `Mapping`: its form first, then the rules that a schema cannot say.

Every problem is named at once, by row and column, so that a mapping is corrected in one go. `problems_of` knows the
place of a problem as a path into the document, so that a sheet can name the cell instead.
"""

import json
from collections import abc
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from connector.errors import Misconfigured
from connector.mapping.columns import Expression, constant_of, parse_column
from connector.mapping.model import COLUMN_KEYS, CUSTOMER_TYPES, ENTITY, Direction, Mapping, MappingRow
from connector.mapping.rules import Problem, Spot, broken_rules
from connector.words import Sentence

SCHEMA_FILE: Final = Path(__file__).parents[2] / "mappings" / "mapping.schema.json"

type Document = dict[str, JsonValue]


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file (JSON, UTF-8).

    Raises:
        Misconfigured: naming the file and every problem in it.
    """
    return parse_mapping(read_document(path), source=path.name)


def read_document(path: Path) -> JsonValue:
    """The content of a JSON file, unchecked.

    Raises:
        Misconfigured: when it is missing or is no JSON.
    """
    try:
        document: JsonValue = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise Misconfigured(Sentence("The mapping file {name} cannot be read.", name=path.name)) from None
    except (ValueError, RecursionError) as error:
        where = (
            Sentence("line {line}", line=str(error.lineno))
            if isinstance(error, json.JSONDecodeError)
            else Sentence("its encoding or nesting")
        )
        raise Misconfigured(
            Sentence("The mapping file {name} is not JSON: see {where}.", name=path.name, where=where)
        ) from None
    return document


def parse_mapping(document: JsonValue, source: str = "mapping") -> Mapping:
    """Check a mapping document and make a `Mapping` of it.

    Raises:
        Misconfigured: naming the source and every problem.
    """
    if problems := problems_of(document):
        raise Misconfigured(
            Sentence(
                "The mapping {name} is not valid: {problems}.",
                name=source,
                problems=Sentence.joined(*(each.sentence for each in problems), between="; "),
            )
        )
    content = _object(document)
    entity_table = _entity_table(content)
    return Mapping(
        rows=tuple(_row(_object(raw), entity_table)[0] for raw in _list(content["rows"])),
        customer_types=CUSTOMER_TYPES | _texts(content.get("customer_type")),
        navigation={_lookup(key): value for key, value in _texts(content.get("navigation")).items()},
        triggers={
            table: tuple(str(each) for each in _list(columns))
            for table, columns in _object(content.get("triggers")).items()
        },
        entity_table=entity_table,
    )


def problems_of(document: JsonValue) -> tuple[Problem, ...]:
    """Everything that is wrong with a mapping document, in the order of its rows; at most one problem per place."""
    form = _schema_problems(document)
    content = _object(document)
    rows, entity_table = _list(content.get("rows")), _entity_table(content)
    rules: list[Problem] = []
    read: list[tuple[int, MappingRow]] = []
    for index, raw in enumerate(rows):
        if not _has_shape(raw):
            continue
        row, bad_columns = _row(_object(raw), entity_table)
        rules += [Problem(("rows", index, key), why) for key, why in bad_columns.items()]
        if not row.columns and not bad_columns:
            rules.append(Problem(("rows", index), Sentence("has no column of any table")))
        read.append((index, row))
    rules += broken_rules(read, entity_table)
    # A rule's sentence says more than the schema's about the same place.
    found = {problem.spot: problem for problem in (*form, *rules)}
    return tuple(sorted(found.values(), key=_place))


def _schema_problems(document: JsonValue) -> list[Problem]:
    return [
        Problem(tuple(error.absolute_path), str(_schema_of(error.schema).get("errorMessage", error.message)))
        for error in _validator().iter_errors(document)
    ]


@lru_cache(maxsize=1)
def _validator():  # type: ignore[no-untyped-def]  # noqa: ANN202 - jsonschema is imported when the first mapping is read
    import jsonschema  # noqa: PLC0415 - takes 0.15 s, and only loading a mapping needs it

    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _schema_of(schema: object) -> abc.Mapping[str, object]:
    return schema if isinstance(schema, dict) else {}


def _has_shape(raw: JsonValue) -> bool:
    """Whether a row's values have the types that the rules need; the schema reports where they have not."""
    if not isinstance(raw, dict) or raw.get("direction") not in list(Direction):
        return False
    texts = [raw.get(key) for key in (*COLUMN_KEYS, "spotler", "filter")]
    return all(each is None or isinstance(each, str) for each in texts) and isinstance(raw.get("items", []), list)


def _row(raw: abc.Mapping[str, JsonValue], entity_table: str) -> tuple[MappingRow, dict[str, str]]:
    """The row, without the columns that cannot be read, and why they cannot, by their key."""
    columns: dict[str, Expression] = {}
    bad: dict[str, str] = {}
    for key in COLUMN_KEYS:
        text = raw.get(key)
        if not isinstance(text, str):
            continue
        try:
            columns[entity_table or ENTITY if key == ENTITY else key] = parse_column(text)
        except ValueError as error:
            bad[key] = error.args[0]
    spotler = str(raw.get("spotler") or "")
    constant = constant_of(spotler)
    field, _, item = ("" if constant else spotler).partition(":")
    row = MappingRow(
        columns=columns,
        direction=Direction(str(raw["direction"])),
        field=field,
        item=item,
        filter=str(raw.get("filter") or ""),
        items=tuple(str(each) for each in _list(raw.get("items"))),
        constant=constant or "",
    )
    return row, bad


def _place(problem: Problem) -> tuple[bool, list[tuple[bool, int, str]]]:
    """Problems of rows come last, by row."""
    spot: Spot = problem.spot
    order = [(isinstance(p, str), p if isinstance(p, int) else 0, p if isinstance(p, str) else "") for p in spot]
    return (spot[:1] == ("rows",), order)


def _entity_table(content: abc.Mapping[str, JsonValue]) -> str:
    return _texts(content.get("tables")).get(ENTITY, "")


def _lookup(text: str) -> tuple[str, str]:
    column, _, table = text.removesuffix(")").partition("(")
    return column, table


def _object(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _texts(value: JsonValue) -> dict[str, str]:
    return {key: str(each) for key, each in _object(value).items()}
