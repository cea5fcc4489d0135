"""The interface of an environment, put together: rules, layers, texts, and what comes and goes with a table."""

from collections.abc import Callable
from typing import Final
from uuid import uuid4

from sandbox.dataverse.access.rights import Rights
from sandbox.dataverse.associating import PairCheck
from sandbox.dataverse.calls import Answer, Call
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.publishing import Layers, Publishing
from sandbox.dataverse.fetchxml.running import Fetcher
from sandbox.dataverse.installing.actions import get_labels, set_labels
from sandbox.dataverse.installing.app_actions import AppActions
from sandbox.dataverse.installing.app_tables import APP_COMPONENT_TABLE, APP_ROLES, APP_TABLE, SITE_MAP_TABLE
from sandbox.dataverse.installing.app_uses import uses_of_apps
from sandbox.dataverse.installing.apps import AppComponentRules, AppRules, Apps
from sandbox.dataverse.installing.exporting import InterfaceExport
from sandbox.dataverse.installing.forms import FormRules
from sandbox.dataverse.installing.fresh import add_fresh, remove_fresh
from sandbox.dataverse.installing.localizing import Localizing
from sandbox.dataverse.installing.resources import ButtonRules, ConditionRules, ResourceRules
from sandbox.dataverse.installing.site_maps import SiteMapRules
from sandbox.dataverse.installing.tables import (
    BUTTON_RULE_TABLE,
    BUTTON_TABLE,
    FIRST_PARTY_RULES,
    FORM_TABLE,
    RESOURCE_TABLE,
    VIEW_TABLE,
)
from sandbox.dataverse.installing.uses import uses
from sandbox.dataverse.installing.views import ViewRules
from sandbox.dataverse.placing import place
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import TableRules, Writer

#: The rows that are published with their table, and the column that names it.
WITH_TABLE: Final = {VIEW_TABLE: "returnedtypecode", FORM_TABLE: "objecttypecode"}
#: The rows that are published by their ids, by the list of a `ParameterXml`.
BY_ID: Final = {"webresources": RESOURCE_TABLE, "dashboards": FORM_TABLE}
#: The tables whose new rows do not show before they are published, and those whose changes do not.
INVISIBLE: Final = frozenset({APP_TABLE, SITE_MAP_TABLE})
LAYERED: Final = frozenset({VIEW_TABLE, FORM_TABLE, RESOURCE_TABLE})
_MULTIPLE: Final = "Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple"
_SINGLE: Final = "Microsoft.Dynamics.CRM.RetrieveUnpublished"


class Installing:
    """Everything about views, forms, web resources, buttons and apps.

    Attributes:
        layers: which rows have unpublished changes.
        localizing: texts in several languages.
        apps: what they show, and who sees them.
        exporting: what the file of a solution has of them.

    Args:
        parts: of the environment.
        publishing: tells what is published.
        fetcher: reads the queries of views.
        rights: the roles of users, which decide who sees an app.
    """

    def __init__(self, parts: Parts, publishing: Publishing, fetcher: Fetcher, rights: Rights) -> None:
        self._parts = parts
        self._fetcher = fetcher
        self.layers = Layers(parts.store, INVISIBLE, LAYERED)
        self.localizing = Localizing(parts.store, parts.knobs)
        self.apps = Apps(parts, self.layers, self.localizing, rights)
        self._app_actions = AppActions(self.apps)
        self.exporting = InterfaceExport(parts, self.layers)
        parts.dependants.append(lambda kind, object_id: uses(parts, self.layers, kind, object_id))
        parts.dependants.append(lambda kind, object_id: uses_of_apps(parts, kind, object_id))
        parts.when_settled.append(lambda table: add_fresh(parts, table))
        parts.when_removed.append(lambda table: remove_fresh(parts, table))
        publishing.when("entities", self._publish_tables)
        publishing.when("appmodules", self.apps.publish)
        publishing.when("sitemaps", self.apps.publish_site_maps)
        for kind, table in BY_ID.items():
            publishing.when(kind, lambda ids, table=table: self._publish(table, ids))  # type: ignore[misc]

    @property
    def actions(self) -> dict[str, Callable[[Call, Writer], Answer]]:
        """The actions that belong to no table."""
        return {
            "SetLocLabels": lambda call, writer: set_labels(self.localizing, call, writer),
            "AddAppComponents": self._app_actions.add,
            "RemoveAppComponents": self._app_actions.remove,
        }

    @property
    def functions(self) -> dict[str, Callable[[Call, str | None, str | None], Answer]]:
        """The functions that belong to no table."""
        return {
            "RetrieveLocLabels": lambda call, key, rest: get_labels(self.localizing, call, key, rest),
            "RetrieveAppComponents": self._app_actions.retrieve,
            "ValidateApp": self._app_actions.validate,
        }

    @property
    def pair_checks(self) -> dict[str, PairCheck]:
        """What is checked of the pairs of some relationships."""
        return {APP_ROLES: self.apps.check_role}

    def rules(self) -> dict[str, TableRules]:
        """The rules of the tables."""
        return {
            VIEW_TABLE: ViewRules(self._parts, self._fetcher),
            FORM_TABLE: FormRules(self._parts),
            RESOURCE_TABLE: ResourceRules(self._parts),
            BUTTON_TABLE: ButtonRules(self._parts),
            BUTTON_RULE_TABLE: ConditionRules(),
            APP_TABLE: AppRules(self.apps),
            APP_COMPONENT_TABLE: AppComponentRules(),
            SITE_MAP_TABLE: SiteMapRules(self._parts),
        }

    def begin(self) -> None:
        """Put the rules of buttons in place that the platform has; their ids differ between environments."""
        for name in FIRST_PARTY_RULES:
            values: dict[str, Scalar] = {"name": name.removeprefix("msdyn_"), "uniquename": name, "type": 0}
            place(self._parts.store, self._parts.clock, BUTTON_RULE_TABLE, str(uuid4()), values)

    def seed(self) -> None:
        """Give every table its views and forms."""
        for table in list(self._parts.definitions.tables.values()):
            add_fresh(self._parts, table)

    def reset(self) -> None:
        """Be as at the start, but for the rows."""
        self.layers.clear()
        self.localizing.clear()
        self.apps.clear()

    def _publish_tables(self, names: frozenset[str] | None) -> None:
        for table, column in WITH_TABLE.items():
            rows = self._parts.store.tables[table].rows.values()
            wanted = frozenset(row.id for row in rows if names is None or str(row.values.get(column)) in names)
            self._publish(table, wanted)

    def _publish(self, table: str, row_ids: frozenset[str] | None) -> None:
        self.layers.publish(table, row_ids)
        self.localizing.publish(table, row_ids)


def wants_unpublished(call: Call, rest: str | None) -> bool:
    """Whether a request is for the unpublished layer of rows: a function that is bound to a set or to a row."""
    return call.method == "GET" and (rest or "").removesuffix("()") in (_MULTIPLE, _SINGLE)


__all__ = ["Answer", "Installing", "wants_unpublished"]
