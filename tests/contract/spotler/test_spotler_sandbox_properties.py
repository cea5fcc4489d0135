import pytest

from sandbox.spotler.seed import PROPERTIES
from tests.contract.spotler.support import error_of

ACCEPTED = [
    ("firstName", "Zoë 🌷", "Zoë 🌷"),
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
    ("firstName", 5),
    ("firstName", True),
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
