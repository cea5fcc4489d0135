"""Reading definitions: tables, columns, keys, relationships and global choices, one or a list, with casts."""

from collections import defaultdict
from collections.abc import Mapping, Set
from typing import Final

from sandbox.dataverse.admission import DEFINE, admit
from sandbox.dataverse.calls import Answer, Call, json_answer
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.customizing.bodies import (
    ATTRIBUTES,
    ENTITY_NAMES,
    KEY_NAMES,
    OPTION_SET_NAMES,
    OPTION_SETS,
    RELATIONSHIPS,
)
from sandbox.dataverse.customizing.definitions import ColumnDefinition, TableDefinition
from sandbox.dataverse.customizing.finding import Finder
from sandbox.dataverse.customizing.knobs import Knobs
from sandbox.dataverse.customizing.refusals import NOT_SETTLED
from sandbox.dataverse.customizing.selecting import (
    NAVIGATIONS,
    column_names,
    expanded_names,
    filtered,
    select,
)
from sandbox.dataverse.errors import ApiError, bad_query, unknown_segment
from sandbox.dataverse.model import LOOKUP_KINDS, Catalog
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.values import Json, JsonObject

_TYPED: Final = "Microsoft.Dynamics.CRM."
_CASTS: Final = {f"{_TYPED}{name}AttributeMetadata": name for name in ATTRIBUTES}
_ONE_TO_MANY, _MANY_TO_MANY = "OneToManyRelationshipMetadata", "ManyToManyRelationshipMetadata"
#: The lists of relationships of a table, by what the table is in them.
_LISTS: Final = {
    "ManyToOneRelationships": ("ReferencingEntity",),
    "OneToManyRelationships": ("ReferencedEntity",),
    "ManyToManyRelationships": ("Entity1LogicalName", "Entity2LogicalName"),
}

#: Those lists, by the names of the tables.
type _Related = dict[str, defaultdict[str, list[JsonObject]]]
#: What only a relationship of some type has: a filter that names it finds nothing without the cast.
_OF_TYPES: Final = ("ReferencingEntity", "ReferencedEntity", "ReferencingAttribute", "Entity1", "Entity2", "Intersect")


class DefinitionReader:
    """Answers GET requests."""

    def __init__(self, finder: Finder, catalog: Catalog, clock: Clock, knobs: Knobs) -> None:
        self._finder = finder
        self._catalog = catalog
        self._clock = clock
        self._knobs = knobs

    def tables(self, call: Call, key: str | None, rest: str | None) -> Answer:
        """`GET EntityDefinitions...`.

        Raises:
            ApiError: 404 for unknown tables and segments, 400 for queries that cannot be understood.
        """
        parameters = _parameters(call)
        strong = "consistency" in call.headers
        if key is None:
            if rest is not None:
                raise unknown_segment(rest)
            items = self._with(self._finder.tables(strong=strong), expanded_names(parameters))
            return _list(call, items, parameters, ENTITY_NAMES, "EntityDefinitions")
        table = self._finder.table(key, strong=strong)
        if rest is None:
            (item,) = self._with([table], expanded_names(parameters))
            return _single(call, item, parameters, ENTITY_NAMES)
        return self._part(call, table, rest, parameters)

    def relationships(self, call: Call, key: str | None, rest: str | None) -> Answer:
        """`GET RelationshipDefinitions...`.

        Raises:
            ApiError: 404 for unknown relationships and segments.
        """
        parameters = _parameters(call)
        cast = (rest or "").removeprefix(_TYPED)
        if rest is not None and cast not in RELATIONSHIPS:
            raise unknown_segment(rest)
        if key is not None:
            found = self._finder.relationship(key)
            if cast not in ("", found.kind):
                raise unknown_segment(rest or "")
            return _single(call, found.properties, parameters, RELATIONSHIPS[found.kind])
        items = [each.properties for each in self._finder.relationships() if cast in ("", each.kind)]
        known = RELATIONSHIPS[cast] if cast else RELATIONSHIPS[_ONE_TO_MANY] & RELATIONSHIPS[_MANY_TO_MANY]
        if not cast and any(name in parameters.get("$filter", "") for name in _OF_TYPES):
            items, parameters = [], {}
        return _list(call, items, parameters, known, "RelationshipDefinitions")

    def choices(self, call: Call, key: str | None, rest: str | None, items: list[JsonObject]) -> Answer:
        """`GET GlobalOptionSetDefinitions...`; options show only through the cast.

        Raises:
            ApiError: 404 for unknown choices and segments.
        """
        parameters = _parameters(call)
        cast = (rest or "").removeprefix(_TYPED)
        if rest is not None and cast not in OPTION_SETS:
            raise unknown_segment(rest)
        known = OPTION_SET_NAMES if cast else OPTION_SET_NAMES - {"Options"}
        if key is not None:
            found = self._finder.choice(key).properties
            if cast and found["@odata.type"] != f"#{_TYPED}{cast}":
                raise unknown_segment(cast)
            return _single(call, found if cast else _without_options(found), parameters, known)
        shown = items if cast else [_without_options(each) for each in items]
        return _list(call, shown, parameters, known, "GlobalOptionSetDefinitions")

    def whole(self) -> list[JsonObject]:
        """Every table with all that it has."""
        return self._with(self._finder.tables(strong=True), NAVIGATIONS)

    def _part(self, call: Call, table: TableDefinition, rest: str, parameters: Mapping[str, str]) -> Answer:
        segment, _, further = rest.partition("/")
        name, opened, key = segment.partition("(")
        path = f"EntityDefinitions('{table.name}')/{rest}"
        if name == "Attributes":
            return self._columns(call, table, key.removesuffix(")"), further, parameters, path)
        if name == "Keys" and not further:
            if opened:
                key_found = self._finder.key(table, key.removesuffix(")"))
                return _single(call, key_found.properties, parameters, KEY_NAMES)
            return _list(call, [each.properties for each in table.keys.values()], parameters, KEY_NAMES, path)
        if name == "Privileges" and not opened and not further:
            if parameters:
                raise bad_query("Query parameters are not supported on a complex type.")
            return json_answer(200, {"@odata.context": _context(call, path), "value": table.properties["Privileges"]})
        if name not in _LISTS or opened or further:
            raise unknown_segment(rest)
        kind = _MANY_TO_MANY if name == "ManyToManyRelationships" else _ONE_TO_MANY
        return _list(call, self._related()[name][table.name], parameters, RELATIONSHIPS[kind], path)

    def _columns(
        self, call: Call, table: TableDefinition, key: str, further: str, parameters: Mapping[str, str], path: str
    ) -> Answer:
        if key:
            column = self._finder.column(table, key)
            shown = self._column(table, column)
            cast, _, member = further.partition("/")
            if cast and cast != str(shown["@odata.type"]).removeprefix("#"):
                raise unknown_segment(further)
            if member in ("OptionSet", "GlobalOptionSet") and isinstance(shown.get(member), dict):
                inner = shown[member]
                assert isinstance(inner, dict)  # noqa: S101 - tells the type checker
                return _single(call, inner, parameters, OPTION_SET_NAMES)
            if member:
                raise unknown_segment(further)
            return _single(call, shown, parameters, column_names(_CASTS.get(cast, "")))
        if further and further not in _CASTS:
            raise unknown_segment(further)
        self._check_attributes(table)
        kind = _CASTS.get(further, "")
        columns = [
            each
            for each in self._finder.columns(table)
            if not kind or each.properties["@odata.type"] == f"#{_TYPED}{kind}AttributeMetadata"
        ]
        return _list(call, [self._column(table, each) for each in columns], parameters, column_names(kind), path)

    def _check_attributes(self, table: TableDefinition) -> None:
        """The list of columns of a new table fails until it is published and some time has passed."""
        seconds = self._knobs.attributes_seconds
        if table.made_at is None or not seconds:
            return
        if not table.published or self._clock.timestamp() < table.made_at + seconds:
            raise ApiError(500, NOT_SETTLED, "An unexpected error occurred.")

    def _with(self, tables: list[TableDefinition], names: Set[str]) -> list[JsonObject]:
        """Tables with what can be expanded of these names."""
        items: list[JsonObject] = [{**each.properties} for each in tables]
        related = self._related() if names & _LISTS.keys() else {}
        for table, item in zip(tables, items, strict=True):
            if "Attributes" in names:
                item["Attributes"] = [self._column(table, each) for each in self._finder.columns(table)]
            if "Keys" in names:
                item["Keys"] = [each.properties for each in table.keys.values()]
            for name in related.keys() & names:
                shown: list[Json] = list(related[name][table.name])
                item[name] = shown
        return items

    def _column(self, table: TableDefinition, column: ColumnDefinition) -> JsonObject:
        if column.column.kind not in LOOKUP_KINDS:
            return column.properties
        targets: list[Json] = list(
            self._catalog.by_name[table.name].columns.get(column.column.name, column.column).targets
        )
        return {**column.properties, "Targets": targets}

    def _related(self) -> _Related:
        found: _Related = {name: defaultdict(list) for name in _LISTS}
        for each in self._finder.relationships():
            for name, roles in _LISTS.items():
                for table in {str(each.properties[role]) for role in roles if role in each.properties}:
                    found[name][table].append(each.properties)
        return found


def _parameters(call: Call) -> dict[str, str]:
    parameters = parse_query(call.query)
    admit(call, parameters, DEFINE)
    return parameters


def _without_options(found: JsonObject) -> JsonObject:
    return {name: value for name, value in found.items() if name != "Options"}


def _context(call: Call, path: str) -> str:
    return f"{call.root}/$metadata#{path}"


def _single(call: Call, item: JsonObject, parameters: Mapping[str, str], known: Set[str]) -> Answer:
    if "$filter" in parameters:
        raise bad_query("A single definition cannot be filtered.")
    shown = select(item, parameters, known)
    return json_answer(200, {"@odata.context": f"{call.root}/$metadata", **shown})


def _list(call: Call, items: list[JsonObject], parameters: Mapping[str, str], known: Set[str], path: str) -> Answer:
    shown: list[Json] = []
    shown.extend(select(item, parameters, known) for item in filtered(items, parameters))
    return json_answer(200, {"@odata.context": _context(call, path), "value": shown})
