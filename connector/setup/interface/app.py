"""The app and its site map. Both are there for nobody before the app is published, and are published together.

Dataverse gives the app its id, and puts the prefix of the publisher in front of its name; the site map belongs to the
app because it has the same name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import DataverseRefused, filters
from connector.dataverse.schema.app import App
from connector.dataverse.schema.labels import Text
from connector.dataverse.schema.resources import ICON
from connector.setup.component import Found, PropertyDifference, Publication, SetupPhase
from connector.setup.errors import SetupIncomplete, SetupRefused
from connector.setup.interface.site_map_xml import merged_site_map, same_site_map, site_map_xml
from connector.setup.interface.web_resources import ResourcePart
from connector.setup.row_parts import ACTIVE, UNPUBLISHED, RowKind, RowPart
from connector.setup.target import SetupTarget
from connector.words import Sentence

#: What an app is in a `ParameterXml`.
APP_MODULE: Final = "appmodule"
APPS: Final = RowKind(APP_MODULE, "appmodules", "appmoduleid", layered=True, published_as=APP_MODULE)
_SITE_MAPS: Final = RowKind("sitemap", "sitemaps", "sitemapid", layered=True)
#: What Dataverse answers where something is wrong with an app, such as a name that is taken.
_NOT_ACCEPTED: Final = "0x80050135"
#: The Unified Interface.
_CLIENT: Final = 4
_SITE_MAP_XML: Final = "sitemapxml"
#: Where a site map that was read has the id of its app, and the site maps that apps of ours left behind.
_APP: Final = "(app)"
_LEFT: Final = "(left)"
#: The difference of these.
_LEFT_BEHIND: Final = "leftovers"


@dataclass(frozen=True, slots=True)
class AppPart(RowPart):
    """One app."""

    kind = "app"
    phase = SetupPhase.APP
    solution_type = 80
    rows = APPS
    select = ("uniquename", "appmoduleidunique", "clienttype", "webresourceid")
    app: App
    unique_name: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.app.name

    @property
    def row_id(self) -> str:
        """The platform gives it one."""
        return ""

    @property
    def conditions(self) -> tuple[str, ...]:
        """By its unique name, with and without the prefix."""
        return tuple(filters.eq("uniquename", each) for each in self.app.unique_names)

    @property
    def texts(self) -> Mapping[str, Text]:
        """Its name, which is the same in every language, and its description."""
        return {"name": Text(self.app.name, self.app.name), "description": self.app.description}

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """Its client and its icon."""
        icon = ResourcePart(ICON)
        found = icon.read(target)
        return {"clienttype": _CLIENT, "webresourceid": icon.object_id(found) if found else icon.row_id}

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the base class
        """Its unique name, without the prefix."""
        return {"uniquename": self.unique_name or self.app.unique_name}

    @property
    def enabled(self) -> Mapping[str, object]:
        """It is active."""
        return ACTIVE

    def same(self, column: str, expected: object, found: object) -> bool:
        """Whatever the capitals of an id."""
        return expected == found or (column == "webresourceid" and str(expected).lower() == str(found).lower())

    def find(self, target: SetupTarget) -> Found | None:
        """The app with its unpublished changes, and nothing else of it."""
        return self._find(target)

    def create(self, target: SetupTarget) -> None:
        """Make it under the first of its names that is free: Dataverse may keep the name of an app that is gone.

        Raises:
            SetupRefused: none is.
        """
        for name in self.app.candidates:
            try:
                RowPart.create(replace(self, unique_name=name), target)
            except DataverseRefused as error:
                if error.dataverse_code != _NOT_ACCEPTED:
                    raise
                if self.find(target) is None:
                    continue
            return  # made now, or meanwhile by somebody else
        raise SetupRefused(
            Sentence(
                "Dataverse refuses the app {app} under each of the names {names}.",
                app=self.app.name,
                names=", ".join(self.app.candidates),
            ),
            advice="In Power Apps, see Apps for one of these names, delete it, and run the command again.",
        )

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Delete its settings, which would keep it, and the app."""
        condition = quote(f"_parentappmoduleid_value eq {self.object_id(found)}")
        for row in target.calls.rows(f"appsettings?$select=appsettingid&$filter={condition}"):
            target.calls.delete(f"appsettings({row['appsettingid']})")
        RowPart.remove(self, found, target)


@dataclass(frozen=True, slots=True)
class SiteMapPart(RowPart):
    """The site map of an app."""

    kind = "site map"
    phase = SetupPhase.APP
    solution_type = 62
    rows = _SITE_MAPS
    select = (_SITE_MAP_XML, "sitemapnameunique")
    app: App

    @property
    def name(self) -> str:
        """That of its app."""
        return self.app.name

    @property
    def row_id(self) -> str:
        """The platform gives it one."""
        return ""

    @property
    def conditions(self) -> tuple[str, ...]:
        """By the unique name of its app."""
        return tuple(filters.eq("sitemapnameunique", each) for each in self.app.unique_names)

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """The lines for what the environment has."""
        return {_SITE_MAP_XML: site_map_xml(self.app, target.languages, target.absent)}

    def written(self, found: Found, target: SetupTarget) -> Mapping[str, object]:
        """Ours, with what customers added; to a new one, what they added to the one that an app of ours left behind."""
        older = found.get(_SITE_MAP_XML) or next((each[_SITE_MAP_XML] for each in self._left(target)), None)
        return {_SITE_MAP_XML: merged_site_map(str(self.values(target)[_SITE_MAP_XML]), older)}

    def same(self, column: str, expected: object, found: object) -> bool:  # noqa: ARG002 - of the base class
        """Whether it has our lines."""
        return same_site_map(str(expected), found)

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:
        """Its names, and that it belongs to an app.

        Raises:
            SetupIncomplete: its app is not there.
        """
        app = AppPart(self.app).find(target)
        if app is None:
            raise SetupIncomplete(
                Sentence("The app {app} is not there, so it cannot have a site map.", app=self.app.name)
            )
        return {"sitemapname": self.app.name, "sitemapnameunique": app["uniquename"], "isappaware": True}

    def read(self, target: SetupTarget) -> Found | None:
        """The site map, and which app it is of."""
        found = RowPart.read(self, target)
        if found is None:
            return None
        app = AppPart(self.app).find(target)
        return {**found, _APP: AppPart(self.app).object_id(app) if app else "", _LEFT: self._left(target)}

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Its lines, that its app is there, and that no site map is left of an app that is gone."""
        differences = list(RowPart.compare(self, found, target))
        if not found[_APP]:
            differences.append(PropertyDifference(APP_MODULE, self.app.name, ""))
        if names := [str(each["sitemapnameunique"]) for each in _rows_of(found[_LEFT])]:
            differences.append(PropertyDifference(_LEFT_BEHIND, "", ", ".join(names)))
        return differences

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Write its lines, and delete what is left of an app that is gone."""
        RowPart.change(self, found, differences, target)
        for each in _rows_of(found[_LEFT]):
            RowPart.remove(self, each, target)

    def _find(self, target: SetupTarget) -> Found | None:
        """The site map of the app; where that is gone, the one that it left behind."""
        app = AppPart(self.app).find(target)
        if app is None:
            return RowPart._find(self, target)  # noqa: SLF001 - the super() of a dataclass with slots
        return next(iter(self._named(target, str(app["uniquename"]))), None)

    def _left(self, target: SetupTarget) -> Sequence[Found]:
        """The site maps of ours whose app is gone: Dataverse kept its name, so that ours has a later one by now."""
        app = AppPart(self.app).find(target)
        names = self.app.unique_names
        if app is None or app["uniquename"] not in names:
            return ()
        earlier = names[: names.index(str(app["uniquename"])) // 2 * 2]
        found = (row for name in earlier for row in self._named(target, name))
        return [row for row in found if self.object_id(row).lower() in target.members]

    def _named(self, target: SetupTarget, name: str) -> Sequence[Found]:
        source = f"{self.rows.set_name}/{UNPUBLISHED}"
        return target.calls.rows(self.query(source, filters.eq("sitemapnameunique", name)))

    def publications(self, found: Found) -> tuple[Publication, ...]:
        """Its app: Dataverse refuses to publish the site map of an app by itself."""
        app_id = str(found.get(_APP) or "")
        return (Publication(APP_MODULE, app_id),) if app_id else ()


def _rows_of(value: object) -> Sequence[Found]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, Sequence) else ()
