import pytest

from sandbox.spotler.settings import DEFAULT_KEY, DEFAULT_SECRET
from tests.contract.spotler.support import error_of


@pytest.fixture
def hot(api, door):
    """An audience, and three contacts that could be in it."""
    door.contacts(*({"externalId": f"c-{n}", "properties": {"email": f"u{n}@example.org"}} for n in (1, 2, 3)))
    assert api.post("/audience", {"externalId": "hot", "name": "Hot leads"}).status_code == 200
    return "hot"


@pytest.fixture
def described(door):
    """Refusals of audiences say why, which the published description does not promise."""
    door.settings(audience_error_bodies=True)


def members(door):
    return door.state()["audiences"][0]["members"]


@pytest.mark.usefixtures("hot")
def test_created_audience_is_returned_and_can_be_read(api):
    audience = api.get("/audience/hot").json()

    assert (audience["externalId"], audience["name"]) == ("hot", "Hot leads")
    assert set(audience) == {"externalId", "name", "createDate", "changeDate"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/audience"),
        ("GET", "/audience/x"),
        ("DELETE", "/audience/x/contact"),
        ("POST", "/automation/trigger/x"),
        ("GET", "/automation/list"),
    ],
)
def test_edition_without_automation_is_403(api, door, method, path):
    door.settings(credentials=[{"key": DEFAULT_KEY, "secret": DEFAULT_SECRET, "edition": "professional"}])

    assert error_of(api.call(method, path, {})) == (403, "NOT_AUTHORIZED")


@pytest.mark.usefixtures("hot", "described")
@pytest.mark.parametrize(
    ("body", "error_type"),
    [
        ({"externalId": "", "name": "New"}, "INVALID_PARAMS"),
        ({"externalId": "new"}, "INVALID_PARAMS"),
        ({"externalId": "new", "name": "x" * 256}, "INVALID_PARAMS"),
        ({"externalId": "x" * 256, "name": "New"}, "INVALID_PARAMS"),
        ({"externalId": "hot", "name": "New"}, "ID_NOTUNIQUE"),
        ({"externalId": "new", "name": "Hot leads"}, "NAME_ALREADY_IN_USE"),
    ],
)
def test_broken_rule_is_417(api, body, error_type):
    assert error_of(api.post("/audience", body)) == (417, error_type)


@pytest.mark.usefixtures("hot")
def test_number_of_audiences_is_limited(api, door):
    door.settings(max_audiences=1, audience_error_bodies=True)

    assert error_of(api.post("/audience", {"externalId": "n", "name": "N"})) == (417, "INVALID_STATE")


@pytest.mark.usefixtures("hot", "described")
def test_update_keeps_id_and_unique_name(api):
    api.post("/audience", {"externalId": "cold", "name": "Cold"})

    assert error_of(api.put("/audience/hot", {"externalId": "other", "name": "N"})) == (400, "INVALID_PARAMS")
    assert error_of(api.put("/audience/hot", {"externalId": "hot", "name": "Cold"}))[0] == 417
    assert error_of(api.put("/audience/none", {"externalId": "none", "name": "N"}))[0] == 404
    answer = api.put("/audience/hot", {"externalId": "hot", "name": "Hotter", "description": "D"})
    assert (answer.status_code, answer.json()["name"], answer.json()["description"]) == (200, "Hotter", "D")


@pytest.mark.usefixtures("hot", "described")
def test_audience_in_use_is_not_deleted(api, door):
    door.post("lists", audiences=[{"externalId": "used", "name": "Used", "inUse": True}])

    assert error_of(api.delete("/audience/used")) == (417, "INVALID_STATE")
    assert api.delete("/audience/hot").status_code == 204
    assert error_of(api.delete("/audience/hot")) == (404, "RESOURCE_NOT_FOUND")


@pytest.mark.usefixtures("hot")
def test_unknown_contacts_are_named_and_nobody_is_added(api, door):
    answer = api.post("/audience/hot/contact", {"contacts": ["c-1", "x-9", "c-2", "x-8"]})

    assert error_of(answer) == (404, "CONTACT_NOT_FOUND")
    assert answer.json()["externalContactIds"] == ["x-9", "x-8"]
    assert members(door) == []


@pytest.mark.usefixtures("hot")
def test_each_member_is_added_once_and_leaves_an_effect_each(api, door):
    for _ in range(2):
        assert api.post("/audience/hot/contact", {"contacts": ["c-1", "c-2", "c-1"]}).status_code == 204

    assert members(door) == ["c-1", "c-2"]
    assert [e["externalId"] for e in door.journal("audience.member_added")] == ["c-1", "c-2"]
    assert "lastContactAddedAt" in api.get("/audience/hot").json()


@pytest.mark.usefixtures("hot", "described")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_2500_contacts_are_the_most(api, method):
    path = "/audience/hot/contact"
    api.post(path, {"contacts": ["c-1"]})

    assert api.call(method, path, {"contacts": ["c-1"] * 2500}).status_code == 204
    assert error_of(api.call(method, path, {"contacts": ["c-1"] * 2501})) == (413, "INVALID_PARAMS")


@pytest.mark.usefixtures("hot")
def test_named_contacts_are_removed_known_or_not(api, door):
    api.post("/audience/hot/contact", {"contacts": ["c-1", "c-2", "c-3"]})

    assert api.delete("/audience/hot/contact", {"contacts": ["c-1", "x-9"]}).status_code == 204
    assert members(door) == ["c-2", "c-3"]


@pytest.mark.usefixtures("hot")
@pytest.mark.parametrize("body", [None, "", "null"])
def test_removal_without_names_empties_the_audience(api, door, body):
    api.post("/audience/hot/contact", {"contacts": ["c-1", "c-2"]})

    json = {"Content-Type": "application/json"}
    assert api.delete("/audience/hot/contact", data=body, headers=json).status_code == 204
    assert members(door) == []
    assert door.journal("audience.emptied")[0]["detail"] == {"audience": "hot", "members": 2}


@pytest.mark.usefixtures("hot")
@pytest.mark.parametrize("body", [{"contacts": []}, {}, {"contacts": None}, {"contacts": [1]}, []])
def test_empty_or_wrong_list_never_empties_the_audience(api, door, body):
    api.post("/audience/hot/contact", {"contacts": ["c-1", "c-2"]})

    assert api.delete("/audience/hot/contact", body).status_code == (204 if body == {"contacts": []} else 400)
    assert members(door) == ["c-1", "c-2"]


BARE = [
    ("GET", "/audience/none", None, 404),
    ("PUT", "/audience/none", {"externalId": "none", "name": "N"}, 404),
    ("DELETE", "/audience/none", None, 404),
    ("POST", "/audience/none/contact", {"contacts": ["c-1"]}, 404),
    ("DELETE", "/audience/none/contact", {"contacts": ["c-1"]}, 404),
    ("DELETE", "/audience/none/contact", None, 404),
    ("PUT", "/audience/hot", {"externalId": "other", "name": "N"}, 400),
    ("POST", "/audience", {"externalId": "new", "name": ""}, 417),
    ("POST", "/audience", {"externalId": "hot", "name": "New"}, 417),
    ("POST", "/audience/hot/contact", {"contacts": ["c-1"] * 2501}, 413),
]


@pytest.mark.usefixtures("hot")
@pytest.mark.parametrize(("method", "path", "body", "status"), BARE)
def test_refusal_has_no_body_and_the_side_door_says_why(api, door, method, path, body, status):
    answer = api.call(method, path, body)

    assert (answer.status_code, answer.content, "content-type" in answer.headers) == (status, b"", False)
    assert door.traffic()[-1]["reason"]


@pytest.mark.usefixtures("hot")
@pytest.mark.parametrize(("method", "path", "body", "status"), BARE)
def test_refusal_has_a_body_on_a_switch(api, door, method, path, body, status):
    door.settings(audience_error_bodies=True)

    answer = api.call(method, path, body)

    assert (answer.status_code, set(answer.json())) == (status, {"errorType", "message"})
