"""What an environment of the stand-in has, as values that can be compared: definitions, and both layers of rows."""

from collections.abc import Iterator
from json import dumps

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.store import Row

#: They change with every write, or are made anew.
_VOLATILE = frozenset({"versionnumber", "modifiedon"})
#: Who is in which solution is compared by what it names.
_MEMBERS = "solutioncomponent"
#: What the environment makes by itself of every table, and keeps.
_DERIVED = frozenset({"privilege", "sdkmessage", "sdkmessagefilter"})

type State = dict[tuple[str, ...], object]


def state_of(environment: Environment) -> State:
    """Everything, by what it is."""
    return dict(_parts(environment))


def _parts(environment: Environment) -> Iterator[tuple[tuple[str, ...], object]]:
    parts, layers = environment.customizing.parts, environment.installing.layers
    for table in parts.definitions.tables.values():
        yield ("table", table.name), _text_of(table.properties)
        for column in table.columns.values():
            yield ("column", table.name, column.column.name), (column.column, _text_of(column.properties))
        for key in table.keys.values():
            yield ("key", table.name, key.name), _text_of(key.properties)
    for relationship in parts.definitions.relationships.values():
        yield ("relationship", relationship.name), _text_of(relationship.properties)
    for choice in parts.definitions.choices.values():
        yield ("choice", choice.name), _text_of(choice.properties)
    for name, data in environment.store.tables.items():
        if name in _DERIVED:
            continue
        for row in data.rows.values():
            if name == _MEMBERS:
                yield (name, str(row.values["_solutionid_value"]), str(row.values["objectid"])), None
                continue
            published = layers.published(name, row.id)
            yield (name, row.id), (_values(row), None if published is None else _values(published))


def _values(row: Row) -> dict[str, object]:
    return {column: value for column, value in row.values.items() if column not in _VOLATILE}


def _text_of(properties: object) -> str:
    """Properties as they are now: the environment changes them where they are."""
    return dumps(properties, sort_keys=True)
