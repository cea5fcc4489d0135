import pytest

from sandbox.spotler.seed import PROPERTIES
from tests.contract.spotler.support import error_of

ACCEPTED = [
    ("firstName", "Zoë 🌷", "Zoë 🌷"),
    ("firstName", 12345, "12345"),
    ("firstName", -7, "-7"),
    ("firstName", 12.5, "12.5"),
    ("freeField1", 12, 12),
    ("freeField1", "-12", -12),
    ("turnover", 4995, 4995),
    ("turnover", "4995", 4995),
    ("birthday", "1984-02-29", "1984-02-29"),
    ("lastorderdate", "2024-05-01", "2024-05-01T00:00:00.000+02:00"),
    ("lastorderdate", "2024-12-01T23:30:00-08:00", "2024-12-01T00:00:00.000+01:00"),
    ("lastVisit", "2024-05-01T08:00:00Z", "2024-05-01T10:00:00.000+02:00"),
    ("lastVisit", "2024-05-01T10:00:00.1234+0200", "2024-05-01T10:00:00.123+02:00"),
    ("gender", "F", "F"),
    ("gender", "MALE", "M"),
    ("mobileNumber", "+31 6 1234 5678", "+31 6 1234 5678"),
    ("postalCode", "SW1A 1AA", "SW1A 1AA"),
]

REFUSED = [
    ("shoeSize", 1),
    ("email", "not-an-address"),
    ("email", "a@b"),
    ("email", "a b@example.org"),
    ("firstName", True),
    ("firstName", 1e22),
    ("firstName", ["a"]),
    ("gender", 1),
    ("mobileNumber", 31612345678),
    ("birthday", 19840229),
    ("firstName", "x" * 256),
    ("freeField1", 1.5),
    ("freeField1", True),
    ("freeField1", 2**31),
    ("freeField1", "twelve"),
    ("turnover", 49.95),
    ("turnover", "49.95"),
    ("birthday", "1985-02-29"),
    ("birthday", "29-02-1984"),
    ("birthday", "1984-02-29T00:00:00Z"),
    ("lastorderdate", "yesterday"),
    ("lastVisit", "2024-05-01T10:00:00"),
    ("lastVisit", 1714550400000),
    ("gender", "X"),
    ("mobileNumber", "none"),
    ("permissions", {"bit": 1, "enabled": True}),
    ("permissions", [{"bit": 8, "enabled": True}]),
    ("permissions", [{"bit": 1, "enabled": "true"}]),
    ("permissions", [{"bit": True, "enabled": True}]),
    ("permissions", [{"enabled": True}]),
    ("permissions", ["Newsletter"]),
    ("permissions", [{"bit": 1, "enabled": True, "rank": 1}]),
]


@pytest.mark.parametrize(("name", "given", "read"), ACCEPTED)
def test_value_is_read_back_in_its_canonical_form(api, ann, name, given, read):
    assert api.save(ann, **{name: given}).status_code == 204
    assert api.properties(ann)[name] == read


@pytest.mark.parametrize(("name", "given"), REFUSED)
def test_wrong_value_is_refused_naming_the_property(api, ann, name, given):
    answer = api.save(ann, **{name: given})

    assert error_of(answer) == (400, "INVALID_PROPERTY")
    assert name in answer.json()["message"]


def test_empty_text_clears_and_null_is_not_given(api, ann):
    api.save(ann, city="Delft", freeField1=1, birthday="1984-02-29")
    api.save(ann, city="", freeField1="", birthday=None)

    properties = api.properties(ann)
    assert ("city" in properties, "freeField1" in properties) == (False, False)
    assert properties["birthday"] == "1984-02-29"


def test_properties_without_a_value_are_left_out_but_sets_are_whole(api, ann):
    assert set(api.properties(ann)) == {"email", "firstName", "permissions", "profileFields"}


def test_date_can_be_read_without_a_time(api, ann, door):
    door.settings(date_properties_as_timestamps=False)
    api.save(ann, lastorderdate="2024-05-01")

    assert api.properties(ann)["lastorderdate"] == "2024-05-01"


def test_postcode_type_takes_dutch_codes_only(api, ann, door):
    door.post("properties", properties=[{"name": "postalCode", "description": "P", "type": "postcode"}])

    assert api.save(ann, postalCode="2611 AB").status_code == 204
    assert error_of(api.save(ann, postalCode="SW1A 1AA")) == (400, "INVALID_PROPERTY")


def test_list_holds_every_property_and_options_of_sets_only(api):
    listed = api.get("/contact/properties/list").json()

    assert [each["name"] for each in listed] == [each.name for each in PROPERTIES]
    assert {each["name"] for each in listed if "entries" in each} == {"profileFields", "permissions"}
    assert listed[-1]["entries"][2] == {"bit": 4, "description": "Offers", "rank": 3}


def test_two_properties_share_a_description(api):
    listed = api.get("/contact/properties/list").json()

    assert [p["name"] for p in listed if p["description"] == "Score note"] == ["scoreNote1", "scoreNote2"]


def permissions(api):
    listed = api.get("/contact/properties/list").json()
    return next(each["entries"] for each in listed if each["name"] == "permissions")


def test_renamed_permission_keeps_its_bit_its_rank_and_who_has_it(api, ann, door):
    api.save(ann, permissions=[{"bit": 1, "enabled": True}])
    before = permissions(api)

    door.rename_permissions({1: "Monthly news"})

    assert permissions(api) == [{**before[0], "description": "Monthly news"}, *before[1:]]
    assert api.properties(ann)["permissions"][0] == {"bit": 1, "enabled": True, "description": "Monthly news"}
    assert api.save(ann, permissions=[{"bit": 1, "enabled": False}]).status_code == 204
    assert door.state()["contacts"][0]["permissions"] == []


def test_permission_whose_bit_is_unknown_is_not_renamed(door):
    with pytest.raises(RuntimeError, match="no permission with the bit 8"):
        door.rename_permissions({8: "Nothing"})


def test_hidden_property_is_unknown_to_callers_and_keeps_its_values(api, ann, door):
    api.save(ann, permissions=[{"bit": 1, "enabled": True}], city="Delft")
    door.show_properties(permissions=False, city=False)

    assert {"permissions", "city"} & {each["name"] for each in api.get("/contact/properties/list").json()} == set()
    assert {"permissions", "city"} & api.properties(ann).keys() == set()
    assert error_of(api.save(ann, permissions=[{"bit": 1, "enabled": False}])) == (400, "INVALID_PROPERTY")
    assert api.batch({"externalId": ann, "properties": {"city": "X"}}).json()[0]["code"] == "PROPERTY_INVALID"
    assert error_of(api.get("/contact/search?pageSize=1&MPSearchQuery=city=Delft")) == (400, "INVALID_PARAMS")
    assert (door.state()["contacts"][0]["permissions"], door.state()["contacts"][0]["properties"]["city"]) == (
        [1],
        "Delft",
    )

    door.show_properties(permissions=True, city=True)

    assert api.properties(ann)["city"] == "Delft"


def test_property_that_is_unknown_is_neither_shown_nor_hidden(door):
    with pytest.raises(RuntimeError, match="property shoeSize is unknown"):
        door.show_properties(shoeSize=False)


def test_number_becomes_text_wherever_text_is_expected(api, door):
    contact = {"externalId": 42, "properties": {"email": "a@example.org", "postalCode": 2611}}

    assert api.post("/contact", {"contact": contact}).status_code == 204
    assert api.properties("42")["postalCode"] == "2611"
    assert api.batch(contact | {"properties": {"firstName": 7}}).json()[0] == {
        "externalId": "42",
        "code": "OK",
        "message": "",
    }
    product = {"externalId": 9, "name": 9, "link": "x", "price": 1995, "oldPrice": 2995, "imageUrl": "x"}
    assert api.post("/product", {"product": product | {"imageLargeUrl": "x"}}).status_code == 204
    assert (api.get("/product/9").json()["price"], api.get("/product/9").json()["name"]) == ("1995", "9")
    order = {"externalId": 1, "externalContactId": 42, "date": "2024-06-01", "value": 4995}
    assert api.post("/order", {"order": order | {"externalProductIds": ["9"]}}).status_code == 204
    assert door.state()["orders"] == [{"externalId": "1", "contact": "42", "value": 4995}]
