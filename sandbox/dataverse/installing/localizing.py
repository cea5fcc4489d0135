"""Texts of rows in several languages: `SetLocLabels` and `RetrieveLocLabels`.

The text in the base language is the value of the row. The others are kept here, and show when the row is published.
"""

import json
import re
from typing import Final
from urllib.parse import unquote

from sandbox.dataverse.customizing.knobs import Knobs
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.shapes import objects_in, text_in, whole_in
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Json, JsonObject, as_guid

#: The columns that have a text in every language, by table.
LOCALIZED: Final[dict[str, frozenset[str]]] = {
    "savedquery": frozenset({"name", "description"}),
    "systemform": frozenset({"name", "description"}),
    "webresource": frozenset({"displayname", "description"}),
    "appaction": frozenset({"buttonlabeltext", "buttontooltiptitle", "buttontooltipdescription"}),
    "appmodule": frozenset({"name", "description"}),
}
_PREFIX: Final = "Microsoft.Dynamics.CRM."
_MONIKER: Final = re.compile(r"(?P<set>\w+)\((?P<id>[0-9a-fA-F-]{36})\)")

type _Texts = dict[tuple[str, str, str], dict[int, str]]


class Localizing:
    """Keeps the texts.

    Args:
        store: the rows.
        knobs: which languages there are.
    """

    def __init__(self, store: Store, knobs: Knobs) -> None:
        self._store = store
        self._knobs = knobs
        self._texts: _Texts = {}
        self._published: _Texts = {}

    @property
    def base(self) -> int:
        """The base language."""
        return self._knobs.languages[0]

    def target(self, body: JsonObject) -> tuple[str, Row, str]:
        """The table, row and column that a `SetLocLabels` is about.

        Raises:
            ApiError: 400 for a column that has one text only, 404 for a row that is not there.
        """
        moniker = body.get("EntityMoniker")
        if not isinstance(moniker, dict):
            raise invalid("SetLocLabels takes EntityMoniker, AttributeName and Labels.")
        table = str(moniker.get("@odata.type", "")).removeprefix("#").removeprefix(_PREFIX)
        model = self._store.catalog.table(table)
        row_id = as_guid(str(moniker.get(model.id_column, ""))) if model else None
        if model is None or row_id is None:
            raise invalid("EntityMoniker must have an @odata.type and the id of a row.")
        return table, self._row(table, row_id), self._column(table, text_in(body, "AttributeName"))

    def texts_in(self, body: JsonObject) -> dict[int, str]:
        """The texts of a `SetLocLabels`.

        Raises:
            ApiError: 400 for a language that is not provisioned.
        """
        texts = {whole_in(each, "LanguageCode") or 0: text_in(each, "Label") for each in objects_in(body, "Labels")}
        for language in texts:
            if language not in self._knobs.languages:
                raise invalid(f"The language code {language} is not a valid language for this organization.")
        return texts

    def keep(self, table: str, row_id: str, column: str, texts: dict[int, str]) -> None:
        """Keep the texts in other languages than the base."""
        known = self._texts.setdefault((table, row_id, column), {})
        known.update({language: text for language, text in texts.items() if language != self.base})

    def label(self, moniker: str, column: str, *, unpublished: bool) -> JsonObject:
        """What `RetrieveLocLabels` answers, by the address of a row such as `savedqueries(guid)`.

        Raises:
            ApiError: 400 for a column that has one text only, 404 for a row that is not there.
        """
        match = _MONIKER.fullmatch(moniker)
        if match is None:
            raise invalid("EntityMoniker must be {'@odata.id':'set(guid)'}.")
        table = self._store.catalog.entity_set(match["set"]).name
        row = self._row(table, match["id"].lower())
        kept = (self._texts if unpublished else self._published).get((table, row.id, self._column(table, column)), {})
        texts = {self.base: str(row.values[column]), **kept} if row.values.get(column) else kept
        labels: list[Json] = [
            {"Label": text, "LanguageCode": language, "IsManaged": False, "MetadataId": None, "HasChanged": None}
            for language, text in texts.items()
        ]
        return {"LocalizedLabels": labels, "UserLocalizedLabel": labels[0] if labels else None}

    def publish(self, table: str, row_ids: frozenset[str] | None = None) -> None:
        """Publish the texts of rows of a table, or of all."""
        for key, texts in self._texts.items():
            if key[0] == table and (row_ids is None or key[1] in row_ids):
                self._published[key] = dict(texts)

    def clear(self) -> None:
        """Forget everything."""
        self._texts.clear()
        self._published.clear()

    def _row(self, table: str, row_id: str) -> Row:
        row = self._store.get(table, row_id)
        if row is None:
            raise invalid(f"{table} With Id = {row_id} Does Not Exist", "0x80040217")
        return row

    def _column(self, table: str, column: str) -> str:
        if column not in LOCALIZED.get(table, ()):
            raise invalid(f"The attribute {column} of {table} is not localizable.")
        return column


def moniker_of(text: str) -> str:
    """The address in `{'@odata.id':'savedqueries(guid)'}`.

    Raises:
        ApiError: 400 for another form.
    """
    try:
        found = json.loads(unquote(text).replace("'", '"'))["@odata.id"]
    except (ValueError, KeyError, TypeError):
        raise invalid("EntityMoniker must be {'@odata.id':'set(guid)'}.") from None
    return str(found)
