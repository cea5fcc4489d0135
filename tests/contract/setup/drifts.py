"""What somebody can do to each kind of component after a set-up: change it, remove it, rename it, switch it off.

`CASES` has what the platform allows, and `IMPOSSIBLE` says why the rest is not there. A kind that has neither fails the
test that reads these.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from connector.dataverse.schema.installation import SOLUTION
from connector.setup.component import Component, full_name
from connector.setup.row_parts import RowPart
from tests.contract.setup.interface_changes import change_form, publish
from tests.setup_world import SetupWorld

VISITOR, JOB = "dh_websitevisitor", "dh_spotlerjob"
HOWS = ("changed", "removed", "renamed", "disabled")
_CRM = "Microsoft.Dynamics.CRM."
_OFF = {"statecode": 1, "statuscode": 2}
_WRONG = {"LocalizedLabels": [{"Label": "Wrong", "LanguageCode": 1033}]}


class Ends(StrEnum):
    """How it ends."""

    SET_BACK = "a plan names it, and the set-up is as it was"
    KEPT = "it may be so: a plan has nothing to do"
    REFUSED = "a plan is refused with its name, and nothing is written"


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that somebody did.

    Attributes:
        kind: of component.
        how: one of `HOWS`.
        act: does it.
        named: what a plan or a refusal names first; the component itself where it is empty.
        ends: how it ends.
        undo: what repairs an environment whose plan is refused.
    """

    kind: str
    how: str
    act: Callable[[SetupWorld], object]
    named: str = ""
    ends: Ends = Ends.SET_BACK
    undo: Callable[[SetupWorld], object] = lambda _world: None


# By the calls of an administrator


def part_of(world: SetupWorld, name: str) -> Component:
    return next(each for each in world.parts if full_name(each) == name)


def address_of(world: SetupWorld, name: str) -> str:
    """The address of the row of a component."""
    part = part_of(world, name)
    assert isinstance(part, RowPart)
    found = part.read(world.target())
    assert found is not None
    return f"{part.rows.set_name}({part.object_id(found)})"


def patch(name: str, /, **values: object) -> Callable[[SetupWorld], None]:
    return lambda world: world.calls.patch(address_of(world, name), values)


def patch_and_publish(name: str, /, **values: object) -> Callable[[SetupWorld], None]:
    def act(world: SetupWorld) -> None:
        patch(name, **values)(world)
        publish_all(world)

    return act


def delete(name: str) -> Callable[[SetupWorld], None]:
    return lambda world: world.calls.delete(address_of(world, name))


def publish_all(world: SetupWorld) -> None:
    world.calls.act("PublishAllXml", {})


def put(path: str, kind: str = "", /, **values: object) -> Callable[[SetupWorld], None]:
    """A definition, changed."""

    def act(world: SetupWorld) -> None:
        found = dict(world.calls.get(path))
        found.pop("@odata.context", None)
        stated = str(found.get("@odata.type", f"#{_CRM}{kind}")).removeprefix("#")
        world.calls.put(path, {**found, "@odata.type": stated, **values})

    return act


def act(name: str, /, **body: object) -> Callable[[SetupWorld], None]:
    return lambda world: world.calls.act(name, body)


def of_table(table: str) -> str:
    return f"EntityDefinitions(LogicalName='{table}')"


def of_column(table: str, column: str) -> str:
    return f"{of_table(table)}/Attributes(LogicalName='{column}')"


def of_choice(name: str) -> str:
    return f"GlobalOptionSetDefinitions(Name='{name}')"


def relationship_of(world: SetupWorld, table: str, column: str) -> str:
    kind = f"RelationshipDefinitions/{_CRM}OneToManyRelationshipMetadata"
    rows = world.calls.rows(f"{kind}?$filter={quote(f"ReferencingEntity eq '{table}'")}")
    (found,) = [row for row in rows if row["ReferencingAttribute"] == column]
    return f"RelationshipDefinitions({found['MetadataId']})"


def change_cascade(world: SetupWorld) -> None:
    address = relationship_of(world, VISITOR, "dh_accountid")
    found = dict(world.calls.get(f"{address}/{_CRM}OneToManyRelationshipMetadata"))
    found.pop("@odata.context")
    cascades = {**found["CascadeConfiguration"], "Delete": "Cascade"}  # type: ignore[dict-item]
    kind = f"{_CRM}OneToManyRelationshipMetadata"
    world.calls.put(address, {**found, "@odata.type": kind, "CascadeConfiguration": cascades})


def remove_from_form(column: str) -> Callable[[str], str]:
    """A change of a form: the control of a column is of another one."""
    return lambda xml: xml.replace(f'id="{column}"', 'id="createdon"').replace(
        f'datafieldname="{column}"', 'datafieldname="createdon"'
    )


def remove_table(world: SetupWorld) -> None:
    """Somebody deletes a table, and what shows it."""
    delete("dashboard overview")(world)
    take_tab_away(world)
    world.calls.delete(of_table(JOB))


def remove_lookup(world: SetupWorld) -> None:
    change_form(world.calls, VISITOR, remove_from_form("dh_leadid"))
    publish(world.calls, VISITOR)
    world.calls.delete(relationship_of(world, VISITOR, "dh_leadid"))


def remove_key(world: SetupWorld) -> None:
    (key,) = world.calls.rows(f"{of_table(VISITOR)}/Keys?$select=MetadataId")
    world.calls.delete(f"{of_table(VISITOR)}/Keys({key['MetadataId']})")


def replace_main_form(world: SetupWorld) -> None:
    """Somebody makes a form of their own, and deletes ours."""
    ours = address_of(world, f"form {VISITOR}")
    world.make("systemforms", {"name": "Mine", "objecttypecode": VISITOR, "type": 2, "formxml": EMPTY_FORM})
    world.calls.delete(ours)


def deactivate_main_form(world: SetupWorld) -> None:
    """Somebody makes a form of their own, and deactivates ours."""
    ours = address_of(world, f"form {VISITOR}")
    world.make("systemforms", {"name": "Mine", "objecttypecode": VISITOR, "type": 2, "formxml": EMPTY_FORM})
    world.calls.patch(ours, {"formactivationstate": 0})
    publish(world.calls, VISITOR)


EMPTY_FORM = (
    '<form><tabs><tab name="mine" id="{33333333-0000-4000-8000-000000000000}"><labels><label description="Mine" '
    'languagecode="1033" /></labels><columns><column width="100%"><sections><section '
    'id="{33333333-0000-4000-8000-000000000001}"><rows /></section></sections></column></columns></tab></tabs></form>'
)


def take_tab_away(world: SetupWorld) -> None:
    part = next(each for each in world.parts if each.kind == "form tab")
    found = part.read(world.target())
    assert found is not None
    part.remove(found, world.target())
    publish(world.calls, "contact")


def take_role(world: SetupWorld) -> None:
    user, role = address_of(world, "application user Spotler Connector"), address_of(world, "role Spotler Service")
    role_id = role.partition("(")[2].removesuffix(")")
    world.calls.delete(f"{user}/systemuserroles_association({role_id})/$ref")


def remove_role(world: SetupWorld) -> None:
    take_role(world)
    delete("role Spotler Service")(world)


def add_privilege(world: SetupWorld) -> None:
    (one,) = world.calls.rows(f"privileges?$select=privilegeid&$filter={quote("name eq 'prvDeletecontact'")}")
    body = {"Privileges": [{"PrivilegeId": one["privilegeid"], "Depth": "Global"}]}
    world.calls.act(f"{address_of(world, 'role Spotler Service')}/{_CRM}AddPrivilegesRole", body)


def remove_value(world: SetupWorld) -> None:
    for row in world.rows("environmentvariablevalue"):
        world.calls.delete(f"environmentvariablevalues({row['environmentvariablevalueid']})")


def remove_variable(world: SetupWorld) -> None:
    remove_value(world)
    delete(VARIABLE)(world)


def change_value(world: SetupWorld) -> None:
    (row,) = world.rows("environmentvariablevalue")
    world.calls.patch(f"environmentvariablevalues({row['environmentvariablevalueid']})", {"value": "B;C"})


def remove_endpoint(world: SetupWorld) -> None:
    for name in (STEP, OTHER_STEP):
        delete(name)(world)
    delete("service endpoint SpotlerAutomate")(world)


def remove_solution(world: SetupWorld) -> None:
    world.calls.delete(f"solutions({world.target().solution_id})")


def publisher_address(world: SetupWorld) -> str:
    (row,) = [row for row in world.rows("publisher") if row["uniquename"] == "dhconnector"]
    return f"publishers({row['publisherid']})"


def patch_publisher(**values: object) -> Callable[[SetupWorld], None]:
    return lambda world: world.calls.patch(publisher_address(world), values)


def patch_version(version: str) -> Callable[[SetupWorld], None]:
    return lambda world: world.calls.patch(f"solutions({world.target().solution_id})", {"version": version})


def begin_again(world: SetupWorld) -> None:
    """Remove everything by hand: nothing but the publisher and the solution is known to be ours any more."""
    parts = world.parts
    world.fresh()
    world.parts = parts


CHOICE = "dh_spotlerinteractiontype"
VARIABLE = "environment variable dh_spotlerpermissionsenabledbydefault"
SCRIPT = "web resource dh_/spotler/commands.js"
BUTTON = "button dh_spotlerjob.form.retry"
STEP, OTHER_STEP = "step SpotlerAutomate: Delete of dh_websitevisitor", "step SpotlerAutomate: Create of dh_spotlerjob"
IMAGE = "step image SpotlerAutomate: Delete of dh_websitevisitor"
VIEW, PLATFORM_VIEW = f"view {VISITOR}.all", f"view {VISITOR}.active"
FETCH = f'<fetch><entity name="{VISITOR}"><attribute name="dh_name"/></entity></fetch>'

CASES = (
    Drift("publisher", "changed", patch_publisher(customizationprefix="xx"), "", Ends.REFUSED,
          patch_publisher(customizationprefix="dh")),
    Drift("publisher", "renamed", patch_publisher(friendlyname="Mine"), "", Ends.KEPT),
    Drift("solution", "removed", remove_solution, f"table {JOB}", Ends.REFUSED, begin_again),
    Drift("solution", "renamed", lambda world: world.calls.patch(
        f"solutions({world.target().solution_id})", {"friendlyname": "Mine"}), "", Ends.KEPT),
    Drift("version", "changed", patch_version("0.9.0.0"), "version SpotlerConnector"),
    Drift("version", "changed", patch_version("99.0.0.0"), "version SpotlerConnector", Ends.REFUSED,
          patch_version(SOLUTION.version)),
    Drift("choice", "changed", act("DeleteOptionValue", OptionSetName=CHOICE, Value=100000001)),
    Drift("choice", "changed", act("UpdateOptionValue", OptionSetName=CHOICE, Value=100000001, Label=_WRONG,
                                   MergeLabels=True)),
    Drift("choice", "renamed", put(of_choice(CHOICE), "OptionSetMetadata", DisplayName=_WRONG)),
    Drift("table", "changed", put(of_table(VISITOR), "EntityMetadata", DisplayCollectionName=_WRONG),
          f"table {VISITOR}"),
    Drift("table", "removed", remove_table, f"table {JOB}"),
    Drift("table", "renamed", put(of_table(VISITOR), "EntityMetadata", DisplayName=_WRONG), f"table {VISITOR}"),
    Drift("column", "changed", put(of_column(VISITOR, "dh_domain"), MaxLength=5), f"column {VISITOR}.dh_domain"),
    Drift("column", "removed", lambda world: world.calls.delete(of_column("list", "dh_spotlersync")),
          "column list.dh_spotlersync"),
    Drift("column", "renamed", put(of_column(VISITOR, "dh_domain"), DisplayName=_WRONG), f"column {VISITOR}.dh_domain"),
    Drift("lookup", "changed", change_cascade, f"lookup {VISITOR}.dh_accountid"),
    Drift("lookup", "removed", remove_lookup, f"lookup {VISITOR}.dh_leadid"),
    Drift("lookup", "renamed", put(of_column(VISITOR, "dh_accountid"), DisplayName=_WRONG),
          f"lookup {VISITOR}.dh_accountid"),
    Drift("key", "removed", remove_key),
    Drift("status reasons", "changed", act(
        "UpdateOptionValue", EntityLogicalName=JOB, AttributeLogicalName="statuscode", Value=100000001, Label=_WRONG,
        MergeLabels=True)),
    Drift("status reasons", "removed", act(
        "DeleteOptionValue", EntityLogicalName=JOB, AttributeLogicalName="statuscode", Value=100000001)),
    Drift("web resource", "changed", patch_and_publish(SCRIPT, content="eA==")),
    Drift("web resource", "renamed", patch_and_publish(SCRIPT, displayname="Mine")),
    Drift("view", "changed", patch_and_publish(VIEW, fetchxml=FETCH), VIEW),
    Drift("view", "changed", patch_and_publish(PLATFORM_VIEW, fetchxml=FETCH), PLATFORM_VIEW),
    Drift("view", "removed", delete(VIEW), VIEW),
    Drift("view", "renamed", patch_and_publish(VIEW, name="Mine"), VIEW),
    Drift("view", "disabled", patch_and_publish(VIEW, **_OFF), VIEW),
    Drift("form", "changed", lambda world: (
        change_form(world.calls, VISITOR, remove_from_form("dh_city")), publish(world.calls, VISITOR))),
    Drift("form", "removed", replace_main_form),
    Drift("form", "renamed", patch_and_publish(f"form {VISITOR}", name="Mine"), "", Ends.KEPT),
    Drift("form", "disabled", deactivate_main_form),
    Drift("form tab", "removed", take_tab_away),
    Drift("form tab", "changed", lambda world: (
        change_form(world.calls, "contact", lambda xml: xml.replace("dh_record_jobs_section", "mine")),
        publish(world.calls, "contact"))),
    Drift("dashboard", "changed", patch_and_publish(
        "dashboard overview", formxml='<form><tabs><tab id="{33333333-0000-4000-8000-000000000000}" /></tabs></form>')),
    Drift("dashboard", "removed", delete("dashboard overview")),
    Drift("dashboard", "renamed", patch_and_publish("dashboard overview", name="Mine")),
    Drift("dashboard", "disabled", patch_and_publish("dashboard overview", formactivationstate=0)),
    Drift("button", "changed", patch(BUTTON, onclickeventjavascriptfunctionname="Mine.retry"), BUTTON),
    Drift("button", "removed", delete(BUTTON), BUTTON),
    Drift("button", "renamed", patch(BUTTON, buttonlabeltext="Mine"), BUTTON),
    Drift("button", "disabled", patch(BUTTON, hidden=True), BUTTON),
    Drift("button", "disabled", patch(BUTTON, **_OFF), BUTTON),
    Drift("role", "changed", add_privilege),
    Drift("role", "removed", remove_role),
    Drift("role", "renamed", patch("role Spotler Service", name="Mine")),
    Drift("environment variable", "removed", remove_variable),
    Drift("environment variable", "renamed", patch(VARIABLE, displayname="Mine")),
    Drift("value of environment variable", "changed", change_value, "", Ends.KEPT),
    Drift("value of environment variable", "removed", remove_value),
    Drift("service endpoint", "changed", patch("service endpoint SpotlerAutomate", path="other")),
    Drift("service endpoint", "changed", patch("service endpoint SpotlerAutomate", saskey=None)),
    Drift("service endpoint", "removed", remove_endpoint),
    Drift("service endpoint", "renamed", patch("service endpoint SpotlerAutomate", name="Mine")),
    Drift("step", "changed", patch(STEP, rank=7), STEP),
    Drift("step", "removed", delete(STEP), STEP),
    Drift("step", "renamed", patch(STEP, name="Mine"), STEP),
    Drift("step image", "changed", patch(IMAGE, attributes="dh_name")),
    Drift("step image", "removed", delete(IMAGE)),
    Drift("step image", "renamed", patch(IMAGE, entityalias="Mine")),
    Drift("switch of step", "disabled", patch(STEP, **_OFF), f"switch of {STEP}"),
    Drift("application user", "changed", take_role),
    Drift("application user", "renamed", patch("application user Spotler Connector", lastname="Mine"), "", Ends.KEPT),
    Drift("application user", "disabled", patch("application user Spotler Connector", isdisabled=True)),
)  # fmt: skip

_NO_STATE = "Dataverse has no state of it that could be off."
_FIXED = "Its name cannot be changed."
IMPOSSIBLE = {
    ("publisher", "removed"): "Dataverse keeps it while a solution has it.",
    ("publisher", "disabled"): _NO_STATE,
    ("solution", "changed"): "What of it can be changed is its version, which is a component, and its title.",
    ("solution", "disabled"): _NO_STATE,
    ("version", "removed"): "It is a column of the solution.",
    ("version", "renamed"): "It is a column of the solution.",
    ("version", "disabled"): "It is a column of the solution.",
    ("choice", "removed"): "Dataverse keeps it while a column uses it.",
    ("choice", "disabled"): _NO_STATE,
    ("table", "disabled"): _NO_STATE,
    ("column", "disabled"): _NO_STATE,
    ("lookup", "disabled"): _NO_STATE,
    ("key", "changed"): "The columns of a key cannot be changed.",
    ("key", "renamed"): _FIXED,
    ("key", "disabled"): _NO_STATE,
    ("status reasons", "renamed"): "The texts of its reasons are what can be changed of it.",
    ("status reasons", "disabled"): _NO_STATE,
    ("web resource", "removed"): "Dataverse keeps it while a button uses it.",
    ("web resource", "disabled"): _NO_STATE,
    ("form tab", "renamed"): "Its title is one of the changes of a form.",
    ("form tab", "disabled"): "The form is the customer's, who may switch it off.",
    ("role", "disabled"): _NO_STATE,
    ("environment variable", "changed"): "Its type cannot be changed, and its default value is the connector's.",
    ("environment variable", "disabled"): "The connector reads an inactive one like an active one.",
    ("value of environment variable", "renamed"): "It has no name.",
    ("value of environment variable", "disabled"): "The connector reads an inactive one like an active one.",
    ("service endpoint", "disabled"): _NO_STATE,
    ("step", "disabled"): "That is the switch of the step.",
    ("step image", "disabled"): _NO_STATE,
    ("switch of step", "changed"): "It is on or off.",
    ("switch of step", "removed"): "It goes with its step.",
    ("switch of step", "renamed"): "It is named after its step.",
    ("application user", "removed"): "Dataverse does not delete users.",
}
