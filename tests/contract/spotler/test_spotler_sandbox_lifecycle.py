import pytest

from sandbox.spotler.seed import WELCOME_TRIGGER_CODE
from tests.contract.spotler.support import error_of


def email_open(api, contact="c-1"):
    return api.get(f"/contact/{contact}").json()["channels"][0]["value"]


def soft_bounce():
    return {"type": "bounce", "externalId": "c-1", "hard": False}


def test_hard_bounce_closes_the_channel_until_the_address_changes(api, ann, door):
    door.emit({"type": "bounce", "externalId": ann})

    assert email_open(api) is False
    assert error_of(api.save(ann, city="Delft")) == (400, "INVALID_STATE")
    assert api.save(ann, email="new@example.org").status_code == 204
    assert email_open(api) is True


@pytest.mark.usefixtures("ann")
def test_four_soft_bounces_in_a_row_close_the_channel(api, door):
    door.emit(*[soft_bounce()] * 3)
    assert email_open(api) is True
    door.emit(soft_bounce())
    assert email_open(api) is False


def test_an_open_ends_the_row_of_soft_bounces(api, ann, door):
    door.emit(*[soft_bounce()] * 3, {"type": "open", "externalId": ann}, *[soft_bounce()] * 3)

    assert email_open(api) is True


def test_bounced_contact_with_a_mobile_number_can_still_be_written(api, ann, door):
    api.save(ann, mobileNumber="+31612345678")
    door.emit({"type": "bounce", "externalId": ann})

    assert api.save(ann, city="Delft").status_code == 204
    channels = {each["name"]: each["value"] for each in api.get(f"/contact/{ann}").json()["channels"]}
    assert channels == {"EMAIL": False, "SMS": True}


def test_leaving_one_permission_keeps_the_contact_active(api, ann, door):
    api.save(ann, permissions=[{"bit": 1, "enabled": True}, {"bit": 2, "enabled": True}])
    door.emit({"type": "unsubscribe", "externalId": ann, "permissions": [1]})

    assert (door.state()["contacts"][0]["permissions"], email_open(api)) == ([2], True)
    assert api.save(ann, city="Delft").status_code == 204


@pytest.mark.parametrize("event", ["unsubscribe", "complaint"])
def test_leaving_everything_refuses_further_writes(api, ann, door, event):
    api.save(ann, permissions=[{"bit": 1, "enabled": True}])
    door.emit({"type": event, "externalId": ann})

    assert (door.state()["contacts"][0]["permissions"], email_open(api)) == ([], False)
    assert error_of(api.save(ann, city="Delft")) == (400, "CONTACT_OPTOUT")
    body = {"contact": {"properties": {"email": "new@example.org"}}}
    assert error_of(api.put(f"/contact/{ann}", body)) == (400, "CONTACT_OPTOUT")


def test_effects_by_people_are_distinguished_from_those_by_callers(api, ann, door):
    api.save(ann, city="Delft")
    door.emit({"type": "profile", "externalId": ann, "properties": {"city": "Breda"}})

    assert [(e["effect"], e["by"]) for e in door.journal()] == [
        ("contact.updated", "api"),
        ("contact.updated", "contact"),
    ]


def test_inactivated_contact_keeps_its_data(api, ann, door):
    assert api.put(f"/contact/inactivate/{ann}", data="null").status_code == 204
    assert (api.properties(ann)["firstName"], email_open(api)) == ("Ann", False)
    assert door.journal()[0]["effect"] == "contact.inactivated"


def test_anonymised_contact_is_gone_but_statistics_stay(api, ann, door):
    api.post(f"/contact/{ann}/tags", {"tags": [{"name": "Lead"}]})
    api.post(f"/automation/trigger/{WELCOME_TRIGGER_CODE}", {"externalContactId": ann})
    api.post("/audience", {"externalId": "hot", "name": "Hot"})
    api.post("/audience/hot/contact", {"contacts": [ann]})
    door.emit({"type": "sent", "externalId": ann})

    assert api.put(f"/contact/anonymize/{ann}").status_code == 204

    state = door.state()
    contact = state["contacts"][0]
    assert error_of(api.get(f"/contact/{ann}")) == (404, "CONTACT_NOT_FOUND")
    assert (contact["anonymized"], contact["externalIds"], contact["tags"]) == (True, {}, {})
    assert "email" not in contact["properties"]
    assert (state["audiences"][0]["members"], state["automationRuns"][0]["ended"] is None) == ([], False)
    sent = api.get("/mailing-interaction/sent").json()["interactions"]
    assert ["externalContactId" in each for each in sent] == [False]
    assert door.journal()[-1]["externalId"] == ann
    assert api.save(ann, update=False, email="ann@example.org").status_code == 204


def test_anonymised_contact_is_no_update(api, ann):
    api.put(f"/contact/anonymize/{ann}")

    feed = api.get("/contact/updates/list", fromDate="2000-01-01", toDate="2100-01-01", pageSize=10)
    assert feed.json()["contacts"] == []
