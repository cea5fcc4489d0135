"""Whose rows a privilege reaches: those of the user, of the business unit, of the units below it, or of everybody.

    root unit        ROOT
    └── unit NORTH   ANNA, BEN
        └── unit FJORD   CLEO
    └── unit SOUTH   DORA

Anna's role has one depth for every privilege on contacts; each of the others owns a contact.
"""

import pytest

from tests.contract.dataverse_standin.support import Api, error_code

CRM = "Microsoft.Dynamics.CRM"
OWNERS = ("ANNA", "BEN", "CLEO", "DORA", "ROOT")
#: The owners whose rows each depth reaches.
REACHED = {
    "Basic": ["ANNA"],
    "Local": ["ANNA", "BEN"],
    "Deep": ["ANNA", "BEN", "CLEO"],
    "Global": list(OWNERS),
}
ON_CONTACTS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign")


class World:
    """Units, users and their contacts."""

    def __init__(self, standin):
        self.standin, self.admin = standin, standin.admin
        (root,) = self.admin.rows("businessunits?$select=businessunitid")
        self.root = root["businessunitid"]
        north = self._unit("NORTH", self.root)
        units = {
            "ANNA": north,
            "BEN": north,
            "CLEO": self._unit("FJORD", north),
            "DORA": self._unit("SOUTH", self.root),
        }
        self.users = {name: self._user(name, units.get(name, self.root)) for name in OWNERS}
        self.roles = 0
        self.contacts = {name: self._owned("contact", name, lastname=name) for name in OWNERS}

    def anna(self, depth, *, on_contacts=ON_CONTACTS, more=()):
        """Anna's view of the Web API, with a role of this depth."""
        return self.signed_in("ANNA", {**{f"prv{each}contact": depth for each in on_contacts}, **dict(more)})

    def signed_in(self, name, privileges):
        bind = {"businessunitid@odata.bind": f"/businessunits({self.root})"}
        self.roles += 1
        title = f"Tester {self.roles}"
        role = self.admin.create("roles", name=title, **bind)
        items = []
        for privilege, depth in privileges.items():
            (found,) = self.admin.rows(f"privileges?$select=privilegeid&$filter=name eq '{privilege}'")
            items.append({"PrivilegeId": found["privilegeid"], "Depth": depth})
        answer = self.admin.post(f"roles({role})/{CRM}.ReplacePrivilegesRole", {"Privileges": items})
        assert answer.status_code == 204, answer.text
        user = self.users[name]
        (row,) = self.admin.rows(f"systemusers?$select=_businessunitid_value&$filter=systemuserid eq {user}")
        condition = f"name eq '{title}' and _businessunitid_value eq {row['_businessunitid_value']}"
        (copy,) = self.admin.rows(f"roles?$select=roleid&$filter={condition}")
        given = self.admin.post(
            f"systemusers({user})/systemuserroles_association/$ref",
            {"@odata.id": f"{self.admin.root}/roles({copy['roleid']})"},
        )
        assert given.status_code == 204, given.text
        token = self.standin.side("people", {"user": user})["access_token"]
        return Api(self.standin.ready, token)

    def reached(self, api, method, path, body=None):
        """The owners on whose contact a request is allowed."""
        allowed = []
        for name in OWNERS:
            answer = api.request(method, path.format(self.contacts[name]), json=body)
            assert answer.status_code < 300 or (answer.status_code, error_code(answer)) == (403, "0x80040220")
            allowed += [name] if answer.status_code < 300 else []
        return allowed

    def _unit(self, name, above):
        (unit,) = self.standin.load("businessunit", {"name": name, "parentbusinessunitid@odata.bind": bound(above)})
        return unit

    def _user(self, name, unit):
        person = {"fullname": name, "azureactivedirectoryobjectid": f"{len(name):08}-0000-4000-8000-{ord(name[0]):012}"}
        (user,) = self.standin.load("systemuser", {**person, "businessunitid@odata.bind": bound(unit)})
        return user

    def _owned(self, table, name, **values):
        (row,) = self.standin.load(table, {**values, "ownerid@odata.bind": f"/systemusers({self.users[name]})"})
        return row


def bound(unit):
    return f"/businessunits({unit})"


@pytest.fixture
def world(standin):
    return World(standin)


@pytest.mark.parametrize("depth", REACHED)
def test_reading_shows_the_rows_within_the_depth(world, depth):
    anna, wanted = world.anna(depth), REACHED[depth]
    fetch = "contacts?fetchXml=<fetch><entity name='contact'><attribute name='lastname'/></entity></fetch>"

    assert sorted(each["lastname"] for each in anna.rows("contacts?$select=lastname")) == sorted(wanted)
    assert sorted(each["lastname"] for each in anna.rows(fetch)) == sorted(wanted)
    assert anna.get("contacts/$count").text == str(len(wanted))
    assert anna.get("contacts?$select=lastname&$count=true").json()["@odata.count"] == len(wanted)
    assert world.reached(anna, "GET", "contacts({})?$select=lastname") == wanted
    assert world.reached(anna, "GET", "contacts({})/lastname") == wanted


@pytest.mark.parametrize("depth", REACHED)
def test_writing_needs_the_depth_on_the_row(world, depth):
    anna = world.anna(depth)
    body = {"firstname": "x"}

    assert world.reached(anna, "PATCH", "contacts({})", body) == REACHED[depth]
    assert world.reached(anna, "PUT", "contacts({})/firstname", {"value": "y"}) == REACHED[depth]
    assert world.reached(anna, "DELETE", "contacts({})") == REACHED[depth]


@pytest.mark.parametrize("depth", REACHED)
def test_a_row_may_be_made_for_owners_within_the_depth(world, depth):
    anna = world.anna(depth)
    made = [
        name
        for name in OWNERS
        if anna.post("contacts", {"lastname": "x", "ownerid@odata.bind": f"/systemusers({world.users[name]})"}).ok
    ]

    assert made == REACHED[depth]
    assert anna.post("contacts", {"lastname": "of her own"}).status_code == 204


@pytest.mark.parametrize("depth", REACHED)
def test_a_row_is_given_to_somebody_else_where_assigning_reaches_it(world, depth):
    anna = world.anna("Global", on_contacts=("Read", "Write"), more={"prvAssigncontact": depth})
    to_ben = {"ownerid@odata.bind": f"/systemusers({world.users['BEN']})"}

    assert world.reached(anna, "PATCH", "contacts({})", to_ben) == REACHED[depth]


@pytest.mark.parametrize("depth", REACHED)
def test_a_lookup_points_to_rows_within_the_depth_of_append_to(world, depth):
    more = {"prvCreatedh_SpotlerJob": "Basic", "prvAppenddh_SpotlerJob": "Basic"}
    anna = world.anna(depth, on_contacts=("AppendTo",), more=more)
    pointed = [
        name
        for name, contact in world.contacts.items()
        if anna.post("dh_spotlerjobs", {"dh_CustomerId_contact@odata.bind": f"/contacts({contact})"}).ok
    ]

    assert pointed == REACHED[depth]


@pytest.mark.parametrize("depth", REACHED)
def test_a_lookup_is_set_on_rows_within_the_depth_of_append(world, depth):
    more = {"prvAppendcontact": depth, "prvAppendToaccount": "Global"}
    anna = world.anna("Global", on_contacts=("Write",), more=more)
    (account,) = world.standin.load("account", {"name": "Contoso"})
    body = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}

    assert world.reached(anna, "PATCH", "contacts({})", body) == REACHED[depth]


def test_an_expanded_lookup_is_empty_where_the_row_is_out_of_reach_and_refused_without_the_privilege(world):
    standin, path = world.standin, "dh_spotlerjobs?$select=dh_name&$expand=dh_CustomerId_contact($select=lastname)"
    jobs = [
        {"dh_name": name, "dh_CustomerId_contact@odata.bind": f"/contacts({world.contacts[name]})"}
        for name in ("ANNA", "DORA")
    ]
    standin.load("dh_spotlerjob", *jobs)
    basic = world.anna("Basic", on_contacts=("Read",), more={"prvReaddh_SpotlerJob": "Global"})
    without = world.signed_in("BEN", {"prvReaddh_SpotlerJob": "Global"})

    shown = {each["dh_name"]: each["dh_CustomerId_contact"] for each in basic.rows(path)}
    assert shown["ANNA"]["lastname"] == "ANNA"
    assert shown["DORA"] is None
    assert without.get(path).status_code == 403


def test_an_expanded_collection_has_the_rows_within_the_depth_and_is_refused_without_the_privilege(world):
    (account,) = world.standin.load("account", {"name": "Contoso"})
    for contact in world.contacts.values():
        world.admin.patch(f"contacts({contact})", {"parentcustomerid_account@odata.bind": f"/accounts({account})"})
    path = f"accounts({account})?$select=name&$expand=contact_customer_accounts($select=lastname)"
    local = world.anna("Local", on_contacts=("Read",), more={"prvReadaccount": "Global"})
    without = world.signed_in("BEN", {"prvReadaccount": "Global"})

    shown = local.get(path).json()["contact_customer_accounts"]
    assert [each["lastname"] for each in shown] == REACHED["Local"]
    assert without.get(path).status_code == 403


def test_a_linked_table_joins_only_rows_within_the_depth(world):
    anna = world.anna("Basic", on_contacts=("Read",), more={"prvReaddh_SpotlerJob": "Global"})
    jobs = [
        {"dh_name": name, "dh_CustomerId_contact@odata.bind": f"/contacts({world.contacts[name]})"}
        for name in ("ANNA", "DORA")
    ]
    world.standin.load("dh_spotlerjob", *jobs)
    link = "<link-entity name='contact' from='contactid' to='dh_customerid'/>"
    fetch = f"<fetch><entity name='dh_spotlerjob'><attribute name='dh_name'/>{link}</entity></fetch>"

    assert [each["dh_name"] for each in anna.rows(f"dh_spotlerjobs?fetchXml={fetch}")] == ["ANNA"]


def test_the_deepest_of_several_roles_counts(world):
    world.signed_in("BEN", {"prvReadcontact": "Basic"})
    deeper = world.signed_in("BEN", {"prvReadcontact": "Local"})

    assert sorted(each["lastname"] for each in deeper.rows("contacts?$select=lastname")) == ["ANNA", "BEN"]


def test_rows_of_a_team_are_those_of_its_members(world):
    (team,) = world.standin.load("team", {"name": "Sales"})
    world.standin.load("teammembership", {"_teamid_value": team, "_systemuserid_value": world.users["ANNA"]})
    world.standin.load("contact", {"lastname": "Of the team", "ownerid@odata.bind": f"/teams({team})"})

    shown = world.anna("Basic").rows("contacts?$select=lastname")
    assert sorted(each["lastname"] for each in shown) == ["ANNA", "Of the team"]
