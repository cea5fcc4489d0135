"""The rules of model-driven apps, and who sees which.

An app is there for nobody before it is published, but its name is taken. What it shows is in `appmodulecomponents` at
once, and for `RetrieveAppComponents` once the app is published.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from sandbox.dataverse.access.rights import Rights, root_of
from sandbox.dataverse.access.tables import ROLE
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.publishing import Layers
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.solution_tables import DEFAULT_SOLUTION, PUBLISHER, Rules
from sandbox.dataverse.errors import ApiError, row_not_found
from sandbox.dataverse.installing.app_tables import (
    APP_COMPONENT_TABLE,
    APP_ROLE_TABLE,
    APP_SETTING_TABLE,
    APP_TABLE,
    DEFAULT_ICON,
    SITE_MAP_TABLE,
)
from sandbox.dataverse.installing.localizing import Localizing
from sandbox.dataverse.installing.tables import RESOURCE_TABLE
from sandbox.dataverse.placing import place
from sandbox.dataverse.privileges import require
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row
from sandbox.dataverse.users import Caller
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import Writer

#: "One or more validation errors of an app"; the message is the number of the error itself.
APP_REFUSED: Final = "0x80050135"
NAME_TAKEN: Final = "-2147155681"
REFERENCED: Final = "0x80048d21"
#: The Unified Interface, the only client that shows apps.
_UNIFIED: Final = 4
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")
#: The columns that nobody can change.
_FIXED: Final = ("uniquename", "appmoduleidunique")


@dataclass(slots=True)
class Apps:
    """The apps of an environment.

    Attributes:
        parts: of the environment.
        layers: which rows have unpublished changes.
        localizing: texts in several languages.
        rights: the roles of users.
        taken: the names of apps that are gone, in small letters.
        published: by the id of an app, what it shows since it was published.
    """

    parts: Parts
    layers: Layers
    localizing: Localizing
    rights: Rights
    taken: set[str] = field(default_factory=set)
    published: dict[str, frozenset[tuple[int, str]]] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget everything."""
        self.taken.clear()
        self.published.clear()

    def find(self, app_id: str | None) -> Row:
        """An app, published or not.

        Raises:
            ApiError: 404.
        """
        row = self.parts.store.get(APP_TABLE, app_id) if app_id else None
        if row is None:
            raise row_not_found(APP_TABLE, str(app_id))
        return row

    def shown(self, app: Row) -> dict[tuple[int, str], Row]:
        """What an app shows, by component type and id."""
        data = self.parts.store.tables[APP_COMPONENT_TABLE]
        rows = [data.rows[each] for each in data.having("_appmoduleidunique_value", app.values["appmoduleidunique"])]
        return {(int(str(row.values["componenttype"])), str(row.values["objectid"])): row for row in rows}

    def add(self, app: Row, kind: int, object_id: str) -> None:
        """Show something in an app, once."""
        if (kind, object_id) not in self.shown(app):
            unique = {"appmoduleidunique": (APP_TABLE, str(app.values["appmoduleidunique"]))}
            values: dict[str, Scalar] = {"componenttype": kind, "objectid": object_id}
            place(self.parts.store, self.parts.clock, APP_COMPONENT_TABLE, str(uuid4()), values, unique)

    def take(self, app: Row, kind: int, object_id: str) -> None:
        """Show something in an app no longer."""
        row = self.shown(app).get((kind, object_id))
        if row is not None:
            self.parts.store.tables[APP_COMPONENT_TABLE].remove(row.id)

    def site_maps(self, app: Row) -> list[Row]:
        """The site map that belongs to an app, by its name."""
        rows = self.parts.store.tables[SITE_MAP_TABLE].rows.values()
        return [row for row in rows if row.values["sitemapnameunique"] == app.values["uniquename"]]

    def publish(self, app_ids: frozenset[str] | None) -> None:
        """Publish apps, each with its site map and with what it shows.

        Raises:
            ApiError: 404 for an app that is not there.
        """
        for app_id in sorted(self.parts.store.tables[APP_TABLE].rows if app_ids is None else app_ids):
            app = self.find(app_id)
            maps = frozenset(row.id for row in self.site_maps(app))
            for table, row_ids in ((APP_TABLE, frozenset({app_id})), (SITE_MAP_TABLE, maps)):
                self.layers.publish(table, row_ids)
                self.localizing.publish(table, row_ids)
            self.published[app_id] = frozenset(self.shown(app))

    @staticmethod
    def publish_site_maps(ids: frozenset[str] | None) -> None:
        """Site maps of apps are published with their app.

        Raises:
            ApiError: 400 where one is named.
        """
        if ids:
            raise invalid("A site map of an app cannot be published by itself.")

    def check_role(self, writer: Writer, rows: Mapping[str, Row]) -> None:
        """Check that a role may see an app: an app that was published, and a role of the root unit.

        Raises:
            ApiError: 403 without the right to change apps, 404 for an app that nobody sees, 400 for a role of a unit.
        """
        app, role = rows[APP_TABLE], rows[ROLE]
        require(writer.caller, Verb.WRITE, writer.store.catalog.by_name[APP_TABLE])
        if self.layers.published(APP_TABLE, app.id) is None:
            raise row_not_found(APP_TABLE, app.id)
        if role.values.get("_parentroleid_value") is not None:
            raise invalid("An app is given to roles of the root business unit only.")

    @contextmanager
    def as_seen_by(self, caller: Caller, table: str) -> Iterator[None]:
        """Meanwhile, the store has only the apps that a user sees.

        Whoever may make and change apps sees all. Others see those that one of their roles was given.
        """
        role = caller.user.role
        sees_all = table != APP_TABLE or (role.allows(Verb.CREATE, APP_TABLE) and role.allows(Verb.WRITE, APP_TABLE))
        data = self.parts.store.tables[APP_TABLE]
        hidden = [] if sees_all else [row for row in data.rows.values() if not self._is_given(row, caller.user.id)]
        for row in hidden:
            data.remove(row.id)
        try:
            yield
        finally:
            for row in hidden:
                data.put(row)

    def _is_given(self, app: Row, user_id: str) -> bool:
        pairs = self.parts.store.tables[APP_ROLE_TABLE]
        given = {pairs.rows[each].values["_roleid_value"] for each in pairs.having("_appmoduleid_value", app.id)}
        return any({role.id, root_of(role)} & given for role in self.rights.roles_of(user_id))


@dataclass(slots=True)
class AppRules(Rules):
    """Checks apps.

    Attributes:
        apps: of the environment.
    """

    apps: Apps

    def before_create(self, writer: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Check a new app, and put the prefix of the publisher in front of its name.

        Raises:
            ApiError: 400 for a name that is taken or has other characters, another client, and an icon that is not
                there.
        """
        name = str(values["uniquename"])
        if not _NAME.fullmatch(name):
            raise ApiError(400, APP_REFUSED, "The unique name of an app has letters and digits only.")
        if not self.apps.parts.knobs.plain_app_names:
            name = f"{self._prefix(writer.caller.solution)}_{name}"
        rows = self.apps.parts.store.tables[APP_TABLE].rows.values()
        if name.lower() in self.apps.taken | {str(row.values["uniquename"]).lower() for row in rows}:
            raise ApiError(400, APP_REFUSED, NAME_TAKEN)
        if values.get("clienttype") != _UNIFIED:
            raise invalid(f"The clienttype of an app must be {_UNIFIED}.")
        self._check_icon(values)
        values["uniquename"], values["appmoduleidunique"] = name, str(uuid4())
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change.

        Raises:
            ApiError: 400 for another name, and for an icon that is not there.
        """
        for name in _FIXED:
            if values.get(name, old.values.get(name)) != old.values.get(name):
                raise invalid(f"The property {name} of an app cannot be changed.")
        self._check_icon({**old.values, **values})

    def before_delete(self, writer: Writer, row: Row) -> None:
        """Take along what it shows.

        Raises:
            ApiError: 400 `0x80048d21` while it has settings.
        """
        settings = writer.store.tables[APP_SETTING_TABLE]
        if settings.having("_parentappmoduleid_value", row.id):
            message = "The object cannot be deleted because it is referenced by another record: appsetting."
            raise ApiError(400, REFERENCED, message)
        for component in self.apps.shown(row).values():
            writer.transaction.remove(APP_COMPONENT_TABLE, component.id)
        self.apps.published.pop(row.id, None)
        if self.apps.parts.knobs.app_names_stay:
            self.apps.taken.add(str(row.values["uniquename"]).lower())

    def _prefix(self, solution: str) -> str:
        parts = self.apps.parts
        row = parts.solutions.find(solution or DEFAULT_SOLUTION)
        publisher = parts.store.tables[PUBLISHER].rows[str(row.values["_publisherid_value"])]
        return str(publisher.values["customizationprefix"])

    def _check_icon(self, values: dict[str, Scalar]) -> None:
        icon = str(values["webresourceid"])
        if icon != DEFAULT_ICON and self.apps.parts.store.get(RESOURCE_TABLE, icon) is None:
            raise row_not_found(RESOURCE_TABLE, icon)


class AppComponentRules(Rules):
    """What an app shows is changed by `AddAppComponents` and `RemoveAppComponents` only."""

    def before_create(self, _: Writer, _values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Refuse.

        Raises:
            ApiError: 400.
        """
        raise invalid("The stand-in takes the components of an app by AddAppComponents only.")

    def before_update(self, _: Row, _values: dict[str, Scalar]) -> None:
        """Refuse.

        Raises:
            ApiError: 400.
        """
        raise invalid("The components of an app cannot be changed.")

    def before_delete(self, _: Writer, _row: Row) -> None:
        """Refuse.

        Raises:
            ApiError: 400.
        """
        raise invalid("The stand-in takes components from an app by RemoveAppComponents only.")
