"""Reading rows: filter, order, pages, properties, annotations and expanded lookups."""

import base64
import binascii
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from sandbox.dataverse.annotations import annotate
from sandbox.dataverse.errors import bad_query
from sandbox.dataverse.filters import Condition, Fields, RelatedFields, Values, compile_filter
from sandbox.dataverse.model import Navigation, TableModel
from sandbox.dataverse.options import (
    Expansion,
    Ordering,
    read_expand,
    read_flag,
    read_number,
    read_order,
    read_select,
)
from sandbox.dataverse.preferences import Preference, Preferences
from sandbox.dataverse.privileges import require, sees
from sandbox.dataverse.roles import Role, Verb
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.users import Caller
from sandbox.dataverse.values import Json, JsonObject, SortKey, sort_key

#: `@odata.count` and `$count` never say more.
LARGEST_COUNT: Final = 5000


@dataclass(frozen=True, slots=True)
class View:
    """How rows are shown.

    Attributes:
        names: the properties.
        expansions: the lookups to follow.
        annotations: the annotations to add.
        caller: who reads; None for whoever sees everything.
    """

    names: tuple[str, ...]
    expansions: tuple[Expansion, ...]
    annotations: frozenset[str]
    caller: Caller | None = None


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
    """Answers queries from the rows in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def view(
        self, model: TableModel, parameters: dict[str, str], preferences: Preferences, caller: Caller | None = None
    ) -> View:
        """What a request wants to see of each row.

        Raises:
            ApiError: 400 when it names what does not exist, 403 when the caller may not read a table of a lookup.
        """
        names = read_select(model, parameters.get("$select", ""))
        expansions = read_expand(model, parameters.get("$expand", ""))
        if caller is not None:
            for table in {table for each in expansions for table in each.navigation.targets}:
                require(caller, Verb.READ, self._store.catalog.by_name[table])
        return View(names, expansions, preferences.annotations, caller)

    def show(self, model: TableModel, row: Row, view: View) -> JsonObject:
        """One row as JSON."""
        values = row.values
        shown: JsonObject = {"@odata.etag": row.etag}
        for name in view.names:
            shown[name] = values.get(name)
        if view.annotations:
            shown.update(annotate(self._store, model, row, view.names, view.annotations))
        for expansion in view.expansions:
            shown[expansion.navigation.name] = self._expand(row, expansion, view)
        return shown

    def query(
        self,
        model: TableModel,
        parameters: dict[str, str],
        preferences: Preferences,
        caller: Caller,
        within: Collection[str] | None = None,
    ) -> Page:
        """Answer a query.

        Args:
            model: the table.
            parameters: the query options.
            preferences: what the `Prefer` header asks for.
            caller: who asks, and sees the rows within the depth of the privilege to read.
            within: ids of the only rows that count; None for all.

        Raises:
            ApiError: 400 when a part of it cannot be understood.
        """
        view = self.view(model, parameters, preferences, caller)
        ordering = read_order(model, parameters.get("$orderby", ""))
        top = read_number(parameters, "$top")
        if top is not None and (Preference.PAGE_SIZE in preferences.given or "$skiptoken" in parameters):
            raise bad_query("$top cannot be combined with pages.")
        rows = self.find(model, parameters.get("$filter", ""), caller.user.role, ordering)
        if within is not None:
            rows = [row for row in rows if row.id in within]
        count = min(len(rows), LARGEST_COUNT) if read_flag(parameters, "$count") else None
        token = parameters.get("$skiptoken")
        start = 0 if token is None else _position_after(rows, ordering, token)
        size = preferences.page_size if top is None else min(top, preferences.page_size)
        page = rows[start : start + size]
        more = start + size < len(rows) and top is None
        next_token = _make_token(page[-1], ordering) if more and page else None
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

    def _expand(self, row: Row, expansion: Expansion, view: View) -> Json:
        related = self.related(row, expansion.navigation)
        if related is None:
            return None
        model, other = related
        if view.caller is not None and not sees(view.caller.user.role, model, other):
            return None
        return self.show(model, other, View(read_select(model, expansion.select), (), view.annotations))

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


def _before(row: Row, keys: list[SortKey], order: int, ordering: Sequence[Ordering]) -> bool:
    """Whether a row stands at or before the place that a token describes."""
    for term, key in zip(ordering, keys, strict=True):
        mine = sort_key(row.values.get(term.name))
        if mine != key:
            less: bool = mine < key
            return less is not term.descending
    return row.order <= order


def _position_after(rows: list[Row], ordering: Sequence[Ordering], token: str) -> int:
    """Where the next page begins: after the last row shown, even if that row has gone or changed meanwhile."""
    try:
        content = json.loads(base64.urlsafe_b64decode(token))
        keys: list[SortKey] = [(kind, value) for kind, value in content["keys"]]
        order = int(content["order"])
        low, high = 0, len(rows)
        while low < high:
            middle = (low + high) // 2
            if _before(rows[middle], keys, order, ordering):
                low = middle + 1
            else:
                high = middle
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise bad_query("The $skiptoken cannot be read; follow @odata.nextLink as it is.") from None
    return low


def _make_token(row: Row, ordering: Sequence[Ordering]) -> str:
    content = {"keys": [sort_key(row.values.get(term.name)) for term in ordering], "order": row.order}
    return quote(base64.urlsafe_b64encode(json.dumps(content).encode()).decode(), safe="")
