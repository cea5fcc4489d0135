"""What somebody can do to a component after a set-up, by the calls of an administrator."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from connector.setup.component import Component, full_name
from connector.setup.row_parts import RowPart
from tests.contract.setup.interface_changes import change_form, publish
from tests.setup_world import SetupWorld

VISITOR, JOB = "dh_websitevisitor", "dh_spotlerjob"
HOWS = ("changed", "added", "removed", "renamed", "disabled")
CRM = "Microsoft.Dynamics.CRM."
OFF = {"statecode": 1, "statuscode": 2}
WRONG = {"LocalizedLabels": [{"Label": "Wrong", "LanguageCode": 1033}]}


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
        remains: whether what somebody added is still there.
    """

    kind: str
    how: str
    act: Callable[[SetupWorld], object]
    named: str = ""
    ends: Ends = Ends.SET_BACK
    undo: Callable[[SetupWorld], object] = lambda _world: None
    remains: Callable[[SetupWorld], bool] = lambda _world: True


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
        stated = str(found.get("@odata.type", f"#{CRM}{kind}")).removeprefix("#")
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
    kind = f"RelationshipDefinitions/{CRM}OneToManyRelationshipMetadata"
    rows = world.calls.rows(f"{kind}?$filter={quote(f"ReferencingEntity eq '{table}'")}")
    (found,) = [row for row in rows if row["ReferencingAttribute"] == column]
    return f"RelationshipDefinitions({found['MetadataId']})"


def change_cascade(world: SetupWorld) -> None:
    address = relationship_of(world, VISITOR, "dh_accountid")
    found = dict(world.calls.get(f"{address}/{CRM}OneToManyRelationshipMetadata"))
    found.pop("@odata.context")
    cascades = {**found["CascadeConfiguration"], "Delete": "Cascade"}  # type: ignore[dict-item]
    kind = f"{CRM}OneToManyRelationshipMetadata"
    world.calls.put(address, {**found, "@odata.type": kind, "CascadeConfiguration": cascades})


def change_menu(**values: object) -> Callable[[SetupWorld], None]:
    """The entry below Related on an account."""

    def act(world: SetupWorld) -> None:
        address = relationship_of(world, VISITOR, "dh_accountid")
        kind = f"{CRM}OneToManyRelationshipMetadata"
        found = dict(world.calls.get(f"{address}/{kind}"))
        found.pop("@odata.context")
        menu = {**found["AssociatedMenuConfiguration"], **values}  # type: ignore[dict-item]
        world.calls.put(address, {**found, "@odata.type": kind, "AssociatedMenuConfiguration": menu})

    return act


def turn_order(world: SetupWorld) -> None:
    fetch = str(world.calls.get(f"{address_of(world, VIEW)}?$select=fetchxml")["fetchxml"])
    assert 'descending="true"' in fetch
    patch_and_publish(VIEW, fetchxml=fetch.replace('descending="true"', 'descending="false"'))(world)


def lengthen_list(world: SetupWorld) -> None:
    xml = str(world.calls.get(f"{address_of(world, DASHBOARD)}?$select=formxml")["formxml"])
    longer = re.sub(r"<RecordsPerPage>\d+<", "<RecordsPerPage>250<", xml, count=1)
    patch_and_publish(DASHBOARD, formxml=longer)(world)


def remove_from_form(column: str) -> Callable[[str], str]:
    """A change of a form: the control of a column is of another one."""
    return lambda xml: xml.replace(f'id="{column}"', 'id="createdon"').replace(
        f'datafieldname="{column}"', 'datafieldname="createdon"'
    )


def remove_table(world: SetupWorld) -> None:
    """Somebody deletes a table, and what shows it."""
    delete(DASHBOARD)(world)
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
    user, role = address_of(world, "application user Spotler Connector"), address_of(world, ROLE)
    role_id = role.partition("(")[2].removesuffix(")")
    world.calls.delete(f"{user}/systemuserroles_association({role_id})/$ref")


def remove_role(world: SetupWorld) -> None:
    take_role(world)
    delete(ROLE)(world)


def privilege(world: SetupWorld, name: str) -> object:
    (one,) = world.calls.rows(f"privileges?$select=privilegeid&$filter={quote(f"name eq '{name}'")}")
    return one["privilegeid"]


def add_privilege(world: SetupWorld) -> None:
    body = {"Privileges": [{"PrivilegeId": privilege(world, "prvDeletecontact"), "Depth": "Global"}]}
    world.calls.act(f"{address_of(world, ROLE)}/{CRM}AddPrivilegesRole", body)


def take_privilege(world: SetupWorld) -> None:
    one = {"@odata.type": f"{CRM}privilege", "privilegeid": privilege(world, "prvReadContact")}
    world.calls.act(f"{address_of(world, ROLE)}/{CRM}RemovePrivilegeRole", {"Privilege": one})


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
DASHBOARD = "dashboard overview"
ROLE = "role Spotler Service"
VARIABLE = "environment variable dh_spotlerpermissionsenabledbydefault"
SCRIPT = "web resource dh_/spotler/commands.js"
BUTTON = "button dh_spotlerjob.form.retry"
STEP, OTHER_STEP = "step SpotlerAutomate: Delete of dh_websitevisitor", "step SpotlerAutomate: Create of dh_spotlerjob"
IMAGE = "step image SpotlerAutomate: Delete of dh_websitevisitor"
VIEW, PLATFORM_VIEW = f"view {VISITOR}.all", f"view {VISITOR}.active"
FETCH = f'<fetch><entity name="{VISITOR}"><attribute name="dh_name"/></entity></fetch>'
