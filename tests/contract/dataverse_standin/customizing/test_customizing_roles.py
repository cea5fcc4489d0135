"""Roles, privileges and application users, with everything about them that surprises in real environments."""

from uuid import uuid4

import pytest

from tests.contract.dataverse_standin.customizing.support import CRM
from tests.contract.dataverse_standin.support import created_id, error_code

SHAREPOINT = {
    "prvReadSharePointData", "prvReadSharePointDocument", "prvWriteSharePointData", "prvCreateSharePointData",
}  # fmt: skip
PLUGINS = {
    "prvReadsdkmessage", "prvReadsdkmessageprocessingstep", "prvReadSdkMessageProcessingStepImage", "prvReadPluginType",
    "prvReadPluginAssembly",
}  # fmt: skip


@pytest.fixture
def admin(empty):
    empty.side("customizing", {"privilege_lag": 0})
    return empty.admin


@pytest.fixture
def root(admin):
    (unit,) = admin.rows("businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null")
    return unit["businessunitid"]


@pytest.fixture
def role(admin, root):
    return admin.create("roles", name="Tester", **{"businessunitid@odata.bind": f"/businessunits({root})"})


@pytest.fixture
def user(empty, admin, root):
    """The user of the connector's application, without a role."""
    body = {"applicationid": empty.ready.client_id, "firstname": "Spotler", "lastname": "Connector"}
    return admin.create("systemusers", **body, **{"businessunitid@odata.bind": f"/businessunits({root})"})


def privilege(admin, name):
    (found,) = admin.rows(f"privileges?$select=privilegeid&$filter=name eq '{name}'")
    return found["privilegeid"]


def change(admin, role, action, *names, depth="Global"):
    items = [{"PrivilegeId": privilege(admin, name), "Depth": depth} for name in names]
    return admin.post(f"roles({role})/{CRM}.{action}", {"Privileges": items})


def held(admin, role):
    answer = admin.get(f"RetrieveRolePrivilegesRole(RoleId={role})").json()
    return {each["PrivilegeName"]: each["Depth"] for each in answer["RolePrivileges"]}


def give(admin, user, role):
    address = f"systemusers({user})/systemuserroles_association/$ref"
    return admin.post(address, {"@odata.id": f"{admin.root}/roles({role})"})


def test_a_new_role_has_privileges_of_its_own(admin, role):
    assert held(admin, role) == dict.fromkeys(SHAREPOINT | PLUGINS, "Global")
    names = {each["name"] for each in admin.rows(f"roles({role})/roleprivileges_association?$select=name")}
    assert names == SHAREPOINT | PLUGINS
    assert len(names) == 9


def test_replacing_takes_all_but_those_of_sharepoint_and_adding_brings_these_back(admin, role):
    replaced = change(admin, role, "ReplacePrivilegesRole", "prvReadcontact")
    after_replacing = set(held(admin, role))
    for name in SHAREPOINT:
        body = {"Privilege": {"@odata.type": f"{CRM}.privilege", "privilegeid": privilege(admin, name)}}
        assert admin.post(f"roles({role})/{CRM}.RemovePrivilegeRole", body).status_code == 204
    after_removing = set(held(admin, role))
    change(admin, role, "AddPrivilegesRole", "prvReadlead")

    assert replaced.status_code == 204
    assert after_replacing == {"prvReadcontact", *SHAREPOINT}
    assert after_removing == {"prvReadcontact"}
    assert set(held(admin, role)) == {"prvReadcontact", "prvReadlead", *SHAREPOINT}


def test_a_privilege_twice_a_number_as_depth_and_a_depth_that_there_is_not_are_refused(admin, role):
    twice = change(admin, role, "AddPrivilegesRole", "prvReadcontact", "prvReadcontact")
    number = change(admin, role, "AddPrivilegesRole", "prvReadcontact", depth=3)
    only_global = change(admin, role, "AddPrivilegesRole", "prvReadorganization", depth="Basic")

    assert (twice.status_code, error_code(twice)) == (400, "0x8004140f")
    assert number.status_code == 400
    assert "quoted JSON string" in number.json()["error"]["message"]
    assert only_global.status_code == 400


def test_a_role_is_copied_into_other_units_and_only_the_copy_fits_their_users(admin, root):
    bind = {"parentbusinessunitid@odata.bind": f"/businessunits({root})"}
    unit = admin.create("businessunits", name="Branch", **bind)
    of_unit = {"businessunitid@odata.bind": f"/businessunits({unit})"}
    role = admin.create("roles", name="Tester", **{"businessunitid@odata.bind": f"/businessunits({root})"})
    user = admin.create("systemusers", applicationid=str(uuid4()), **of_unit)
    copies = admin.rows(f"roles?$select=roleid,_businessunitid_value&$filter=_parentroleid_value eq {role}")

    assert [each["_businessunitid_value"] for each in copies] == [unit]
    assert give(admin, user, role).status_code == 400
    assert give(admin, user, copies[0]["roleid"]).status_code == 204
    assert admin.delete(f"roles({copies[0]['roleid']})").status_code == 400
    assert error_code(admin.delete(f"roles({role})")) == "0x80040227"  # somebody has a copy of it
    assert admin.delete(f"systemusers({user})/systemuserroles_association({copies[0]['roleid']})/$ref").ok
    assert admin.delete(f"roles({role})").status_code == 204
    assert admin.rows(f"roles?$select=roleid&$filter=_parentrootroleid_value eq {role}") == []


def test_a_role_that_a_team_has_is_not_deleted(admin, role):
    team = admin.create("teams", name="Marketing")
    given = admin.post(f"teams({team})/teamroles_association/$ref", {"@odata.id": f"{admin.root}/roles({role})"})
    refused = admin.delete(f"roles({role})")
    taken = admin.delete(f"roles({role})/teamroles_association({team})/$ref")

    assert (given.status_code, refused.status_code, error_code(refused)) == (204, 400, "0x80040227")
    assert (taken.status_code, admin.delete(f"roles({role})").status_code) == (204, 204)


def test_rights_are_those_of_the_role_one_request_later(empty, admin, user, role):
    empty.side("customizing", {"privilege_lag": 1})
    connector = empty.connector
    before = connector.get("contacts")
    given = give(admin, user, role)
    change(admin, role, "ReplacePrivilegesRole", "prvReadcontact", "prvCreatecontact")
    late, after = connector.get("contacts"), connector.get("contacts")

    assert (before.status_code, given.status_code, late.status_code, after.status_code) == (403, 204, 403, 200)
    assert give(admin, user, role).status_code == 204  # again
    assert connector.post("contacts", {"lastname": "x"}).status_code == 204
    assert connector.post("accounts", {"name": "x"}).status_code == 403
    assert admin.delete(f"systemusers({user})/systemuserroles_association({role})/$ref").status_code == 204
    assert (connector.get("contacts").status_code, connector.get("contacts").status_code) == (200, 403)


def test_setting_a_lookup_needs_a_privilege_on_both_tables(empty, admin, user, role):
    give(admin, user, role)
    account = admin.create("accounts", name="x")
    body = {"lastname": "x", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
    names = ["prvCreatecontact", "prvAppendcontact", "prvAppendToaccount"]

    for missing in names[1:]:
        change(admin, role, "ReplacePrivilegesRole", *(name for name in names if name != missing))
        refused = empty.connector.post("contacts", body)
        assert (refused.status_code, missing in refused.text) == (403, True)
    change(admin, role, "ReplacePrivilegesRole", *names)
    assert empty.connector.post("contacts", body).status_code == 204


def test_an_application_is_nobody_until_it_has_a_user_and_has_only_one(empty, admin, root):
    bind = {"businessunitid@odata.bind": f"/businessunits({root})"}
    application = {"applicationid": empty.ready.client_id}
    nobody = empty.connector.get("WhoAmI")
    without_unit = admin.post("systemusers", application)
    made = admin.post("systemusers", {**application, **bind})
    again = admin.post("systemusers", {**application, **bind})

    assert (nobody.status_code, error_code(nobody)) == (403, "0x80072560")
    assert (without_unit.status_code, without_unit.json()["error"]["message"]) == (400, "An unexpected error occurred.")
    assert (again.status_code, error_code(again)) == (400, "0x8004F511")
    assert empty.connector.get("WhoAmI").json()["UserId"] == created_id(made)
    row = admin.get(f"systemusers({created_id(made)})?$select=fullname,azureactivedirectoryobjectid").json()
    assert row["azureactivedirectoryobjectid"]
    assert admin.delete(f"systemusers({created_id(made)})").status_code == 400
    admin.patch(f"systemusers({created_id(made)})", {"isdisabled": True})
    assert empty.connector.get("WhoAmI").status_code == 403


def test_what_a_user_may_do_is_that_of_all_roles_together(admin, user, role):
    change(admin, role, "ReplacePrivilegesRole", "prvReadcontact")
    give(admin, user, role)

    answer = admin.get(f"systemusers({user})/{CRM}.RetrieveUserPrivileges()").json()
    assert {"prvReadcontact", *SHAREPOINT} == {each["PrivilegeName"] for each in answer["RolePrivileges"]}
