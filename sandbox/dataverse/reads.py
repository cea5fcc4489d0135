"""Reading rows: filter, order, pages, properties, annotations, and what is expanded."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sandbox.dataverse.annotations import annotate
from sandbox.dataverse.errors import bad_query
from sandbox.dataverse.expanding import Expanding, Expansion
from sandbox.dataverse.filters import Condition, Fields, RelatedFields, Values, compile_filter
from sandbox.dataverse.model import Navigation, TableModel
from sandbox.dataverse.options import Ordering, read_flag, read_number, read_order, read_select
from sandbox.dataverse.preferences import LARGEST_PAGE, Preference, Preferences
from sandbox.dataverse.privileges import require, sees
from sandbox.dataverse.related import Collection, Collections
from sandbox.dataverse.roles import Role, Verb
from sandbox.dataverse.skip_tokens import make_token, position_after
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.users import Caller
from sandbox.dataverse.values import Json, JsonObject, sort_key

#: `@odata.count` and `$count` never say more.
LARGEST_COUNT: Final = 5000


@dataclass(frozen=True, slots=True)
class View:
    """How rows are shown.

    Attributes:
        names: the properties.
        expansions: the navigation properties to follow.
        annotations: the annotations to add.
        role: of whoever reads; None for whoever sees everything.
        root: the address of the Web API.
        page_size: rows on a page of a nested collection; None where it has no pages.
    """

    names: tuple[str, ...]
    expansions: tuple[Expansion, ...]
    annotations: frozenset[str]
    role: Role | None = None
    root: str = ""
    page_size: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a query.

    Attributes:
        rows: the rows, as shown.
        count: the number of matching rows, if asked for.
        next_token: the `$skiptoken` of the next page, or None on the last.
    """

    rows: list[JsonObject]
    count: int | None
    next_token: str | None


class Reader:
    """Answers queries from the rows in memory.

    Attributes:
        collections: of all tables.
    """

    def __init__(self, store: Store, collections: Collections) -> None:
        self._store = store
        self.collections = collections
        self._expanding = Expanding(store, collections)

    def view(
        self, model: TableModel, parameters: dict[str, str], preferences: Preferences, caller: Caller, root: str
    ) -> View:
        """What a request wants to see of each row.

        Raises:
            ApiError: 400 when it names what does not exist, 403 when the caller may not read a table of a lookup.
        """
        names = read_select(model, parameters.get("$select", ""))
        expansions = self._expanding.read(model, parameters.get("$expand", ""))
        self._check(expansions, caller)
        paged = Preference.PAGE_SIZE in preferences.given
        return View(
            names, expansions, preferences.annotations, caller.user.role, root, preferences.page_size if paged else None
        )

    def _check(self, expansions: Sequence[Expansion], caller: Caller) -> None:
        for each in expansions:
            behind = each.behind
            if isinstance(behind, Collection):
                tables = self.collections.tables(behind)
            else:
                tables = [self._store.catalog.by_name[name] for name in behind.targets]
            for table in tables:
                require(caller, Verb.READ, table)
            self._check(each.inner, caller)

    def show(self, model: TableModel, row: Row, view: View) -> JsonObject:
        """One row as JSON."""
        values = row.values
        shown: JsonObject = {"@odata.etag": row.etag}
        for name in view.names:
            shown[name] = values.get(name)
        if view.annotations:
            shown.update(annotate(self._store, model, row, view.names, view.annotations))
        for expansion in view.expansions:
            if isinstance(expansion.behind, Collection):
                self._expand_rows(model, row, expansion, expansion.behind, view, shown)
            else:
                shown[expansion.name] = self._expand(row, expansion, expansion.behind, view)
        return shown

    def query(
        self,
        model: TableModel,
        parameters: dict[str, str],
        preferences: Preferences,
        caller: Caller,
        root: str,
        within: Container[str] | None = None,
    ) -> Page:
        """Answer a query.

        Args:
            model: the table.
            parameters: the query options.
            preferences: what the `Prefer` header asks for.
            caller: who asks, and sees the rows within the depth of the privilege to read.
            root: the address of the Web API.
            within: ids of the only rows that count; None for all.

        Raises:
            ApiError: 400 when a part of it cannot be understood.
        """
        view = self.view(model, parameters, preferences, caller, root)
        ordering = read_order(model, parameters.get("$orderby", ""))
        top = read_number(parameters, "$top")
        if top is not None and (Preference.PAGE_SIZE in preferences.given or "$skiptoken" in parameters):
            raise bad_query("$top cannot be combined with pages.")
        rows = self.find(model, parameters.get("$filter", ""), caller.user.role, ordering)
        if within is not None:
            rows = [row for row in rows if row.id in within]
        count = min(len(rows), LARGEST_COUNT) if read_flag(parameters, "$count") else None
        token = parameters.get("$skiptoken")
        start = 0 if token is None else position_after(rows, ordering, token)
        size = preferences.page_size if top is None else min(top, preferences.page_size)
        page = rows[start : start + size]
        more = start + size < len(rows) and top is None
        next_token = make_token(page[-1], ordering) if more and page else None
        return Page([self.show(model, row, view) for row in page], count, next_token)

    def find(
        self, model: TableModel, filter_text: str, role: Role | None = None, ordering: Sequence[Ordering] = ()
    ) -> list[Row]:
        """The rows that a role sees and that satisfy a filter, in order; without an order, as they were created.

        Raises:
            ApiError: 400 when the filter cannot be understood.
        """
        data = self._store.tables[model.name]
        if not filter_text:
            rows = list(data.rows.values())
        else:
            rows = self._matching(model, compile_filter(filter_text, self._fields_of(model)))
        if role is not None and not role.reaches_all(Verb.READ, model.name):
            rows = [row for row in rows if sees(role, model, row)]
        for term in reversed(ordering):
            rows.sort(key=lambda row: sort_key(row.values.get(term.name)), reverse=term.descending)
        return rows

    def _matching(self, model: TableModel, condition: Condition) -> list[Row]:
        data = self._store.tables[model.name]
        if condition.candidates is None:
            return [row for row in data.rows.values() if condition.matches(row.values)]
        rows = data.offered(*condition.candidates)
        found = [row for row in rows if condition.matches(row.values)]
        found.sort(key=lambda row: row.order)
        return found

    def related(self, row: Row, navigation: Navigation) -> tuple[TableModel, Row] | None:
        """The row behind a navigation property."""
        table = row.targets.get(navigation.property_name)
        if table is None or table not in navigation.targets:
            return None
        other = self._store.get(table, str(row.values[navigation.property_name]))
        return None if other is None else (self._store.catalog.by_name[table], other)

    def _expand(self, row: Row, expansion: Expansion, navigation: Navigation, view: View) -> Json:
        related = self.related(row, navigation)
        if related is None:
            return None
        model, other = related
        if view.role is not None and not sees(view.role, model, other):
            return None
        if expansion.reference:
            return {"@odata.id": f"{view.root}/{model.set_name}({other.id})"}
        return self.show(model, other, self._within(model, expansion, view))

    def _expand_rows(
        self, model: TableModel, row: Row, expansion: Expansion, collection: Collection, view: View, shown: JsonObject
    ) -> None:
        """Add the rows of a collection, and the address at which they can be read by themselves."""
        options = expansion.options
        other = self._store.catalog.by_name[collection.table]
        ids = self.collections.ids(model, row, collection)
        order = read_order(other, options.get("$orderby", ""))
        rows = self.find(other, options.get("$filter", ""), view.role, order)
        rows = [each for each in rows if each.id in ids]
        top = read_number(options, "$top")
        size = view.page_size if expansion.paged else None
        most = LARGEST_PAGE if size is None else size
        page = rows[: most if top is None else min(top, most)]
        inner = self._within(other, expansion, view)
        if collection.lookup and "$select" in options and not expansion.paged:
            inner = replace(inner, names=tuple(dict.fromkeys((*inner.names, collection.lookup))))
        values: list[Json] = []
        values.extend(self.show(other, each, inner) for each in page)
        shown[collection.name] = values
        written = [f"{name}={value}" for name, value in options.items()]
        if size is not None and len(page) == size:
            written.append(f"$skiptoken={make_token(page[-1], ())}")
        elif size is not None:
            return
        address = f"{view.root}/{model.set_name}({row.id})/{collection.name}"
        shown[f"{collection.name}@odata.nextLink"] = f"{address}?{'&'.join(written)}" if written else address

    def _within(self, model: TableModel, expansion: Expansion, view: View) -> View:
        names = read_select(model, expansion.options.get("$select", ""))
        return replace(view, names=names, expansions=expansion.inner)

    def _fields_of(self, model: TableModel) -> Fields:
        related = {
            name: RelatedFields(self._target_fields(navigation), self._follower(navigation))
            for name, navigation in model.navigations.items()
        }
        return Fields(model.name, model.kinds, related)

    def _target_fields(self, navigation: Navigation) -> Fields:
        target = self._store.catalog.by_name[navigation.targets[0]]
        return Fields(target.name, target.kinds)

    def _follower(self, navigation: Navigation) -> "_Follower":
        return _Follower(self._store, navigation)


class _Follower:
    """From the values of a row to the values of the row behind one of its lookups."""

    def __init__(self, store: Store, navigation: Navigation) -> None:
        self._store = store
        self._navigation = navigation

    def __call__(self, values: Values) -> Values | None:
        row_id = values.get(self._navigation.property_name)
        if row_id is None:
            return None
        for table in self._navigation.targets:
            data = self._store.tables.get(table)
            row = data.rows.get(str(row_id)) if data is not None else None
            if row is not None:
                return row.values
        return None
