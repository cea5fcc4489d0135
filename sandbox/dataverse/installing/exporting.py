"""What the file of a solution has of the interface: views, forms, web resources and apps, as they were published."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from sandbox.dataverse.customizing.definitions import TableDefinition
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.publishing import Layers
from sandbox.dataverse.installing.app_tables import APP_TABLE, SITE_MAP_TABLE
from sandbox.dataverse.installing.tables import FORM_TABLE, RESOURCE_TABLE, VIEW_TABLE
from sandbox.dataverse.store import Row

#: The code of a table is left out: another environment has another one.
_CODE: Final = re.compile(r'(<grid\b[^>]*?)\s+object="\d+"')


@dataclass(frozen=True, slots=True)
class InterfaceExport:
    """Writes the interface of a solution.

    Attributes:
        parts: of the environment.
        layers: which rows have unpublished changes.
    """

    parts: Parts
    layers: Layers

    def of_table(self, table: TableDefinition, members: Set[str]) -> str:
        """The forms and views of a table: all of one that is wholly in the solution, else those that are members."""
        forms = "".join(
            f"<systemform><formid>{{{row.id}}}</formid>{row.values['formxml']}</systemform>"
            for row in self._published(FORM_TABLE)
            if row.values.get("objecttypecode") == table.name and (table.custom or row.id in members)
        )
        views = "".join(
            f"<savedquery><savedqueryid>{{{row.id}}}</savedqueryid><querytype>{row.values['querytype']}</querytype>"
            f"<layoutxml>{_CODE.sub(r'\1', str(row.values['layoutxml']))}</layoutxml>"
            f"<fetchxml>{row.values['fetchxml']}</fetchxml></savedquery>"
            for row in self._published(VIEW_TABLE)
            if row.values.get("returnedtypecode") == table.name and (table.custom or row.id in members)
        )
        return f'<FormXml><forms type="main">{forms}</forms></FormXml><SavedQueries>{views}</SavedQueries>'

    def of_solution(self, members: Set[str]) -> str:
        """Dashboards, web resources, apps and site maps."""
        dashboards = "".join(
            f"<Dashboard><FormId>{{{row.id}}}</FormId><FormXml>{row.values['formxml']}</FormXml></Dashboard>"
            for row in self._published(FORM_TABLE)
            if row.values.get("objecttypecode") == "none" and row.id in members
        )
        resources = "".join(
            f"<WebResource><WebResourceId>{{{row.id}}}</WebResourceId><Name>{escape(str(row.values['name']))}</Name>"
            f"<WebResourceType>{row.values['webresourcetype']}</WebResourceType>"
            f"<Content value={quoteattr(str(row.values.get('content') or ''))} /></WebResource>"
            for row in self._published(RESOURCE_TABLE)
            if row.id in members
        )
        maps = "".join(
            f"<AppModuleSiteMap><SiteMapUniqueName>{row.values['sitemapnameunique']}</SiteMapUniqueName>"
            f"{row.values['sitemapxml']}</AppModuleSiteMap>"
            for row in self._published(SITE_MAP_TABLE)
            if row.id in members
        )
        apps = "".join(
            f"<AppModule><UniqueName>{row.values['uniquename']}</UniqueName></AppModule>"
            for row in self._published(APP_TABLE)
            if row.id in members
        )
        return (
            f"<Dashboards>{dashboards}</Dashboards><WebResources>{resources}</WebResources>"
            f"<AppModuleSiteMaps>{maps}</AppModuleSiteMaps><AppModules>{apps}</AppModules>"
        )

    def _published(self, table: str) -> Iterator[Row]:
        for row_id in sorted(self.parts.store.tables[table].rows):
            row = self.layers.published(table, row_id)
            if row is not None:
                yield row
