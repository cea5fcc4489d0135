"""What an app shows (tables, views, forms, dashboards, its site map), and which roles see it.

Both hang on the app and go with it. What customers add to the app stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import NotFound, filters
from connector.dataverse.schema import TABLES
from connector.dataverse.schema.app import App
from connector.dataverse.schema.forms import FORMS
from connector.dataverse.schema.interface import ViewKind
from connector.dataverse.schema.views import VIEWS
from connector.setup.component import Found, Part, PropertyDifference, Publication, SetupPhase
from connector.setup.errors import SetupIncomplete
from connector.setup.interface.app import APP_MODULE, AppPart, SiteMapPart
from connector.setup.interface.forms import MAIN_FORM, FormPart, dashboard_id
from connector.setup.interface.views import view_id
from connector.setup.target import SetupTarget
from connector.words import Sentence

_TYPE: Final = "Microsoft.Dynamics.CRM."
_APP_ID: Final = "appmoduleid"
#: Where an app that was read has the ids of what it shows.
_SHOWN: Final = "(components)"
_VALID: Final = "validation"
_ROLES: Final = "appmoduleroles_association"


@dataclass(frozen=True, slots=True)
class _Item:
    """One component that an app shows.

    Attributes:
        name: for people.
        table: of which it is a row, and the column of its id.
        id: its id.
    """

    name: str
    table: tuple[str, str]
    id: str

    @property
    def reference(self) -> dict[str, str]:
        """As `AddAppComponents` takes it."""
        table, column = self.table
        return {"@odata.type": f"{_TYPE}{table}", column: self.id}


_VIEW: Final = ("savedquery", "savedqueryid")
_FORM: Final = ("systemform", "formid")
_SITE_MAP: Final = ("sitemap", "sitemapid")
_TABLE: Final = ("entity", "entityid")
_FORM_COLUMNS: Final = ("formid", "objecttypecode", "isdefault", "formactivationstate")


@dataclass(frozen=True, slots=True)
class AppContentsPart(Part):
    """What an app shows. Of tables of the customer it names no view and no form: then all of them show."""

    kind = "contents of app"
    phase = SetupPhase.APP
    app: App

    @property
    def name(self) -> str:
        """That of the app."""
        return self.app.name

    @property
    def part_of(self) -> str:
        """The app."""
        return f"{AppPart.kind} {self.app.name}"

    def publications(self, found: Found) -> tuple[Publication, ...]:
        """The app."""
        return (Publication(APP_MODULE, str(found[_APP_ID])),)

    def read(self, target: SetupTarget) -> Found | None:
        """The app with what it shows, published or not; None where the app is not there."""
        app = AppPart(self.app).find(target)
        return None if app is None else {**app, _SHOWN: _shown(app, target)}

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """What is missing; and, where nothing is, what Dataverse finds wrong with the app."""
        differences = [PropertyDifference(each.name, "shown", "") for each in self._missing(found, target)]
        if not differences and (problem := _problem(found, target)):
            differences.append(PropertyDifference(_VALID, "no errors", problem))
        return differences

    def create(self, target: SetupTarget) -> None:  # noqa: ARG002 - of the protocol
        """An app is made before what it shows.

        Raises:
            SetupIncomplete: it is not there.
        """
        raise SetupIncomplete(Sentence("The app {app} is not there.", app=self.app.name))

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Add what is missing, all in one call.

        Raises:
            SetupIncomplete: nothing is missing, and Dataverse finds the app not valid all the same.
        """
        problem = next((each.found for each in differences if each.property == _VALID), "")
        if problem:
            raise SetupIncomplete(
                Sentence("Dataverse does not accept the app {app}. {problem}", app=self.app.name, problem=problem)
            )
        items = [*self._tables(target), *self._missing(found, target)]
        body = {"AppId": found[_APP_ID], "Components": [each.reference for each in items]}
        target.calls.act("AddAppComponents", body)

    def remove(self, found: Found, target: SetupTarget) -> None:
        """It goes with the app."""

    def _missing(self, found: Found, target: SetupTarget) -> list[_Item]:
        shown = found.get(_SHOWN)
        present = shown if isinstance(shown, frozenset) else frozenset()
        return [each for each in self._wanted(target) if each.id.lower() not in present]

    def _wanted(self, target: SetupTarget) -> Iterator[_Item]:
        """The site map, the dashboards, and of our tables the views of ours and the main form."""
        site_map = SiteMapPart(self.app).read(target)
        if site_map is not None:
            yield _Item("site map", _SITE_MAP, str(site_map["sitemapid"]))
        for entry in self.app.entries:
            if entry.dashboard:
                yield _Item(f"dashboard {entry.dashboard}", _FORM, dashboard_id(entry.dashboard))
        own, coming = self._own(target), self._coming(target)
        for view in VIEWS:
            if view.table in (*own, *coming) and view.kind is ViewKind.PUBLIC:
                yield _Item(f"view {view.table}.{view.name}", _VIEW, view_id(view.table, view.name))
        condition = "querytype eq 0 and isdefault eq true"
        for row in _of_tables(target, "savedqueries", ("savedqueryid", "returnedtypecode"), condition, own):
            yield _Item(f"default view {row['returnedtypecode']}", _VIEW, str(row["savedqueryid"]))
        forms = _of_tables(target, "systemforms", _FORM_COLUMNS, f"type eq {MAIN_FORM}", own)
        for form in (each for each in FORMS if each.table in own):
            of_table = [row for row in forms if row["objecttypecode"] == form.table]
            chosen = FormPart(form).chosen(of_table) if of_table else None
            if chosen is not None:
                yield _Item(f"form {form.table}", _FORM, str(chosen["formid"]))
        yield from (_Item(f"default view {name}", _VIEW, "") for name in coming)
        yield from (_Item(f"form {form.table}", _FORM, "") for form in FORMS if form.table in coming)

    def _tables(self, target: SetupTarget) -> list[_Item]:
        """Every table that a line leads to. They come into the app with the site map too, and are not read back."""
        return [
            _Item(entry.table, _TABLE, str(found["MetadataId"]))
            for entry in self.app.entries
            if entry.table and (found := _definition(target, entry.table)) is not None
        ]

    def _own(self, target: SetupTarget) -> list[str]:
        """The tables of ours that are there."""
        return [name for name in self._own_names if _definition(target, name) is not None]

    def _coming(self, target: SetupTarget) -> list[str]:
        """The tables of ours that are still to be made: their default view and form have no id yet."""
        return [name for name in self._own_names if name in target.coming]

    @property
    def _own_names(self) -> Sequence[str]:
        """The tables of ours that a line leads to."""
        named = (entry.table for entry in self.app.entries if entry.table and TABLES[entry.table].own)
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class AppRolePart(Part):
    """That a role sees an app."""

    kind = "role of app"
    phase = SetupPhase.APP_ROLES
    app: App
    role: str

    @property
    def name(self) -> str:
        """App and role."""
        return f"{self.app.name}.{self.role}"

    @property
    def part_of(self) -> str:
        """The app."""
        return f"{AppPart.kind} {self.app.name}"

    def read(self, target: SetupTarget) -> Found | None:
        """The role, where it has the app; an app that was not published has no roles."""
        app = AppPart(self.app).find(target)
        if app is None:
            return None
        answer = target.calls.find(f"appmodules({app[_APP_ID]})/{_ROLES}?$select=roleid,name")
        rows = answer.get("value") if answer else None
        names = rows if isinstance(rows, list) else []
        return next((row for row in names if isinstance(row, Mapping) and row.get("name") == self.role), None)

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:  # noqa: ARG002 - of the protocol
        """It is there or not."""
        return []

    def create(self, target: SetupTarget) -> None:
        """Give the app to the role of the root unit.

        Raises:
            SetupIncomplete: the app or the role is not there, or the app was not published after all.
        """
        app = AppPart(self.app).find(target)
        condition = quote(f"{filters.eq('name', self.role)} and _parentroleid_value eq null")
        roles = target.calls.rows(f"roles?$select=roleid&$filter={condition}")
        if app is None or not roles:
            raise SetupIncomplete(
                Sentence("The app {app} or the role {role} is not there.", app=self.app.name, role=self.role)
            )
        try:
            target.calls.refer(f"appmodules({app[_APP_ID]})/{_ROLES}/$ref", f"roles({roles[0]['roleid']})")
        except NotFound:
            raise SetupIncomplete(Sentence("The app {app} was not published.", app=self.app.name)) from None

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Nothing of it can differ."""

    def remove(self, found: Found, target: SetupTarget) -> None:
        """It goes with the app."""


def _shown(app: Found, target: SetupTarget) -> frozenset[str]:
    """The ids of what an app shows: as it is now, and, where that table leaves rows out, as it was published."""
    condition = quote(f"_appmoduleidunique_value eq {app['appmoduleidunique']}")
    rows: list[object] = [*target.calls.rows(f"appmodulecomponents?$select=objectid,componenttype&$filter={condition}")]
    published = target.calls.find(f"RetrieveAppComponents(AppModuleId={app[_APP_ID]})")
    more = published.get("value") if published else None
    rows += more if isinstance(more, list) else []
    return frozenset(str(row["objectid"]).lower() for row in rows if isinstance(row, Mapping) and row.get("objectid"))


def _problem(app: Found, target: SetupTarget) -> str:
    """The first error that Dataverse finds; warnings do not keep an app from being used."""
    answer = target.calls.get(f"ValidateApp(AppModuleId={app[_APP_ID]})").get("AppValidationResponse")
    issues = answer.get("ValidationIssueList") if isinstance(answer, Mapping) else None
    for each in issues if isinstance(issues, list) else ():
        if isinstance(each, Mapping) and each.get("ErrorType") == "Error":
            return str(each.get("Message") or each.get("CRMErrorCode") or "error")
    return ""


def _definition(target: SetupTarget, table: str) -> Found | None:
    return target.calls.find(f"EntityDefinitions(LogicalName='{table}')?$select=MetadataId")


def _of_tables(
    target: SetupTarget, rows: str, columns: tuple[str, ...], condition: str, tables: Sequence[str]
) -> Sequence[Found]:
    """The rows about some tables, which the second column names."""
    if not tables:
        return []
    which = filters.in_(columns[1], tables)
    return target.calls.rows(f"{rows}?$select={','.join(columns)}&$filter={quote(f'{condition} and {which}')}")
