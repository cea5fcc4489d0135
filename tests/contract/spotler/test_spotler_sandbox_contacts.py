import pytest

from tests.contract.spotler.support import error_of


def test_insert_then_insert_again_is_refused(api):
    first = api.save("c-1", update=False, email="a@example.org")
    second = api.save("c-1", update=False, email="b@example.org")

    assert first.status_code == 204
    assert error_of(second) == (400, "CONTACT_ALREADY_EXISTS")
    assert "already exists" in second.json()["message"]
    assert api.properties("c-1")["email"] == "a@example.org"


def test_no_content_has_neither_body_nor_content_type(api):
    answer = api.save("c-1", email="a@example.org")

    assert (answer.status_code, answer.content) == (204, b"")
    assert not {"content-type", "content-length", "transfer-encoding"} & {h.lower() for h in answer.headers}


def test_error_content_type_has_no_charset(api):
    assert api.get("/contact/nobody").headers["content-type"] == "application/json"


def test_update_creates_what_is_missing(api):
    assert api.save("c-1", update=True, email="a@example.org").status_code == 204
    assert api.get("/contact/c-1").status_code == 200


def test_update_of_existing_only_is_a_setting(api, door):
    door.settings(post_update_true_creates=False)

    assert error_of(api.save("c-1", update=True, email="a@example.org")) == (400, "CONTACT_NOT_FOUND")


def test_put_changes_what_exists_and_nothing_else(api, ann):
    body = {"contact": {"externalId": ann, "properties": {"firstName": "Anna"}}}

    assert api.put(f"/contact/{ann}", body).status_code == 204
    assert error_of(api.put("/contact/c-2", body)) == (404, "CONTACT_NOT_FOUND")
    assert api.properties(ann)["firstName"] == "Anna"


def test_put_can_change_the_external_id(api, ann, door):
    door.contacts({"externalId": "c-2", "properties": {"email": "b@example.org"}})

    assert error_of(api.put(f"/contact/{ann}", {"contact": {"externalId": "c-2"}})) == (400, "ID_NOTUNIQUE")
    assert api.put(f"/contact/{ann}", {"contact": {"externalId": "c-9"}}).status_code == 204
    assert api.get(f"/contact/{ann}").status_code == 404
    assert api.properties("c-9")["firstName"] == "Ann"


def test_purge_empties_what_is_not_named(api, ann):
    api.save(ann, purge=True, email="ann@example.org", city="Delft")

    properties = api.properties(ann)
    assert ("firstName" in properties, properties["city"]) == (False, "Delft")


def test_without_purge_only_named_bits_change(api, ann):
    api.save(ann, permissions=[{"bit": 1, "enabled": True}, {"bit": 2, "enabled": True}])
    api.save(ann, permissions=[{"bit": 2, "enabled": False, "description": "ignored"}])

    assert api.properties(ann)["permissions"] == [
        {"bit": 1, "enabled": True, "description": "Newsletter"},
        {"bit": 2, "enabled": False, "description": "Events"},
        {"bit": 4, "enabled": False, "description": "Offers"},
    ]


def test_with_purge_unnamed_bits_fall_to_false(api, ann):
    api.save(ann, permissions=[{"bit": 1, "enabled": True}])
    api.save(ann, purge=True, email="ann@example.org", permissions=[{"bit": 4, "enabled": True}])

    enabled = [entry["bit"] for entry in api.properties(ann)["permissions"] if entry["enabled"]]
    assert enabled == [4]


def test_refused_write_changes_nothing(api, ann, door):
    before = door.state()["contacts"]

    assert error_of(api.save(ann, firstName="Eve", shoeSize=1)) == (400, "INVALID_PROPERTY")
    assert (door.state()["contacts"], door.journal()) == (before, [])


def test_repeated_write_leaves_one_effect_and_one_change(api, door):
    api.save("c-1", email="a@example.org", permissions=[{"bit": 1, "enabled": True}])
    changed = api.get("/contact/c-1").json()["lastChanged"]
    door.clock(advance_s=60)
    api.save("c-1", email="a@example.org", permissions=[{"bit": 1, "enabled": True}])

    assert api.get("/contact/c-1").json()["lastChanged"] == changed
    assert [entry["effect"] for entry in door.journal()] == ["contact.created"]


@pytest.mark.parametrize("value", [0, 3])
def test_a_number_where_there_was_none_is_a_change_also_when_it_is_zero(api, ann, door, value):
    api.save(ann, freeField1=value)

    assert api.properties(ann)["freeField1"] == value
    assert [entry["effect"] for entry in door.journal()] == ["contact.updated"]


@pytest.mark.parametrize("external_id", ["", "x" * 256, None])
def test_external_id_has_one_to_255_characters(api, external_id):
    assert error_of(api.save(external_id, email="a@example.org")) == (400, "INVALID_PARAMS")


def test_contact_needs_an_address_or_a_mobile_number(api):
    assert error_of(api.save("c-1", firstName="Ann")) == (400, "INVALID_STATE")
    assert api.save("c-1", mobileNumber="+31612345678").status_code == 204
    channels = api.get("/contact/c-1").json()["channels"]
    assert channels == [{"name": "EMAIL", "value": False}, {"name": "SMS", "value": True}]


@pytest.mark.parametrize("rule", ["email", "both"])
def test_contact_is_recognised_by_address_if_the_account_says_so(api, door, rule):
    door.settings(dedupe=rule)
    door.contacts({"properties": {"email": "New@example.org", "city": "Delft"}})

    assert api.save("c-7", email="new@example.org").status_code == 204
    assert len(door.state()["contacts"]) == 1
    assert api.properties("c-7")["city"] == "Delft"


def test_address_is_no_key_by_default(api, door):
    api.save("c-1", email="same@example.org")
    api.save("c-2", email="same@example.org")

    assert len(door.state()["contacts"]) == 2


def test_each_key_sees_its_own_external_id_field(api, door, spotler_server, ann):
    door.settings(
        credentials=[
            {"key": "other", "secret": "secret2", "field": "shopId"},
            {"key": api.key, "secret": api.secret, "field": "externalId"},
        ]
    )
    other = type(api)(spotler_server.url, "other", "secret2")

    assert error_of(other.get(f"/contact/{ann}")) == (404, "CONTACT_NOT_FOUND")
    found = other.get("/contact/search", MPSearchQuery="email=ann@example.org", pageSize=10).json()
    assert "externalId" not in found["contacts"][0]


def test_search_matches_exactly_and_ignores_case_of_addresses(api, door):
    door.contacts(
        {"externalId": "c-1", "properties": {"email": "a+b@example.org", "city": "Delft"}},
        {"externalId": "c-2", "properties": {"email": "c@example.org", "city": "Delft"}},
    )

    def found(query):
        answer = api.get("/contact/search", MPSearchQuery=query, pageSize=10)
        return [contact["externalId"] for contact in answer.json()["contacts"]]

    assert found("email=A+B@example.org") == ["c-1"]
    assert found("email=a%2Bb%40example.org") == ["c-1"]  # encoded twice
    assert found("externalId=c-2") == ["c-2"]
    assert found("city=Delft") == ["c-1", "c-2"]
    assert found("city=Delft&email=c@example.org") == ["c-2"]
    assert found("city=delft") == []


@pytest.mark.parametrize(
    "query",
    [{}, {"MPSearchQuery": "email"}, {"MPSearchQuery": "shoeSize=1"}, {"pageSize": None}, {"pageSize": 0}],
)
def test_search_needs_a_pair_of_a_known_property_and_a_page_size(api, query):
    wanted = {"MPSearchQuery": "city=Delft", "pageSize": 10} | query if query else {"pageSize": 10}

    assert error_of(api.get("/contact/search", **wanted)) == (400, "INVALID_PARAMS")


@pytest.mark.parametrize("body", [None, "null", '"c-1"', "not json"])
def test_anonymising_ignores_its_body(api, ann, body):
    assert api.put(f"/contact/anonymize/{ann}", data=body).status_code == 204


@pytest.mark.parametrize("action", ["anonymize", "inactivate"])
def test_unknown_contact_is_404_for_actions(api, action):
    assert error_of(api.put(f"/contact/{action}/nobody")) == (404, "CONTACT_NOT_FOUND")


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "{}", '{"contact":[]}', '{"contact":null}', '{"a":NaN}'])
def test_broken_body_is_400(api, body):
    assert error_of(api.post("/contact", data=body)) == (400, "INVALID_PARAMS")


def test_null_and_members_that_can_only_be_read_are_ignored(api):
    contact = {
        "externalId": "c-1",
        "testGroup": None,
        "channels": None,
        "created": "nonsense",
        "properties": {"email": "a@example.org", "city": None},
    }

    assert api.post("/contact", {"update": None, "purge": None, "contact": contact}).status_code == 204


def test_subscribing_needs_no_external_id(api, door):
    body = {"properties": {"email": "new@example.org", "permissions": [{"bit": 1, "enabled": True}]}}

    assert api.post("/subscription/subscribe", body).status_code == 204
    contact = door.state()["contacts"][0]
    assert (contact["externalId"], contact["permissions"]) == (None, [1])


def test_subscribing_a_known_address_updates_by_rule(api, ann, door):
    door.settings(dedupe="both")

    api.post("/subscription/subscribe", {"properties": {"email": "ann@example.org", "city": "Delft"}})

    assert (len(door.state()["contacts"]), api.properties(ann)["city"]) == (1, "Delft")


def test_aliases_of_clients_can_be_switched_off(api, ann, door):
    body = {"contact": {"externalId": ann, "properties": {"city": "Delft"}}}
    assert api.put("/contact", body).status_code == 204
    assert api.get("/contact/properties").status_code == 200

    door.settings(lenient_routes=False)

    assert api.put("/contact", body).status_code == 405
    assert error_of(api.get("/contact/properties")) == (404, "CONTACT_NOT_FOUND")
    assert api.get("/templist/").status_code == 404


def test_xml_is_refused(api):
    answer = api.post("/contact", data="<a/>", headers={"Content-Type": "application/xml"})

    assert answer.status_code == 415
    assert api.call("GET", "/campaign/list", headers={"Accept": "application/xml"}).status_code == 406
