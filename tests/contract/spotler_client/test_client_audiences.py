import pytest

from connector.errors import Refused
from connector.spotler import NotLicensed


def members(standin, audience: str) -> list[str]:
    return next(each["members"] for each in standin.get("state")["audiences"] if each["externalId"] == audience)


def test_the_life_of_an_audience(spotler):
    created = spotler.audiences.create("a/1", "Leads", "From a list")
    assert (created.external_id, created.name, created.description) == ("a/1", "Leads", "From a list")
    assert created.created is not None

    assert spotler.audiences.update("a/1", "Hot leads").name == "Hot leads"
    assert spotler.audiences.get("a/1").name == "Hot leads"
    assert spotler.audiences.delete("a/1") is True
    assert spotler.audiences.delete("a/1") is False
    assert spotler.audiences.get("a/1") is None


def test_members_come_and_go_and_strangers_are_reported(spotler, standin):
    standin.contacts("c-1", "c-2", "c-3")
    spotler.audiences.create("a-1", "Leads")

    added = spotler.audiences.add_members("a-1", ["c-1", "ghost", "c-2", "c-3", "ghoul"])
    assert added.done == ("c-1", "c-2", "c-3")
    assert added.unknown == ("ghost", "ghoul")
    assert members(standin, "a-1") == ["c-1", "c-2", "c-3"]

    spotler.audiences.remove_members("a-1", ["c-1", "nobody"])
    assert members(standin, "a-1") == ["c-2", "c-3"]

    spotler.audiences.remove_all("a-1")
    assert members(standin, "a-1") == []


def test_more_than_a_call_takes_is_split(spotler, standin):
    ids = [f"c-{number}" for number in range(2600)]
    standin.contacts(*ids)
    spotler.audiences.create("a-1", "Leads")

    result = spotler.audiences.add_members("a-1", ids)

    assert len(result.done) == 2600
    assert standin.calls("POST /audience/{externalId}/contact") == 2


def test_creating_again_after_a_lost_answer_is_harmless(spotler, standin):
    standin.arm("drop_after_write", "POST /audience")

    assert spotler.audiences.create("a-1", "Leads").name == "Leads"
    assert len(standin.get("state")["audiences"]) == 1


@pytest.mark.parametrize(("audience", "name"), [("a-2", "Leads"), ("a-1", "Other"), ("a-3", ""), ("a-3", "x" * 256)])
def test_rules_of_names_and_ids_are_reported(spotler, audience, name):
    spotler.audiences.create("a-1", "Leads")

    with pytest.raises(Refused) as refusal:
        spotler.audiences.create(audience, name)

    assert refusal.value.what_to_do


def test_an_audience_in_use_stays(spotler, standin):
    standin.post("lists", {"audiences": [{"externalId": "a-1", "name": "Leads", "inUse": True}]})

    with pytest.raises(Refused):
        spotler.audiences.delete("a-1")


def test_members_of_an_audience_that_is_gone_are_refused(spotler, standin):
    standin.contacts("c-1")

    with pytest.raises(Refused) as refusal:
        spotler.audiences.add_members("gone", ["c-1"])

    assert refusal.value.result_code == "RESOURCE_NOT_FOUND"


def test_an_edition_without_audiences_says_so(spotler, standin):
    credential = standin.get("settings")["credentials"][0]
    standin.post("settings", {"credentials": [credential | {"edition": "professional"}]})

    with pytest.raises(NotLicensed):
        spotler.audiences.create("a-1", "Leads")
    with pytest.raises(NotLicensed):
        spotler.trigger_automation("code", "c-1")
    with pytest.raises(NotLicensed):
        spotler.automations()
