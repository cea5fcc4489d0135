"""`GET set?sql=`: a query in SQL, run as the FetchXML that says the same."""

import re
from typing import Final
from urllib.parse import quote

from sandbox.dataverse.admission import SQL, admit
from sandbox.dataverse.calls import Answer, Call, json_answer
from sandbox.dataverse.errors import bad_query
from sandbox.dataverse.fetchxml.parsing import parse_fetch
from sandbox.dataverse.fetchxml.running import Fetcher
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.privileges import require
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.sql.fetching import as_fetch_xml
from sandbox.dataverse.sql.parsing import parse_sql
from sandbox.dataverse.sql.query import refuse
from sandbox.dataverse.store import Store
from sandbox.dataverse.users import Caller
from sandbox.dataverse.values import Json, JsonObject

_PAGE: Final = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="[^"]*" istracking="False" />')


def run_sql(
    call: Call, model: TableModel, parameters: dict[str, str], caller: Caller, store: Store, fetcher: Fetcher
) -> Answer:
    """Answer it.

    Raises:
        ApiError: 400 for what is not of the subset or names what is not there, 403 without the privilege to read.
    """
    admit(call, parameters, SQL)
    select, number = parse_sql(parameters["sql"]), _page_of(parameters.get("$skiptoken"))
    if select.source.table != model.name:
        raise refuse(f"{select.source.table} is not the table of {model.set_name}.")
    ids = {name: each.id_column for name, each in store.catalog.by_name.items()}
    translated = as_fetch_xml(select, number, ids)
    fetch = parse_fetch(translated.xml)
    for table in fetcher.tables(fetch):
        require(caller, Verb.READ, table)
    page = fetcher.run(fetch, caller.user.id, frozenset(), caller.user.role)
    rows: list[Json] = [
        {shown: row.get(name) for name, shown in translated.shown.items()} for row in page.rows[translated.offset :]
    ]
    content: JsonObject = {"@odata.context": f"{call.root}/$metadata#{model.set_name}", "value": rows}
    if page.more and select.top is None and select.fetch is None:
        cookie = f'<cookie pagenumber="{number + 1}" pagingcookie="{number}" istracking="False" />'
        link = f"{call.root}/{model.set_name}?sql={quote(parameters['sql'])}&$skiptoken={quote(cookie)}"
        content["@odata.nextLink"] = link
    return json_answer(200, content)


def _page_of(token: str | None) -> int:
    if token is None:
        return 1
    match = _PAGE.fullmatch(token)
    if match is None:
        raise bad_query("The $skiptoken is none that this query has given.")
    return int(match[1])
