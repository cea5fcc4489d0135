"""The calls that are about texts of rows: the action `SetLocLabels` and the function `RetrieveLocLabels`."""

import re
from typing import Final
from urllib.parse import parse_qsl

from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.errors import unknown_segment
from sandbox.dataverse.installing.localizing import Localizing, moniker_of
from sandbox.dataverse.validation import Changes
from sandbox.dataverse.values import JsonObject
from sandbox.dataverse.writes import Writer

_SET: Final = frozenset({"EntityMoniker", "AttributeName", "Labels"})
_GET: Final = frozenset({"EntityMoniker", "AttributeName", "IncludeUnpublished"})
_PARAMETER: Final = re.compile(r"\s*(\w+)\s*=\s*((?:[^,']|'[^']*')+?)\s*(?:,|$)")


def set_labels(localizing: Localizing, call: Call, writer: Writer) -> Answer:
    """`SetLocLabels`: the text in the base language changes the row, the others are kept beside it.

    Raises:
        ApiError: 400 for a body that does not fit, or a language that is not provisioned.
    """
    body = call.json()
    check_parameters(body, _SET, "SetLocLabels")
    table, row, column = localizing.target(body)
    texts = localizing.texts_in(body)
    base = texts.get(localizing.base)
    if base is not None and base != row.values.get(column):
        writer.update(writer.store.catalog.by_name[table], row, Changes({column: base}))
    localizing.keep(table, row.id, column, texts)
    return empty_answer()


def get_labels(localizing: Localizing, call: Call, key: str | None, rest: str | None) -> Answer:
    """`RetrieveLocLabels`: the parameters stand in the address, or are aliases with their values in the query string.

    Raises:
        ApiError: 400 for parameters that do not fit.
    """
    if call.method != "GET" or rest is not None:
        raise unknown_segment(rest or "RetrieveLocLabels")
    aliases = dict(parse_qsl(call.query, keep_blank_values=True))
    given = {name: aliases.get(value, value) for name, value in _PARAMETER.findall(key or "")}
    if set(given) != _GET:
        raise invalid("RetrieveLocLabels takes EntityMoniker, AttributeName and IncludeUnpublished.")
    label = localizing.label(
        moniker_of(given["EntityMoniker"]),
        given["AttributeName"].strip("'"),
        unpublished=given["IncludeUnpublished"] == "true",
    )
    context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.RetrieveLocLabelsResponse"
    content: JsonObject = {"@odata.context": context, "Label": label}
    return json_answer(200, content)
