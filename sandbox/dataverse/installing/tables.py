"""The tables whose rows are parts of the interface: views, forms, web resources, and the commands of modern buttons."""

from typing import Final

from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.relationships import ManyToMany

VIEW_TABLE: Final = "savedquery"
FORM_TABLE: Final = "systemform"
RESOURCE_TABLE: Final = "webresource"
BUTTON_TABLE: Final = "appaction"
BUTTON_RULE_TABLE: Final = "appactionrule"
#: The pairs of buttons and rules.
BUTTON_RULES: Final = "appaction_appactionrule_classicrules"
ENTITY_TABLE: Final = "entity"
#: Rules that every environment has. Others can only be made by Microsoft.
FIRST_PARTY_RULES: Final = ("msdyn_Mscrm.SelectionCountAtLeastOne!0", "msdyn_Mscrm.SelectionCountExactlyOne!0")

#: Component types.
VIEW: Final = 26
FORM: Final = 60
RESOURCE: Final = 61

_DATES: Final = (
    Column("createdon", Kind.DATE_TIME, writable=False),
    Column("modifiedon", Kind.DATE_TIME, writable=False),
    Column("versionnumber", Kind.BIG_INTEGER, writable=False),
)
_STATES: Final = (
    Column("statecode", Kind.STATE, options={0: "Active", 1: "Inactive"}, default=0),
    Column("statuscode", Kind.STATUS, options={1: "Active", 2: "Inactive"}),
)
_STATUS_STATE: Final = {1: 0, 2: 1}
_XML: Final = 1_073_741_823

FORM_TYPES: Final = {
    0: "Dashboard", 1: "AppointmentBook", 2: "Main", 5: "Mobile - Express", 6: "Quick View Form", 7: "Quick Create",
    10: "InteractionCentricDashboard", 11: "Card", 12: "Main - Interactive experience",
}  # fmt: skip
RESOURCE_TYPES: Final = {
    1: "Webpage (HTML)", 2: "Style Sheet (CSS)", 3: "Script (JScript)", 4: "Data (XML)", 5: "PNG format",
    6: "JPG format", 7: "GIF format", 8: "Silverlight (XAP)", 9: "Style Sheet (XSL)", 10: "ICO format",
    11: "Vector format (SVG)", 12: "String (RESX)",
}  # fmt: skip


def _text(name: str, length: int = 256, *, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, length=length, required=required)


def _flag(name: str, *, default: bool = False) -> Column:
    return Column(name, Kind.YES_NO, default=default)


def _choice(name: str, options: dict[int, str], *, default: int | None = None, required: bool = False) -> Column:
    return Column(name, Kind.CHOICE, options=options, default=default, required=required)


def _lookup(name: str, target: str, navigation: str) -> Column:
    return Column(name, Kind.LOOKUP, targets=(target,), navigation={target: navigation})


INTERFACE_TABLES: Final = (
    Table(
        name=VIEW_TABLE,
        set_name="savedqueries",
        label="View",
        id_column="savedqueryid",
        name_column="name",
        columns=(
            Column("savedqueryid", Kind.ID),
            _text("name", 200, required=True),
            Column("description", Kind.MEMO, length=2000),
            _text("returnedtypecode", 64, required=True),
            Column("querytype", Kind.INTEGER, required=True),
            _flag("isdefault"),
            _flag("isquickfindquery"),
            Column("fetchxml", Kind.MEMO, length=_XML, required=True),
            Column("layoutxml", Kind.MEMO, length=_XML, required=True),
            Column("ismanaged", Kind.YES_NO, default=False, writable=False),
            *_STATES,
            *_DATES,
        ),
        status_state=_STATUS_STATE,
    ),
    Table(
        name=FORM_TABLE,
        set_name="systemforms",
        label="System Form",
        id_column="formid",
        name_column="name",
        columns=(
            Column("formid", Kind.ID),
            _text("name", 100, required=True),
            Column("description", Kind.MEMO, length=2000),
            _text("objecttypecode", 64, required=True),
            _choice("type", FORM_TYPES, required=True),
            _flag("isdefault"),
            _choice("formactivationstate", {0: "Inactive", 1: "Active"}, default=1),
            Column("formxml", Kind.MEMO, length=_XML, required=True),
            Column("ismanaged", Kind.YES_NO, default=False, writable=False),
            *_DATES,
        ),
    ),
    Table(
        name=RESOURCE_TABLE,
        set_name="webresourceset",
        label="Web Resource",
        id_column="webresourceid",
        name_column="name",
        columns=(
            Column("webresourceid", Kind.ID),
            _text("name", required=True),
            _text("displayname", 200),
            Column("description", Kind.MEMO, length=2000),
            _choice("webresourcetype", RESOURCE_TYPES, required=True),
            Column("content", Kind.MEMO, length=_XML),
            Column("languagecode", Kind.INTEGER),
            Column("ismanaged", Kind.YES_NO, default=False, writable=False),
            *_DATES,
        ),
    ),
    Table(
        name=ENTITY_TABLE,
        set_name="entities",
        label="Entity",
        id_column="entityid",
        name_column="name",
        columns=(
            Column("entityid", Kind.ID),
            Column("name", Kind.TEXT, length=64, writable=False),
            Column("logicalname", Kind.TEXT, length=64, writable=False),
        ),
    ),
    Table(
        name=BUTTON_TABLE,
        set_name="appactions",
        label="Command",
        id_column="appactionid",
        name_column="name",
        columns=(
            Column("appactionid", Kind.ID),
            _text("name", required=True),
            _text("uniquename", required=True),
            _text("buttonlabeltext"),
            _text("buttontooltiptitle"),
            _text("buttontooltipdescription"),
            _text("buttonaccessibilitytext"),
            _choice("context", {0: "All", 1: "Entity"}, default=0),
            _text("contextvalue", 100),
            _lookup("contextentity", ENTITY_TABLE, "ContextEntity"),
            _choice("location", {0: "Form", 1: "Main Grid", 2: "Sub Grid", 3: "Associated Grid"}, required=True),
            _choice("type", {0: "Standard Button", 1: "Dropdown Button", 2: "Split Button", 3: "Group"}, default=0),
            _choice("origin", {0: "Modern", 1: "Migrated"}, default=0),
            _choice("visibilitytype", {0: "None", 1: "Formula", 2: "Classic Rules"}, default=0),
            _flag("hidden"),
            _flag("isdisabled"),
            Column("sequence", Kind.DECIMAL, minimum=0, maximum=100_000_000_000, precision=10),
            _text("fonticon", 100),
            _choice("onclickeventtype", {0: "None", 1: "Formula", 2: "JavaScript"}, default=0),
            _lookup("onclickeventjavascriptwebresourceid", RESOURCE_TABLE, "OnClickEventJavaScriptWebResourceId"),
            _text("onclickeventjavascriptfunctionname"),
            Column("onclickeventjavascriptparameters", Kind.MEMO, length=4000),
            _lookup("iconwebresourceid", RESOURCE_TABLE, "IconWebResourceId"),
            *_STATES,
            *_DATES,
        ),
        status_state=_STATUS_STATE,
    ),
    Table(
        name=BUTTON_RULE_TABLE,
        set_name="appactionrules",
        label="App Action Rule",
        id_column="appactionruleid",
        name_column="name",
        columns=(
            Column("appactionruleid", Kind.ID),
            _text("name", required=True),
            _text("uniquename", required=True),
            Column("type", Kind.INTEGER),
            Column("definition", Kind.MEMO, length=100_000),
            *_DATES,
        ),
    ),
    Table(
        name=BUTTON_RULES,
        set_name=f"{BUTTON_RULES}set",
        label="Rules of a Command",
        id_column=f"{BUTTON_RULES}id",
        name_column=f"{BUTTON_RULES}id",
        columns=(
            Column(f"{BUTTON_RULES}id", Kind.ID),
            _lookup("appactionid", BUTTON_TABLE, "appactionid"),
            _lookup("appactionruleid", BUTTON_RULE_TABLE, "appactionruleid"),
        ),
    ),
)

INTERFACE_RELATIONSHIPS: Final = (
    ManyToMany(BUTTON_RULES, BUTTON_RULES, {BUTTON_TABLE: "appactionid", BUTTON_RULE_TABLE: "appactionruleid"}),
)
