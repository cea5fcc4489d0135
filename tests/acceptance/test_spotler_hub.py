"""Spotler Hub as people meet it, and what stays of an installation when it is removed."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests

from connector.dataverse.choices import Operation
from connector.dataverse.names import Contact, Job, Permission
from connector.dataverse.schema.installation import EXTENDED_TABLES, OWN_TABLES
from connector.http import Clock
from connector.setup.calls import SetupCalls
from connector.setup.components import components
from connector.setup.interface.xml_compare import read_xml
from connector.setup.patience import Patience
from connector.setup.removal import plan_removal
from connector.setup.removing import remove_setup
from connector.setup.target import read_target
from sandbox.people import People
from tests.acceptance.installing import Installed, door, empty_environment, install

ROLES = "systemuserroles_association"
#: Tables of the customer to which the set-up adds nothing, and those to which it adds columns.
STANDARD = ("account", "contact", "lead", *(table.name for table in EXTENDED_TABLES))


@pytest.fixture
def environment(tmp_path) -> Iterator[tuple]:
    with empty_environment(tmp_path) as started:
        yield started


class Person:
    """Somebody who signs in; the stand-in knows the application of the connector, which gets other roles here."""

    def __init__(self, installed: Installed) -> None:
        dataverse = installed.around.dataverse
        self._url, self._admin = dataverse.get("url"), SetupCalls(installed.dataverse)
        self._session = requests.Session()
        self._session.trust_env, self._session.verify = False, dataverse.get("ca_file")
        form = {
            "grant_type": "client_credentials",
            "client_id": dataverse.get("client_id"),
            "client_secret": dataverse.get("client_secret"),
            "scope": f"{self._url}/.default",
        }
        token = self._session.post(f"{self._url}/{dataverse.get('tenant_id')}/oauth2/v2.0/token", data=form, timeout=60)
        self._session.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        self._user = installed.around.settings["DATAVERSE_USER_ID"]

    def gets(self, role: str) -> None:
        self._admin.refer(f"systemusers({self._user})/{ROLES}/$ref", f"roles({self._role(role)})")

    def loses(self, role: str) -> None:
        self._admin.delete(f"systemusers({self._user})/{ROLES}({self._role(role)})/$ref")

    def _role(self, name: str) -> str:
        condition = quote(f"name eq '{name}' and _parentroleid_value eq null")
        (found,) = self._admin.rows(f"roles?$select=roleid&$filter={condition}")
        return str(found["roleid"])

    def get(self, path: str) -> requests.Response:
        """What this person is shown."""
        return self._session.get(f"{self._url}/api/data/v9.2/{path}", timeout=60)

    def send(self, method: str, path: str, row: dict[str, object]) -> requests.Response:
        """What becomes of a row that this person writes."""
        return self._session.request(method, f"{self._url}/api/data/v9.2/{path}", json=row, timeout=60)


def basic_user(admin: SetupCalls) -> None:
    """The role that every environment gives to people: of apps it has the right to read them."""
    (unit,) = admin.rows("businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value%20eq%20null")
    bind = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    role = admin.post("roles", {"name": "Basic User", **bind})
    (read,) = admin.rows("privileges?$select=privilegeid&$filter=name%20eq%20'prvReadappmodule'")
    privileges = [{"PrivilegeId": read["privilegeid"], "Depth": "Global"}]
    admin.act(f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", {"Privileges": privileges})


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[tuple[Installed, SetupCalls, Person]]:
    """An environment with everything, and somebody in it without any role of ours."""
    with empty_environment(tmp_path_factory.mktemp("hub")) as started:
        installed = install(*started)
        door(installed.around, "customizing", {"privilege_lag": 0})
        admin, person = SetupCalls(installed.dataverse), Person(installed)
        basic_user(admin)
        person.loses("Spotler Service")
        person.gets("Basic User")
        yield installed, admin, person


@pytest.fixture
def person(hub) -> Iterator[Person]:
    """Somebody without any role of ours; the role Spotler User is taken away afterwards."""
    *_, somebody = hub
    yield somebody
    somebody.loses("Spotler User")


@pytest.mark.feature("HUB-01")
def test_who_has_the_role_spotler_user_sees_the_app_and_its_left_navigation_and_others_do_not(hub, person):
    _, admin, _ = hub
    before = person.get("appmodules?$select=name").json()["value"]
    forbidden = {person.get(table.set_name).status_code for table in OWN_TABLES}
    person.gets("Spotler User")
    (app,) = person.get("appmodules?$select=name,uniquename").json()["value"]
    (site_map,) = admin.rows(f"sitemaps?$select=sitemapxml&$filter=sitemapnameunique%20eq%20'{app['uniquename']}'")
    root = read_xml(site_map["sitemapxml"])
    groups = {
        group.find("Titles/Title[@LCID='1043']").get("Title"): [
            line.get("Entity") or line.find("Titles/Title[@LCID='1043']").get("Title") for line in group.iter("SubArea")
        ]
        for group in root.iter("Group")
    }

    assert (before, app["name"]) == ([], "Spotler Hub")
    assert groups == {
        "Overzicht": ["Dashboard"],
        "Records": ["contact", "lead", "account", "list"],
        "Spotler": [
            "dh_spotlerjob", "dh_spotlerautomation", "dh_spotlerpermission", "dh_spotlerconsent", "dh_spotlerinfo",
            "dh_marketinginteraction", "dh_websitevisitor",
        ],
        "Beheer": ["Omgevingsvariabelen"],
    }  # fmt: skip
    reads = {person.get(table.set_name).status_code for table in OWN_TABLES}
    assert (forbidden, reads) == ({403}, {200})


@pytest.mark.feature("PRM-03")
def test_who_has_the_role_spotler_user_switches_permissions_and_makes_none_by_hand(hub, person):
    installed, _, _ = hub
    admin = People(installed.around.dataverse)
    contact = admin.create(Contact.SET, {"lastname": "Jansen", "emailaddress1": "jansen@example.com"})
    bind = {f"{Permission.CONTACT_NAVIGATION}@odata.bind": f"/{Contact.SET}({contact})"}
    row = {Permission.NAME: "News", Permission.SUBSCRIBED: True, **bind}
    person.gets("Spotler User")

    refused = person.send("POST", Permission.SET, row)
    made = admin.create(Permission.SET, row)
    switched = person.send("PATCH", f"{Permission.SET}({made})", {Permission.SUBSCRIBED: False})

    assert (refused.status_code, switched.status_code) == (403, 204)
    assert "prvCreatedh_spotlerpermission" in refused.json()["error"]["message"]
    assert admin.read(Permission.SET, made)[Permission.SUBSCRIBED] is False


def definitions(calls: SetupCalls) -> dict[str, dict[str, object]]:
    """The columns of the customer's tables, as they are defined."""
    ours = ("dh_", "_dh_")
    return {
        table: {
            str(column["LogicalName"]): column
            for column in calls.rows(f"EntityDefinitions(LogicalName='{table}')/Attributes")
            if not str(column["LogicalName"]).startswith(ours)
        }
        for table in STANDARD
    }


@pytest.mark.feature("GEN-02")
def test_no_column_of_the_customer_changes_and_what_was_added_stays_as_ordinary_data_when_the_rest_is_removed(
    environment,
):
    around, dataverse = environment
    calls, people = SetupCalls(dataverse), People(around.dataverse)
    contact = people.create(Contact.SET, {"lastname": "Jansen", "emailaddress1": "jansen@example.com"})
    columns, record = definitions(calls), people.read(Contact.SET, contact)

    installed = install(around, dataverse)
    bind = {f"{Permission.CONTACT_NAVIGATION}@odata.bind": f"/{Contact.SET}({contact})"}
    permission = people.create(Permission.SET, {Permission.NAME: "News", Permission.SUBSCRIBED: True, **bind})
    job = people.create(Job.SET, {Job.OPERATION: Operation.CHECK.value})
    kept = {Permission.SET: permission, Job.SET: job}
    rows = {name: people.read(name, row_id) for name, row_id in kept.items()}
    changed = {name for name, found in definitions(calls).items() if found != columns[name]}
    added = {table.name: len(calls.rows(f"{table.set_name}?$select={table.id_column}")) for table in OWN_TABLES}
    parts = components(inputs=installed.inputs)
    removed = remove_setup(
        plan_removal(read_target(calls), parts), read_target(calls), parts, Patience(Clock(sleep=lambda _: None))
    )

    assert changed == set()
    assert {name.split()[0] for name in removed.done} >= {"app", "role", "step", "service", "dashboard"}
    # By the plain Web API, without anything of the connector.
    assert {name: people.read(name, row_id) for name, row_id in kept.items()} == rows
    assert {table.name: len(calls.rows(f"{table.set_name}?$select={table.id_column}")) for table in OWN_TABLES} == added
    people.update(Permission.SET, permission, {Permission.SUBSCRIBED: False})
    assert people.read(Permission.SET, permission)[Permission.SUBSCRIBED] is False
    assert people.read(Contact.SET, contact) == record
    assert definitions(calls) == columns
