from tests.contract.spotler.support import error_of


def contact(external_id, **properties):
    return {"externalId": external_id, "properties": properties}


def test_mixed_results_come_in_the_order_of_the_input(api, door):
    door.contacts(
        {"externalId": "gone", "properties": {"email": "g@example.org"}, "inactive": "optOut"},
        {"externalId": "bounced", "properties": {"email": "h@example.org"}, "inactive": "hardBounce"},
    )
    batch = [contact(f"c-{n}", email=f"u{n}@example.org") for n in range(95)]
    batch += [
        contact("bad", email="not-an-address"),
        contact("odd", email="o@example.org", shoeSize=1),
        contact("gone", city="Delft"),
        contact("bounced", city="Delft"),
        contact("mute", city="Delft"),
    ]

    answer = api.batch(*batch)

    assert answer.status_code == 200
    results = answer.json()
    assert [each["externalId"] for each in results] == [each["externalId"] for each in batch]
    assert [each["code"] for each in results] == ["OK"] * 95 + [
        "PROPERTY_INVALID",
        "PROPERTY_INVALID",
        "CONTACT_OPTOUT",
        "NO_ACTIVE_CHANNEL",
        "NO_ACTIVE_CHANNEL",
    ]
    assert len(door.journal("contact.created")) == 95


def test_existing_contact_without_update_has_its_code(api, ann):
    assert api.batch(contact(ann, city="Delft"), update=False).json()[0]["code"] == "CONTACT_ALREADY_EXISTS"


def test_unknown_contact_has_its_code_where_update_means_existing(api, door):
    door.settings(post_update_true_creates=False)

    assert api.batch(contact("c-1", email="a@example.org")).json()[0]["code"] == "CONTACT_UNKNOWN"


def test_same_id_twice_is_processed_in_order(api):
    results = api.batch(contact("c-1", email="a@example.org", city="A"), contact("c-1", city="B")).json()

    assert [each["code"] for each in results] == ["OK", "OK"]
    assert api.properties("c-1")["city"] == "B"


def test_more_than_100_are_refused_as_a_whole(api, door):
    batch = [contact(f"c-{n}", email=f"u{n}@example.org") for n in range(101)]

    assert error_of(api.batch(*batch)) == (400, "INVALID_PARAMS")
    assert door.journal() == []


def test_one_without_id_refuses_the_whole(api, door):
    assert error_of(api.batch(contact("c-1", email="a@example.org"), {"properties": {}})) == (
        400,
        "INVALID_PARAMS",
    )
    assert door.journal() == []


def test_xml_is_an_unsupported_media_type(api):
    answer = api.post("/contact/list", data="<a/>", headers={"Content-Type": "application/xml"})

    assert answer.status_code == 415


def test_armed_contacts_fail_and_are_not_written(api, door):
    door.arm("contact_error", route="POST /contact/list", external_ids=["c-2"])
    batch = [contact(f"c-{n}", email=f"u{n}@example.org") for n in (1, 2, 3)]

    first = [each["code"] for each in api.batch(*batch).json()]
    second = [each["code"] for each in api.batch(*batch).json()]

    assert (first, second) == (["OK", "ERROR", "OK"], ["OK", "OK", "OK"])
