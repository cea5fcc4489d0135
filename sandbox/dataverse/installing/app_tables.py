"""The tables of model-driven apps: apps, site maps, what an app shows, its settings, and the roles that see it."""

from typing import Final

from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.access.tables import ROLE
from sandbox.dataverse.relationships import ManyToMany

APP_TABLE: Final = "appmodule"
SITE_MAP_TABLE: Final = "sitemap"
APP_COMPONENT_TABLE: Final = "appmodulecomponent"
APP_SETTING_TABLE: Final = "appsetting"
APP_ROLE_TABLE: Final = "appmoduleroles"
#: The pairs of apps and roles.
APP_ROLES: Final = "appmoduleroles_association"

#: Component types.
SITE_MAP: Final = 62
APP: Final = 80

#: The icon that every environment has for apps.
DEFAULT_ICON: Final = "953b9fac-1e5e-e611-80d6-00155ded156f"

_DATES: Final = (
    Column("createdon", Kind.DATE_TIME, writable=False),
    Column("modifiedon", Kind.DATE_TIME, writable=False),
    Column("versionnumber", Kind.BIG_INTEGER, writable=False),
)
_XML: Final = 1_073_741_823


def _text(name: str, length: int = 100, *, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, length=length, required=required)


def _lookup(name: str, target: str, navigation: str = "") -> Column:
    return Column(name, Kind.LOOKUP, targets=(target,), navigation={target: navigation or name})


APP_TABLES: Final = (
    Table(
        name=APP_TABLE,
        set_name="appmodules",
        label="Model-driven App",
        id_column="appmoduleid",
        name_column="name",
        columns=(
            Column("appmoduleid", Kind.ID),
            Column("appmoduleidunique", Kind.ID, writable=False),
            _text("name", required=True),
            _text("uniquename", required=True),
            Column("description", Kind.MEMO, length=2000),
            Column("clienttype", Kind.INTEGER),
            Column("formfactor", Kind.INTEGER),
            Column("webresourceid", Kind.ID, required=True),
            Column("isfeatured", Kind.YES_NO, default=False),
            Column("isdefault", Kind.YES_NO, default=False, writable=False),
            Column("ismanaged", Kind.YES_NO, default=False, writable=False),
            Column("statecode", Kind.STATE, options={0: "Active", 1: "Inactive"}, default=0),
            Column("statuscode", Kind.STATUS, options={1: "Active", 2: "Inactive"}),
            *_DATES,
        ),
        status_state={1: 0, 2: 1},
    ),
    Table(
        name=SITE_MAP_TABLE,
        set_name="sitemaps",
        label="Site Map",
        id_column="sitemapid",
        name_column="sitemapname",
        columns=(
            Column("sitemapid", Kind.ID),
            _text("sitemapname", 200, required=True),
            _text("sitemapnameunique"),
            Column("isappaware", Kind.YES_NO, default=False),
            Column("sitemapxml", Kind.MEMO, length=_XML, required=True),
            Column("ismanaged", Kind.YES_NO, default=False, writable=False),
            *_DATES,
        ),
    ),
    Table(
        name=APP_COMPONENT_TABLE,
        set_name="appmodulecomponents",
        label="App Module Component",
        id_column="appmodulecomponentid",
        name_column="appmodulecomponentid",
        columns=(
            Column("appmodulecomponentid", Kind.ID),
            Column("componenttype", Kind.INTEGER),
            Column("objectid", Kind.ID),
            # It points to the other id of an app: a question by the id of its row finds nothing.
            _lookup("appmoduleidunique", APP_TABLE),
            *_DATES,
        ),
    ),
    Table(
        name=APP_SETTING_TABLE,
        set_name="appsettings",
        label="App Setting",
        id_column="appsettingid",
        name_column="displayname",
        columns=(
            Column("appsettingid", Kind.ID),
            _text("displayname"),
            _text("value", 4000),
            _lookup("parentappmoduleid", APP_TABLE, "ParentAppModuleId"),
            *_DATES,
        ),
    ),
    Table(
        name=APP_ROLE_TABLE,
        set_name="appmodulerolescollection",
        label="App Module Roles",
        id_column="appmoduleroleid",
        name_column="appmoduleroleid",
        columns=(Column("appmoduleroleid", Kind.ID), _lookup("appmoduleid", APP_TABLE), _lookup("roleid", ROLE)),
    ),
)

APP_RELATIONSHIPS: Final = (ManyToMany(APP_ROLES, APP_ROLE_TABLE, {APP_TABLE: "appmoduleid", ROLE: "roleid"}),)
