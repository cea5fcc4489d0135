"""What somebody can add to each kind of component after a set-up; it stays, whatever else is set back.

`ADDITIONS` has what the platform allows, and `WITHOUT_ADDITIONS` says why the rest is not there.
"""

import re
from uuid import uuid4

from connector.setup.interface.xml_compare import read_xml
from tests.contract.setup.drifts import (
    CHOICE,
    CRM,
    DASHBOARD,
    JOB,
    STEP,
    VIEW,
    VISITOR,
    WRONG,
    Drift,
    Ends,
    add_privilege,
    address_of,
    of_choice,
    of_column,
    of_table,
    patch_and_publish,
    publisher_address,
)
from tests.contract.setup.interface_changes import change_form, main_form, publish
from tests.setup_world import SetupWorld

MINE = 100000099
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
USER = "application user Spotler Connector"


def add_solution(world: SetupWorld) -> None:
    values = {"uniquename": "Mine", "friendlyname": "Mine", "version": "1.0.0.0"}
    world.make("solutions", {**values, "publisherid@odata.bind": f"/{publisher_address(world)}"})


def add_resource(world: SetupWorld) -> None:
    values = {"name": "new_/mine.js", "displayname": "Mine", "webresourcetype": 3, "content": "eA=="}
    world.make("webresourceset", values, "SpotlerConnector")


def add_option(world: SetupWorld) -> None:
    world.calls.act("InsertOptionValue", {"OptionSetName": CHOICE, "Value": MINE, "Label": WRONG})


def options(world: SetupWorld, address: str, typed: str) -> set[object]:
    found = world.calls.get(f"{address}/{CRM}{typed}")
    of_column = found.get("OptionSet")
    rows = of_column["Options"] if isinstance(of_column, dict) else found["Options"]
    assert isinstance(rows, list)
    return {row["Value"] for row in rows if isinstance(row, dict)}


def add_column(world: SetupWorld) -> None:
    values = {"SchemaName": "new_Mine", "DisplayName": WRONG, "MaxLength": 9, "FormatName": {"Value": "Text"}}
    world.make(f"{of_table(VISITOR)}/Attributes", {"@odata.type": f"{CRM}StringAttributeMetadata", **values})


def add_key(world: SetupWorld) -> None:
    values = {"SchemaName": "new_key", "DisplayName": WRONG, "KeyAttributes": ["dh_domain"]}
    world.make(f"{of_table(VISITOR)}/Keys", {"@odata.type": f"{CRM}EntityKeyMetadata", **values})


def add_reason(world: SetupWorld) -> None:
    body = {"EntityLogicalName": JOB, "AttributeLogicalName": "statuscode", "Value": MINE, "Label": WRONG}
    world.calls.act("InsertStatusValue", {**body, "StateCode": 0})


def add_to_view(world: SetupWorld) -> None:
    row = world.calls.get(f"{address_of(world, VIEW)}?$select=fetchxml,layoutxml")
    fetch = str(row["fetchxml"]).replace("<order", '<attribute name="createdby" /><order', 1)
    layout = str(row["layoutxml"]).replace("</row>", '<cell name="createdby" width="90" /></row>')
    patch_and_publish(VIEW, fetchxml=fetch, layoutxml=layout)(world)


def is_in_view(world: SetupWorld) -> bool:
    row = world.calls.get(f"{address_of(world, VIEW)}?$select=fetchxml,layoutxml")
    return all('name="createdby"' in str(row[column]) for column in ("fetchxml", "layoutxml"))


LABELS = '<labels><label description="Mine" languagecode="1033" /></labels>'


def field(column: str) -> str:
    control = f'id="{column}" classid="{{4273EDBD-AC1D-40d3-9FB2-095C621B552D}}" datafieldname="{column}"'
    return f'<row><cell id="{{{uuid4()}}}">{LABELS}<control {control} /></cell></row>'


def with_more(xml: str) -> str:
    """A form that has a field more in its first section, and a section more beside it."""
    rows = f"{LABELS}<rows>{field('modifiedby')}</rows>"
    section = f'<section name="mine" id="{{{uuid4()}}}" columns="1">{rows}</section>'
    with_field = xml.replace("</rows>", f"{field('createdby')}</rows>", 1)
    return with_field.replace("</sections>", f"{section}</sections>", 1)


def add_to_form(table: str):
    def act(world: SetupWorld) -> None:
        change_form(world.calls, table, lambda xml: _in_our_tab(xml, with_more))
        publish(world.calls, table)

    return act


def _in_our_tab(xml: str, change) -> str:
    """Change a form from the first tab of ours on."""
    start = xml.index('<tab name="dh_') if '<tab name="dh_' in xml else xml.index("<tab ")
    return xml[:start] + change(xml[start:])


def is_on_form(table: str):
    return lambda world: shown(main_form(world.calls, table)["formxml"]) >= {"createdby", "modifiedby"}


def shown(xml: object) -> set[str | None]:
    root = read_xml(xml)
    return set() if root is None else {each.get("id") for each in root.iter("control")}


def add_to_dashboard(world: SetupWorld) -> None:
    """One more list like the first one."""
    xml = str(world.calls.get(f"{address_of(world, DASHBOARD)}?$select=formxml")["formxml"])
    first = xml[xml.index("<section ") : xml.index("</section>") + len("</section>")]
    view = first[first.index("<ViewId>") : first.index("</ViewId>")]
    renamed = re.sub(r'<control id="[^"]+"', '<control id="mine"', _GUID.sub(lambda _: str(uuid4()), first))
    mine = re.sub(r"<ViewId>[^<]+", view, renamed)
    one = mine[: mine.index("</cell>")] + f"</cell></row>{'<row />' * 7}</rows></section>"
    patch_and_publish(DASHBOARD, formxml=xml.replace("</sections>", f"{one}</sections>"))(world)


def is_on_dashboard(world: SetupWorld) -> bool:
    return "mine" in shown(world.calls.get(f"{address_of(world, DASHBOARD)}?$select=formxml")["formxml"])


def add_step(world: SetupWorld) -> None:
    (message,) = [row for row in world.rows("sdkmessage") if row["name"] == "Update"]
    (of_table_,) = [
        row
        for row in world.rows("sdkmessagefilter")
        if (row["_sdkmessageid_value"], row["primaryobjecttypecode"]) == (message["sdkmessageid"], VISITOR)
    ]
    bind = {
        "eventhandler_serviceendpoint@odata.bind": f"/{address_of(world, 'service endpoint SpotlerAutomate')}",
        "sdkmessageid@odata.bind": f"/sdkmessages({message['sdkmessageid']})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({of_table_['sdkmessagefilterid']})",
    }
    world.make("sdkmessageprocessingsteps", {"name": "Mine", "stage": 40, "mode": 1, "rank": 1,
                                             "supporteddeployment": 0, **bind})  # fmt: skip


def add_image(world: SetupWorld) -> None:
    bind = {"sdkmessageprocessingstepid@odata.bind": f"/{address_of(world, STEP)}"}
    values = {"name": "mine", "entityalias": "mine", "imagetype": 0, "messagepropertyname": "Target"}
    world.make("sdkmessageprocessingstepimages", {**values, "attributes": "dh_name", **bind})


def add_role(world: SetupWorld) -> None:
    (role,) = [row for row in world.rows("role") if row["name"] == "System Administrator"]
    path = f"{address_of(world, USER)}/systemuserroles_association/$ref"
    world.calls.refer(path, f"roles({role['roleid']})")


def has_role(world: SetupWorld) -> bool:
    rows = world.calls.rows(f"{address_of(world, USER)}/systemuserroles_association?$select=name")
    return "System Administrator" in {row["name"] for row in rows}


def has_row(table: str, column: str, value: object):
    return lambda world: any(row[column] == value for row in world.rows(table))


KEPT = Ends.KEPT
ADDITIONS = (
    Drift("publisher", "added", add_solution, "", KEPT, remains=has_row("solution", "uniquename", "Mine")),
    Drift("solution", "added", add_resource, "", KEPT, remains=has_row("webresource", "name", "new_/mine.js")),
    Drift("choice", "added", add_option, "", KEPT,
          remains=lambda world: MINE in options(world, of_choice(CHOICE), "OptionSetMetadata")),
    Drift("table", "added", add_column, "", KEPT,
          remains=lambda world: world.calls.find(of_column(VISITOR, "new_mine")) is not None),
    Drift("key", "added", add_key, "", KEPT,
          remains=lambda world: len(world.calls.rows(f"{of_table(VISITOR)}/Keys")) == 2),
    Drift("status reasons", "added", add_reason, "", KEPT, remains=lambda world: MINE in options(
        world, f"{of_table(JOB)}/Attributes(LogicalName='statuscode')",
        "StatusAttributeMetadata?$expand=OptionSet($select=Options)")),
    Drift("view", "added", add_to_view, "", KEPT, remains=is_in_view),
    Drift("form", "added", add_to_form(VISITOR), "", KEPT, remains=is_on_form(VISITOR)),
    Drift("form tab", "added", add_to_form("contact"), "", KEPT, remains=is_on_form("contact")),
    Drift("dashboard", "added", add_to_dashboard, "", KEPT, remains=is_on_dashboard),
    Drift("role", "added", add_privilege),
    Drift("service endpoint", "added", add_step, "", KEPT,
          remains=has_row("sdkmessageprocessingstep", "name", "Mine")),
    Drift("step", "added", add_image, "", KEPT, remains=has_row("sdkmessageprocessingstepimage", "name", "mine")),
    Drift("application user", "added", add_role, "", KEPT, remains=has_role),
)  # fmt: skip

WITHOUT_ADDITIONS = {
    ("version", "added"): "It is a column of the solution.",
    ("column", "added"): "The options of its choice are those of a choice of the environment.",
    ("lookup", "added"): "It points to the tables that it was made for.",
    ("web resource", "added"): "Its content is one value.",
    ("button", "added"): "A button has no parts.",
    ("environment variable", "added"): "Its value is a component of its own.",
    ("value of environment variable", "added"): "A variable has one value.",
    ("step image", "added"): "Further columns of it are a change.",
    ("switch of step", "added"): "It is on or off.",
}
