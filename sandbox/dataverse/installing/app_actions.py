"""The actions and functions about what an app shows.

| name                  | takes                 | answers                                        |
|-----------------------|-----------------------|------------------------------------------------|
| AddAppComponents      | `AppId`, `Components` |                                                |
| RemoveAppComponents   | `AppId`, `Components` |                                                |
| RetrieveAppComponents | `AppModuleId`         | the components, as they were published         |
| ValidateApp           | `AppModuleId`         | what is wrong with the app, published or not   |

Components are added all or none. A role is no component and is passed over; so is a table, unless the knob
`tables_in_apps` says otherwise: public clients disagree about it.
"""

import re
from dataclasses import dataclass
from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.admission import BARE, admit
from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.refusals import invalid, undeclared
from sandbox.dataverse.customizing.shapes import text_in
from sandbox.dataverse.customizing.solutions import FORM, TABLE, VIEW
from sandbox.dataverse.errors import ApiError, row_not_found, unknown_segment
from sandbox.dataverse.installing.app_tables import APP_TABLE, SITE_MAP, SITE_MAP_TABLE
from sandbox.dataverse.installing.apps import Apps
from sandbox.dataverse.installing.documents import read_xml
from sandbox.dataverse.installing.site_maps import tables_of
from sandbox.dataverse.installing.tables import ENTITY_TABLE, FORM_TABLE, RESOURCE_TABLE, VIEW_TABLE
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.privileges import require
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import Json, JsonObject, as_guid
from sandbox.dataverse.writes import Writer

#: "Web resources cannot be added to an app."
NOT_FOR_APPS: Final = "0x80050112"
NO_SITE_MAP: Final = -2147155684
#: To confirm on a real environment: which number the warning about a table without views and forms has.
NO_VIEWS: Final = -2147155683
_PARAMETER: Final = re.compile(r"\s*AppModuleId\s*=\s*([0-9a-fA-F-]{36})\s*")
_TYPE: Final = "@odata.type"
_PREFIX: Final = "Microsoft.Dynamics.CRM."
_TAKES: Final = frozenset({"AppId", "Components"})
#: The tables whose rows can be components, with their component type.
_KINDS: Final = {VIEW_TABLE: VIEW, FORM_TABLE: FORM, SITE_MAP_TABLE: SITE_MAP, ENTITY_TABLE: TABLE}
_ROLE: Final = "role"


@dataclass(frozen=True, slots=True)
class AppActions:
    """Answers them.

    Attributes:
        apps: of the environment.
    """

    apps: Apps

    def add(self, call: Call, writer: Writer) -> Answer:
        """`AddAppComponents`.

        Raises:
            ApiError: 400 for what cannot be a component, 404 for what is not there; nothing is added then.
        """
        app, components = self._read(call, writer, "AddAppComponents")
        for kind, object_id in components:
            self.apps.add(app, kind, object_id)
        return empty_answer()

    def remove(self, call: Call, writer: Writer) -> Answer:
        """`RemoveAppComponents`.

        Raises:
            ApiError: as `add`.
        """
        app, components = self._read(call, writer, "RemoveAppComponents")
        for kind, object_id in components:
            self.apps.take(app, kind, object_id)
        return empty_answer()

    def retrieve(self, call: Call, key: str | None, rest: str | None) -> Answer:
        """`RetrieveAppComponents(AppModuleId=guid)`.

        Raises:
            ApiError: 404 for an app that was never published.
        """
        app = self._asked(call, key, rest)
        known = self.apps.published.get(app.id)
        if known is None:
            raise row_not_found(APP_TABLE, app.id)
        shown = self.apps.shown(app)
        rows: list[Json] = [
            {
                "appmodulecomponentid": shown[each].id if each in shown else None,
                "componenttype": each[0],
                "objectid": each[1],
            }
            for each in sorted(known)
        ]
        return json_answer(200, {"@odata.context": f"{call.root}/$metadata#appmodulecomponents", "value": rows})

    def validate(self, call: Call, key: str | None, rest: str | None) -> Answer:
        """`ValidateApp(AppModuleId=guid)`.

        Raises:
            ApiError: 404 for an app that is not there.
        """
        app = self._asked(call, key, rest)
        issues = self._issues(app)
        content: JsonObject = {
            "@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.ValidateAppResponse",
            "AppValidationResponse": {
                "ValidationSuccess": not any(each["ErrorType"] == "Error" for each in issues),
                "ValidationIssueList": list[Json](issues),
            },
        }
        return json_answer(200, content)

    def _issues(self, app: Row) -> list[JsonObject]:
        shown = self.apps.shown(app)
        maps = [row for row in self.apps.site_maps(app) if (SITE_MAP, row.id) in shown]
        if not maps:
            return [_issue("Error", "App does not contain a site map.", NO_SITE_MAP)]
        store = self.apps.parts.store
        with_views = {
            str(row.values.get(column))
            for (kind, object_id) in shown
            for table, column in ((VIEW_TABLE, "returnedtypecode"), (FORM_TABLE, "objecttypecode"))
            if _KINDS[table] == kind and (row := store.get(table, object_id)) is not None
        }
        root = read_xml(maps[0].values["sitemapxml"], "sitemapxml")
        return [
            _issue("Warning", f"The table {table} has no views and forms in the app: all of them show.", NO_VIEWS)
            for table in sorted(set(tables_of(root)) - with_views)
        ]

    def _asked(self, call: Call, key: str | None, rest: str | None) -> Row:
        if call.method != "GET":
            raise ApiError(405, errors.BAD_QUERY, f"The resource does not support http method '{call.method}'.")
        match = _PARAMETER.fullmatch(key or "")
        if match is None or rest is not None:
            raise unknown_segment(rest or call.path)
        admit(call, parse_query(call.query) if call.query else {}, BARE)
        if not call.user.role.allows(Verb.READ, APP_TABLE):
            raise errors.missing_privilege(call.user.id, f"prvRead{APP_TABLE}", APP_TABLE)
        return self.apps.find(match[1].lower())

    def _read(self, call: Call, writer: Writer, name: str) -> tuple[Row, list[tuple[int, str]]]:
        require(writer.caller, Verb.WRITE, writer.store.catalog.by_name[APP_TABLE])
        body = call.json()
        check_parameters(body, _TAKES, name)
        items = body.get("Components")
        if set(body) != _TAKES or not isinstance(items, list) or not items:
            raise invalid(f"{name} takes AppId and Components.")
        app = self.apps.find(as_guid(text_in(body, "AppId")))
        found = [self._component(item, name) for item in items]
        return app, [each for each in found if each is not None]

    def _component(self, item: Json, name: str) -> tuple[int, str] | None:
        """The type and id of a component; None for one that is passed over."""
        kind = item.get(_TYPE) if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(kind, str):
            raise invalid(f"A component of {name} is an object with its type.")
        table = kind.removeprefix("#").removeprefix(_PREFIX)
        if table == RESOURCE_TABLE:
            raise ApiError(400, NOT_FOR_APPS, "A web resource cannot be a component of an app.")
        if table not in _KINDS and table != _ROLE:
            raise invalid(f"'{kind}' cannot be a component of an app.")
        id_column = self.apps.parts.catalog.by_name[table].id_column
        for each in item:
            if each not in (_TYPE, id_column):
                raise undeclared(each, table)
        object_id = as_guid(text_in(item, id_column))
        if object_id is None or self.apps.parts.store.get(table, object_id) is None:
            raise row_not_found(table, text_in(item, id_column))
        if table == _ROLE or (table == ENTITY_TABLE and not self.apps.parts.knobs.tables_in_apps):
            return None
        return _KINDS[table], object_id


def _issue(kind: str, message: str, code: int) -> JsonObject:
    return {"ErrorType": kind, "Message": message, "CRMErrorCode": code}
