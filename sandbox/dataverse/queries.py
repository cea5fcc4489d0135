"""Questions about an entity set: `GET set` with query options or FetchXML, and `GET set/$count`."""

from sandbox.dataverse.annotations import wanted_annotations
from sandbox.dataverse.calls import Answer, Call, json_answer
from sandbox.dataverse.errors import bad_query
from sandbox.dataverse.fetch import Fetcher
from sandbox.dataverse.fetch_query import parse_fetch
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.reads import LARGEST_COUNT, Reader
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Store
from sandbox.dataverse.users import Caller
from sandbox.dataverse.values import Json, JsonObject
from sandbox.dataverse.writes import require


class Queries:
    """Answers questions about entity sets."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self._reader = reader
        self._fetcher = Fetcher(store)

    def answer(self, call: Call, model: TableModel, parameters: dict[str, str], caller: Caller) -> Answer:
        """`GET set`.

        Raises:
            ApiError: 400 when the question cannot be understood, 403 without the privilege to read.
        """
        require(caller, Verb.READ, model)
        if "fetchXml" in parameters:
            return self._fetch(call, model, parameters["fetchXml"], caller)
        page = self._reader.query(model, parameters, call.prefer)
        select = parameters.get("$select")
        context = f"{call.root}/$metadata#{model.set_name}" + (f"({select})" if select else "")
        content: JsonObject = {"@odata.context": context}
        if page.count is not None:
            content["@odata.count"] = page.count
            if "odata.include-annotations" in call.prefer:
                content["@Microsoft.Dynamics.CRM.totalrecordcount"] = page.count
                content["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = page.count >= LARGEST_COUNT
        content["value"] = _values(page.rows)
        if page.next_token is not None:
            kept = "&".join(part for part in call.query.split("&") if part and not _is_skip_token(part))
            link = f"{call.root}/{model.set_name}?{kept}{'&' if kept else ''}$skiptoken={page.next_token}"
            content["@odata.nextLink"] = link
        return json_answer(200, content)

    def count(self, model: TableModel, parameters: dict[str, str], caller: Caller) -> Answer:
        """`GET set/$count`.

        Raises:
            ApiError: 400 when the filter cannot be understood, 403 without the privilege to read.
        """
        require(caller, Verb.READ, model)
        count = min(len(self._reader.find(model, parameters.get("$filter", ""))), LARGEST_COUNT)
        return Answer(200, {"Content-Type": "text/plain", "OData-Version": "4.0"}, str(count).encode())

    def _fetch(self, call: Call, model: TableModel, text: str, caller: Caller) -> Answer:
        fetch = parse_fetch(text)
        tables = self._fetcher.tables(fetch)
        if tables[0] is not model:
            raise bad_query(f"The entity '{tables[0].name}' of the FetchXML does not belong to '{model.set_name}'.")
        for table in tables:
            require(caller, Verb.READ, table)
        page = self._fetcher.run(fetch, wanted_annotations(call.prefer))
        content: JsonObject = {"@odata.context": f"{call.root}/$metadata#{model.set_name}"}
        if page.total is not None:
            content["@Microsoft.Dynamics.CRM.totalrecordcount"] = page.total
        if _wants(call.prefer, "morerecords"):
            content["@Microsoft.Dynamics.CRM.morerecords"] = page.more
        if _wants(call.prefer, "fetchxmlpagingcookie") and page.cookie is not None:
            content["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"] = page.cookie
        content["value"] = _values(page.rows)
        return json_answer(200, content)


def _values(rows: list[JsonObject]) -> list[Json]:
    values: list[Json] = []
    values.extend(rows)
    return values


def _wants(prefer: str, annotation: str) -> bool:
    return annotation in prefer or '="*"' in prefer or "Microsoft.Dynamics.CRM.*" in prefer


def _is_skip_token(part: str) -> bool:
    return part.replace("%24", "$").startswith("$skiptoken=")
