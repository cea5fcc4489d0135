"""The checks of what the set-up installs, against an installation in which something is wrong."""

from datetime import timedelta

import pytest
import requests

from sandbox.dataverse.steps import ENDPOINT_ID

SERVICE = "Spotler Service"
FORM = (
    "name", "contract", "authtype", "messageformat", "messagecharset", "userclaim", "connectionmode", "namespaceformat",
    "namespaceaddress", "saskeyname",
)  # fmt: skip
FIRST = "00000000-0000-4000-8000-000000000001"


def endpoint(admin, **values):
    usual = {"namespaceaddress": "sb://localhost:1/", "saskeyname": "dataverse-send", "saskey": "k" * 44}
    admin.update("serviceendpoints", ENDPOINT_ID, usual | values)


def step(admin, name):
    (found,) = admin.find(
        "sdkmessageprocessingsteps", f"name eq 'SpotlerAutomate: {name}'", "sdkmessageprocessingstepid"
    )
    return str(found["sdkmessageprocessingstepid"])


def test_an_installation_is_as_it_should_be(sick, admin, diagnose):
    endpoint(admin)

    for name in ("PRIVILEGES", "ENDPOINT", "STEPS", "POSTS", "KEYS", "TIME_ZONE"):
        assert diagnose(sick, f"DATAVERSE_{name}")[0] == "ok", diagnose(sick, f"DATAVERSE_{name}")


FAILED = {"statecode": 3, "statuscode": 31}
WAITS = {"statecode": 1, "statuscode": 10}


@pytest.mark.parametrize(
    ("job", "minutes", "verdict", "says"),
    [
        (FAILED, 60, "failed", "Dataverse gave up 1 post through"),
        (FAILED, 25 * 60, "ok", "arrived"),
        (WAITS, 5, "warning", "1 post through the service endpoint failed, and Dataverse tries again"),
        (WAITS, 90, "failed", "1 post through the service endpoint has failed for more than an hour"),
    ],
)
def test_posts_that_fail_are_found_also_while_dataverse_tries_again(world, sick, diagnose, job, minutes, verdict, says):
    moment = (world.now - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ended = {"completedon": moment} if job is FAILED else {}
    for name in ("SpotlerAutomate: Create of contact", "Another step"):
        world.load("asyncoperation", name=name, createdon=moment, **job, **ended)

    found, sentence, remedy = diagnose(sick, "DATAVERSE_POSTS")

    assert (found, says in sentence) == (verdict, True)
    assert ("key" in remedy) == (verdict != "ok")


def test_a_privilege_that_somebody_took_away_is_named(sick, admin, diagnose):
    (role,) = admin.find("roles", f"name eq '{SERVICE}'", "roleid")
    (one,) = admin.find("privileges", "name eq 'prvWritedh_spotlerinfo'", "privilegeid")
    body = {"Privilege": {"privilegeid": one["privilegeid"]}}
    admin.act(f"roles({role['roleid']})/Microsoft.Dynamics.CRM.RemovePrivilegeRole", body)

    verdict, sentence, remedy = diagnose(sick, "DATAVERSE_PRIVILEGES")

    assert (verdict, "prvWritedh_spotlerinfo" in sentence, SERVICE in remedy) == ("failed", True, True)


@pytest.mark.parametrize(
    ("values", "says"), [({"saskey": None}, "has no key"), ({"path": "another"}, "elsewhere: path")]
)
def test_an_endpoint_without_a_key_or_to_another_queue_is_found(sick, admin, diagnose, values, says):
    endpoint(admin, **values)

    verdict, sentence, _ = diagnose(sick, "DATAVERSE_ENDPOINT")

    assert (verdict, says in sentence) == ("failed", True)


def test_an_endpoint_that_posts_in_another_form_is_found(sick, admin, diagnose):
    endpoint(admin, messageformat=1)

    verdict, sentence, _ = diagnose(sick, "DATAVERSE_ENDPOINT")

    assert (verdict, "another form: messageformat" in sentence) == ("failed", True)


def another_endpoint(world, admin):
    """One of the same name, which Dataverse lists first."""
    (ours,) = admin.find("serviceendpoints", "name eq 'SpotlerAutomate'", ",".join(FORM))
    values = {name: ours[name] for name in FORM}
    return world.load("serviceendpoint", serviceendpointid=FIRST, path="other", solutionnamespace="other", **values)


@pytest.mark.parametrize(
    "change",
    [
        {"asyncautodelete": False},
        {"eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({FIRST})"},
    ],
)
def test_a_step_that_posts_otherwise_or_through_another_endpoint_is_found(world, sick, admin, diagnose, change):
    another_endpoint(world, admin)
    admin.update("sdkmessageprocessingsteps", step(admin, "Update of contact"), change)

    verdict, sentence, _ = diagnose(sick, "DATAVERSE_STEPS")

    assert (verdict, "Steps do not post as they should: SpotlerAutomate: Update of contact" in sentence) == (
        "failed",
        True,
    )


def test_a_step_whose_image_is_gone_is_found(sick, admin, diagnose):
    found = admin.find("sdkmessageprocessingstepimages", "entityalias eq 'PreImage'", "sdkmessageprocessingstepimageid")
    admin.delete("sdkmessageprocessingstepimages", str(found[0]["sdkmessageprocessingstepimageid"]))

    verdict, sentence, _ = diagnose(sick, "DATAVERSE_STEPS")

    assert (verdict, "rows that are deleted" in sentence) == ("failed", True)


def test_another_endpoint_of_the_same_name_changes_nothing(world, sick, admin, diagnose):
    endpoint(admin)
    another_endpoint(world, admin)

    assert (diagnose(sick, "DATAVERSE_ENDPOINT")[0], diagnose(sick, "DATAVERSE_STEPS")[0]) == ("ok", "ok")


def test_a_step_that_is_off_does_not_watch_or_is_gone_is_found(sick, admin, diagnose):
    found = []
    change = step(admin, "Update of contact")
    for values in ({"filteringattributes": "fax"}, {"statecode": 1, "statuscode": 2}):
        admin.update("sdkmessageprocessingsteps", change, values)
        found.append(diagnose(sick, "DATAVERSE_STEPS")[1])
    admin.delete("sdkmessageprocessingsteps", step(admin, "Create of dh_spotlerjob"))
    found.append(diagnose(sick, "DATAVERSE_STEPS")[1])

    assert ["watch" in found[0], "off" in found[1], "missing" in found[2]] == [True, True, True]
    assert "Update of contact" in found[0]
    assert "Create of dh_spotlerjob" in found[2]


def test_a_variable_that_is_missing_is_named(sick, diagnose):
    verdict, sentence, _ = diagnose(sick, "DATAVERSE_VARIABLES")

    assert (verdict, "dh_spotlerpermissions" in sentence) == ("failed", True)


def marketing_list(world, inner, **more):
    query = f'<fetch><entity name="contact"><attribute name="createdon"/>{inner}</entity></fetch>'
    values = {"type": True, "query": query, "createdfromcode": 2, "dh_spotlersync": True, **more}
    return world.load("list", listname="Some", **values)


@pytest.mark.usefixtures("admin")
def test_a_dynamic_list_whose_query_needs_a_privilege_that_is_missing_is_named(world, sick, diagnose):
    link = '<link-entity name="savedquery" from="createdby" to="createdby"/>'
    marketing_list(world, "")
    marketing_list(world, "<nonsense/>")
    marketing_list(world, link, dh_spotlersync=False)
    before = diagnose(sick, "DATAVERSE_LISTS")[0]
    named = marketing_list(world, link)

    verdict, sentence, remedy = diagnose(sick, "DATAVERSE_LISTS")

    assert (before, verdict, "Spotler Service" in remedy) == ("ok", "failed", True)
    assert f"{named} (prvReadsavedquery)" in sentence


@pytest.fixture
def zones(world, admin):
    """Gives people, and the application user, a time zone by its number."""
    url = f"{world.ready.url}/_sandbox/rows"

    def _zones(own, *people):
        admin.update("usersettingscollection", world.ready.user_id, {"timezonecode": own})
        for number, code in enumerate(people):
            rows = {"systemuser": [{"fullname": f"Person {number}"}]}
            (person,) = requests.post(url, json=rows, verify=world.ready.ca_file, timeout=30).json()["systemuser"]
            rows = {"usersettings": [{"systemuserid": person, "timezonecode": code}]}
            requests.post(url, json=rows, verify=world.ready.ca_file, timeout=30).raise_for_status()

    return _zones


def test_another_time_zone_than_that_of_most_people_is_a_warning_that_names_it(sick, zones, diagnose):
    zones(92, 110, 110, 85)

    verdict, sentence, remedy = diagnose(sick, "DATAVERSE_TIME_ZONE")

    assert verdict == "warning"
    assert "time zone 92, but 2 of 3 people have 110" in sentence
    assert remedy == "Set timezonecode of the application user to 110."


@pytest.mark.parametrize(("own", "people"), [(110, (110, 110, 85)), (92, ())])
def test_the_time_zone_of_most_people_is_right_and_without_people_there_is_nothing_to_compare(
    sick, zones, diagnose, own, people
):
    zones(own, *people)

    assert diagnose(sick, "DATAVERSE_TIME_ZONE")[0] == "ok"
