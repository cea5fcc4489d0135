"""Which definition a request is about: the paths, and the actions and functions of customising."""

from collections.abc import Iterator
from typing import Final

from connector.dataverse.names import lookup_value
from sandbox.dataverse import errors
from sandbox.dataverse.admission import CUSTOMIZE, admit
from sandbox.dataverse.calls import Answer, Call, empty_answer
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.customizing.actions import ACTIONS, FUNCTIONS, Tools
from sandbox.dataverse.customizing.changes import NAME as CHANGES, MetadataChanges
from sandbox.dataverse.customizing.choices import Choices
from sandbox.dataverse.customizing.columns import changed_column, new_column
from sandbox.dataverse.customizing.definitions import ColumnDefinition, Definitions, TableDefinition
from sandbox.dataverse.customizing.existing import define_existing
from sandbox.dataverse.customizing.exporting import Exports
from sandbox.dataverse.customizing.finding import Finder
from sandbox.dataverse.customizing.importing import Imports
from sandbox.dataverse.customizing.keys import create_key, delete_key
from sandbox.dataverse.customizing.knobs import Knobs
from sandbox.dataverse.customizing.labels import Labels
from sandbox.dataverse.customizing.lock import CustomizationLock
from sandbox.dataverse.customizing.many_to_many import create_many_to_many, delete_many_to_many
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.publishing import Publishing
from sandbox.dataverse.customizing.reading import DefinitionReader
from sandbox.dataverse.customizing.refusals import invalid, no_patch
from sandbox.dataverse.customizing.relationships import (
    change_relationship,
    create_one_to_many,
    delete_column,
    delete_relationship,
)
from sandbox.dataverse.customizing.requests import created, merges, solution_of
from sandbox.dataverse.customizing.schedule import Schedule
from sandbox.dataverse.customizing.shapes import type_of
from sandbox.dataverse.customizing.solution_tables import PUBLISHER, SOLUTION, PublisherRules, SolutionRules
from sandbox.dataverse.customizing.solutions import COLUMN, RELATIONSHIP, SHELL, TABLE, WHOLE, Solutions
from sandbox.dataverse.customizing.tables import change_table, create_table, delete_table, number_from
from sandbox.dataverse.errors import unknown_segment
from sandbox.dataverse.files.columns import companions
from sandbox.dataverse.files.contents import Contents
from sandbox.dataverse.model import Catalog
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.store import Store
from sandbox.dataverse.writes import TableRules

DEFINITION_SETS: Final = frozenset({"EntityDefinitions", "RelationshipDefinitions", "GlobalOptionSetDefinitions"})


class Customizing:
    """Everything about definitions.

    Attributes:
        knobs: what tests make of the environment.
        solutions: who is in which solution.
        publishing: tells who is interested what is published.
        lock: one customisation at a time.
        parts: what the kinds of components share; others add dependants and listeners to it.
        files: what is in columns that hold files.

    Args:
        store: the rows.
        clock: what time it is.
        knobs: as the environment begins.
    """

    def __init__(self, store: Store, clock: Clock, knobs: Knobs) -> None:
        self._first = knobs
        self.knobs = Knobs()
        self.knobs.take(knobs)
        self.solutions = Solutions(store, clock)
        self.publishing = Publishing()
        self.lock = CustomizationLock(clock)
        self._catalog: Catalog = store.catalog
        self._base = store.catalog.tables()
        self._changed = False
        definitions = Definitions()
        finder = Finder(definitions, store.catalog, clock, self.knobs)
        self.parts = Parts(
            definitions, store.catalog, store, clock, self.knobs, Labels(self.knobs), self.solutions, Schedule(clock),
            finder,
        )  # fmt: skip
        self._reader = DefinitionReader(finder, store.catalog, clock, self.knobs)
        self._changes = MetadataChanges(self._reader.whole)
        self._choices = Choices(self.parts, self._reader)
        self.exports = Exports(self.parts)
        self.files = Contents()
        self.imports = Imports(self.parts, self.lock)
        self._tools = Tools(self.parts, self.publishing, self.exports, self.imports)
        self.publishing.when("entities", self._publish_tables)
        self._define()

    def rules(self) -> dict[str, TableRules]:
        """The rules of publishers and solutions."""
        return {PUBLISHER: PublisherRules(), SOLUTION: SolutionRules(self.solutions.empty)}

    def seed(self) -> None:
        """Put the rows of a new environment in place."""
        self.solutions.seed()

    def reset(self) -> None:
        """Be as at the start, but for the rows."""
        self.knobs.take(self._first)
        self.lock.clear()
        self.parts.schedule.clear()
        self.exports.clear()
        self.files.clear()
        self._changes.snapshots.clear()
        self.parts.store.sequences.clear()
        if self._changed:
            self._catalog.restore(self._base)
            self._define()
            self._changed = False

    def one_to_many(self, table: str) -> dict[str, tuple[str, str]]:
        """The collections of a table that belong to 1:N relationships: where their rows are, and by which property."""
        return {
            str(each.properties["ReferencedEntityNavigationPropertyName"]): (each.child, lookup_value(each.lookup))
            for each in self.parts.finder.relationships()
            if each.parent == table and self._catalog.table(each.child) is not None
        }

    def is_action(self, name: str) -> bool:
        """Whether it is an action or a function of customising."""
        return name in ACTIONS or name in FUNCTIONS or name == CHANGES

    def answer(self, call: Call, name: str, key: str | None, rest: str | None) -> Answer:
        """Answer a request about definitions.

        Raises:
            ApiError: when it is refused.
        """
        if name in FUNCTIONS:
            return FUNCTIONS[name](self._tools, call, key, rest)
        if name in ACTIONS:
            return self._act(call, name, key, rest)
        if call.method == "GET" or name == CHANGES:
            return self._read(call, name, key, rest)
        self.begin(call)
        write = {
            "EntityDefinitions": self._write_table,
            "RelationshipDefinitions": self._write_relationship,
            "GlobalOptionSetDefinitions": self._choices.write,
        }[name]
        return write(call, key, rest)

    def begin(self, call: Call) -> None:
        """Admit a write.

        Raises:
            ApiError: 403 without the right to customise, 405 for PATCH, 429 while somebody else customises.
        """
        if call.method == "PATCH":
            raise no_patch("EntityMetadata")
        admit(call, parse_query(call.query) if call.query else {}, CUSTOMIZE)
        if not call.user.role.everything:
            raise errors.missing_privilege(call.user.id, "prvCreateEntity", "entity")
        self._changed = True

    def _act(self, call: Call, name: str, key: str | None, rest: str | None) -> Answer:
        if key or rest is not None:
            raise unknown_segment(rest or name)
        if call.method != "POST":
            raise errors.not_allowed(call.method)
        self.begin(call)
        return ACTIONS[name](self._tools, call)

    def _read(self, call: Call, name: str, key: str | None, rest: str | None) -> Answer:
        for privilege in _needed(name, rest or "", call.query):
            if not call.user.role.has(privilege):
                raise errors.missing_privilege(call.user.id, privilege, "entity")
        if name == CHANGES:
            return self._changes.answer(call, key, rest)
        if name == "EntityDefinitions":
            return self._reader.tables(call, key, rest)
        if name == "RelationshipDefinitions":
            return self._reader.relationships(call, key, rest)
        return self._choices.read(call, key, rest)

    def _write_table(self, call: Call, key: str | None, rest: str | None) -> Answer:
        solution = solution_of(call)
        if key is None and rest is None and call.method == "POST":
            table = create_table(self.parts, call.json(), solution)
            return created(call, f"EntityDefinitions({table.id})")
        if key is None:
            raise unknown_segment(rest or "EntityDefinitions")
        table = self.parts.finder.table(key)
        self.parts.check_settled(table)
        if rest is not None:
            return self._write_part(call, table, f"EntityDefinitions({key})", rest)
        if call.method == "DELETE":
            delete_table(self.parts, table)
        elif call.method == "PUT":
            change_table(self.parts, table, call.json(), merge=merges(call))
            self.parts.solutions.add(TABLE, table.id, solution, behavior=WHOLE if table.custom else SHELL)
        else:
            raise errors.not_allowed(call.method)
        return empty_answer()

    def _write_part(self, call: Call, table: TableDefinition, address: str, rest: str) -> Answer:
        segment, opened, key = rest.partition("(")
        key, _, further = key.partition(")")
        _check_cast(call, further.removeprefix("/"))
        if segment not in ("Attributes", "Keys"):
            raise unknown_segment(rest)
        solution = solution_of(call)
        if not opened and call.method == "POST":
            if segment == "Keys":
                made = create_key(self.parts, table, call.json(), solution)
                return created(call, f"{address}/Keys({made.id})")
            column = new_column(self.parts, table.name, frozenset(table.columns), call.json(), solution)
            self._add_column(table, column, solution)
            return created(call, f"{address}/Attributes({column.id})")
        if not opened:
            raise errors.not_allowed(call.method)
        if segment == "Keys":
            if call.method != "DELETE":
                raise errors.not_allowed(call.method)
            delete_key(self.parts, table, self.parts.finder.key(table, key))
            return empty_answer()
        column = self.parts.finder.column(table, key)
        if call.method == "DELETE":
            delete_column(self.parts, table, column)
        elif call.method == "PUT":
            changed_column(self.parts, table, column, call.json(), merge=merges(call))
            self.parts.solutions.add(COLUMN, column.id, solution, table=table.name)
            self.parts.apply(table)
        else:
            raise errors.not_allowed(call.method)
        return empty_answer()

    def _add_column(self, table: TableDefinition, column: ColumnDefinition, solution: str) -> None:
        for each in (column, *companions(table.name, column)):
            self.parts.add_column(table, each)
            self.parts.solutions.add(COLUMN, each.id, solution, table=table.name)
        number_from(self.parts, table, column)
        self.parts.apply(table)

    def _write_relationship(self, call: Call, key: str | None, rest: str | None) -> Answer:
        _check_cast(call, rest or "")
        solution = solution_of(call)
        if key is None and call.method == "POST":
            body = call.json()
            many = type_of(body) == "ManyToManyRelationshipMetadata"
            made = (create_many_to_many if many else create_one_to_many)(self.parts, body, solution)
            return created(call, f"RelationshipDefinitions({made.id})")
        if key is None:
            raise errors.not_allowed(call.method)
        found = self.parts.finder.relationship(key)
        if call.method == "PUT":
            change_relationship(self.parts, found, call.json(), merge=merges(call))
            self.parts.solutions.add(RELATIONSHIP, found.id, solution, table=found.child)
        elif call.method == "DELETE":
            (delete_relationship if found.child else delete_many_to_many)(self.parts, found)
        else:
            raise errors.not_allowed(call.method)
        return empty_answer()

    def _publish_tables(self, names: frozenset[str] | None) -> None:
        for name in names or ():
            if name not in self.parts.definitions.tables:
                raise invalid(f"The entity {name} in ParameterXml does not exist.")
        for table in self.parts.definitions.tables.values():
            if names is None or table.name in names:
                table.published = True

    def _define(self) -> None:
        self.parts.definitions.clear()
        define_existing(self.parts.definitions, self._catalog, self.parts.labels.plain)
        self.solutions.table_ids = {name: each.id for name, each in self.parts.definitions.tables.items()}


def _needed(name: str, rest: str, query: str) -> Iterator[str]:
    """The privileges to read definitions, which belong to no table."""
    if name == CHANGES:
        yield from ("prvReadEntity", "prvReadAttribute", "prvReadRelationship")
    if name == "EntityDefinitions":
        yield "prvReadEntity"
    if rest.startswith("Attributes") or "Attributes" in query:
        yield "prvReadAttribute"
    if name == "RelationshipDefinitions" or "Relationships" in rest + query:
        yield "prvReadRelationship"
    if name == "GlobalOptionSetDefinitions" or "OptionSet" in query:
        yield "prvReadOptionSet"


def _check_cast(call: Call, cast: str) -> None:
    """Clients may name the type of a definition in the address of a PUT; it must be the type of the body.

    Raises:
        ApiError: 404 for anything else.
    """
    if cast and (call.method != "PUT" or cast.removeprefix("Microsoft.Dynamics.CRM.") != type_of(call.json())):
        raise unknown_segment(cast)
