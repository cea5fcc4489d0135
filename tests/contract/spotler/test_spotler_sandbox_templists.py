import pytest

from tests.contract.spotler.support import error_of


@pytest.fixture
def known(door):
    door.contacts(*({"externalId": f"c-{n}", "properties": {"email": f"u{n}@example.org"}} for n in (1, 2)))


def create(api, external_id="t-1", name="List", contacts=("c-1",)):
    body = {"externalTemporaryListId": external_id, "name": name, "contacts": contacts and list(contacts)}
    return api.post("/templist", body)


@pytest.mark.usefixtures("known")
def test_list_is_created_with_its_contacts(api, door):
    assert create(api).status_code == 204
    assert create(api, "t-2", "Other", None).status_code == 204
    listed = api.get("/templist").json()
    assert [(t["externalTemporaryListId"], t["type"]) for t in listed] == [("t-1", "API"), ("t-2", "API")]
    assert door.state()["temporaryLists"][0]["members"] == ["c-1"]


@pytest.mark.usefixtures("known")
def test_unknown_contact_creates_nothing(api, door):
    assert error_of(create(api, contacts=("c-1", "x-9"))) == (400, "CONTACT_NOT_FOUND")
    assert (api.get("/templist").json(), door.journal()) == ([], [])


@pytest.mark.usefixtures("known")
def test_unknown_contact_adds_nobody(api, door):
    create(api)

    assert error_of(api.post("/templist/t-1", {"contacts": ["c-2", "x-9"]})) == (400, "CONTACT_NOT_FOUND")
    assert door.state()["temporaryLists"][0]["members"] == ["c-1"]
    assert api.post("/templist/t-1", {"contacts": ["c-2"]}).status_code == 204
    assert door.state()["temporaryLists"][0]["members"] == ["c-1", "c-2"]


@pytest.mark.usefixtures("known")
def test_id_and_name_are_unique_and_number_is_limited(api, door):
    create(api)

    assert error_of(create(api, name="Other")) == (400, "ID_NOTUNIQUE")
    assert error_of(create(api, "t-2")) == (400, "NAME_ALREADY_IN_USE")
    door.settings(max_templists=1)
    assert error_of(create(api, "t-2", "Other")) == (400, "INVALID_STATE")


@pytest.mark.usefixtures("known")
def test_deletion_spares_lists_in_use(api, door):
    create(api)
    door.post("lists", temporaryLists=[{"externalId": "used", "name": "Used", "inUse": True}])

    assert api.delete("/templist/t-1").status_code == 204
    assert error_of(api.delete("/templist/t-1")) == (404, "RESOURCE_NOT_FOUND")
    assert error_of(api.delete("/templist/used")) == (400, "INVALID_STATE")


def test_lists_made_elsewhere_have_no_external_id(api, door):
    door.post("lists", temporaryLists=[{"name": "Imported", "type": "IMPORT"}])

    assert set(api.get("/templist").json()[0]) == {"name", "createdAt", "type"}
