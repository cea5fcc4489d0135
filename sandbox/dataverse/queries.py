"""Questions about an entity set: `GET set` with query options or FetchXML, and `GET set/$count`."""

from collections.abc import Container

from sandbox.dataverse.admission import COUNT, FETCH, READ_SET, admit
from sandbox.dataverse.calls import Answer, Call, json_answer
from sandbox.dataverse.fetchxml.parsing import parse_fetch
from sandbox.dataverse.fetchxml.refusals import WRONG_SET, refuse
from sandbox.dataverse.fetchxml.running import Fetcher
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.preferences import MORE_RECORDS, PAGING_COOKIE, TOTAL_COUNT, TOTAL_COUNT_CAPPED
from sandbox.dataverse.privileges import require
from sandbox.dataverse.reads import LARGEST_COUNT, Reader
from sandbox.dataverse.related import Collection
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.sql.running import run_sql
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.users import Caller
from sandbox.dataverse.values import Json, JsonObject


class Queries:
    """Answers questions about entity sets."""

    def __init__(self, store: Store, reader: Reader, fetcher: Fetcher) -> None:
        self._store = store
        self._reader = reader
        self._fetcher = fetcher

    def answer(self, call: Call, model: TableModel, parameters: dict[str, str], caller: Caller) -> Answer:
        """`GET set`.

        Raises:
            ApiError: 400 when the question cannot be understood, 403 without the privilege to read.
        """
        if "fetchXml" in parameters:
            admit(call, parameters, FETCH)
            return self._fetch(call, model, parameters["fetchXml"], caller)
        if "sql" in parameters:
            return run_sql(call, model, parameters, caller, self._store, self._fetcher)
        admit(call, parameters, READ_SET)
        require(caller, Verb.READ, model)
        return self._page(call, model, parameters, caller, model.set_name)

    def related(
        self,
        call: Call,
        row: Row,
        collection: Collection,
        model: TableModel,
        parameters: dict[str, str],
        caller: Caller,
    ) -> Answer:
        """`GET set(key)/collection`: the rows at the other side of a relationship.

        Raises:
            ApiError: as `answer`.
        """
        admit(call, parameters, READ_SET)
        collections = self._reader.collections
        for table in (model, *collections.tables(collection)):
            require(caller, Verb.READ, table)
        require(caller, Verb.READ, model, row)
        other, ids = self._store.catalog.by_name[collection.table], collections.ids(model, row, collection)
        return self._page(call, other, parameters, caller, f"{model.set_name}({row.id})/{collection.name}", ids)

    def _page(
        self,
        call: Call,
        model: TableModel,
        parameters: dict[str, str],
        caller: Caller,
        address: str,
        within: Container[str] | None = None,
    ) -> Answer:
        page = self._reader.query(model, parameters, call.preferences, caller, call.root, within)
        select = parameters.get("$select")
        context = f"{call.root}/$metadata#{model.set_name}" + (f"({select})" if select else "")
        content: JsonObject = {"@odata.context": context}
        content.update(_count(page.count, call.preferences.annotations))
        content["value"] = _values(page.rows)
        if page.next_token is not None:
            kept = "&".join(part for part in call.query.split("&") if part and not _is_skip_token(part))
            link = f"{call.root}/{address}?{kept}{'&' if kept else ''}$skiptoken={page.next_token}"
            content["@odata.nextLink"] = link
        return json_answer(200, content)

    def count(self, call: Call, model: TableModel, parameters: dict[str, str], caller: Caller) -> Answer:
        """`GET set/$count`.

        Raises:
            ApiError: 400 when the filter cannot be understood, 403 without the privilege to read.
        """
        admit(call, parameters, COUNT)
        require(caller, Verb.READ, model)
        count = min(len(self._reader.find(model, parameters.get("$filter", ""), caller.user.role)), LARGEST_COUNT)
        return Answer(200, {"Content-Type": "text/plain", "OData-Version": "4.0"}, str(count).encode())

    def _fetch(self, call: Call, model: TableModel, text: str, caller: Caller) -> Answer:
        fetch = parse_fetch(text)
        tables = self._fetcher.tables(fetch)
        if tables[0] is not model:
            message = (
                "The entity name specified in fetchxml does not match the entity name specified in the Entity or Query "
                f"Expression: '{tables[0].name}' does not belong to '{model.set_name}'."
            )
            raise refuse(WRONG_SET, message)
        for table in tables:
            require(caller, Verb.READ, table)
        wanted = call.preferences.annotations
        page = self._fetcher.run(fetch, caller.user.id, wanted, caller.user.role)
        content: JsonObject = {"@odata.context": f"{call.root}/$metadata#{model.set_name}"}
        content.update(_count(page.total, wanted))
        if page.more and MORE_RECORDS in wanted:  # on the last page it is left out
            content[f"@{MORE_RECORDS}"] = True
        if page.cookie is not None and PAGING_COOKIE in wanted:
            content[f"@{PAGING_COOKIE}"] = page.cookie
        content["value"] = _values(page.rows)
        return json_answer(200, content)


def _values(rows: list[JsonObject]) -> list[Json]:
    values: list[Json] = []
    values.extend(rows)
    return values


def _count(count: int | None, wanted: frozenset[str]) -> JsonObject:
    """The number of rows, if asked for, and its annotations, if asked for."""
    if count is None:
        return {}
    counted: JsonObject = {"@odata.count": count}
    if TOTAL_COUNT in wanted:
        counted[f"@{TOTAL_COUNT}"] = count
    if TOTAL_COUNT_CAPPED in wanted:
        counted[f"@{TOTAL_COUNT_CAPPED}"] = count >= LARGEST_COUNT
    return counted


def _is_skip_token(part: str) -> bool:
    return part.replace("%24", "$").startswith("$skiptoken=")
