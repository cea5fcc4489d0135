import pytest

from connector.errors import Refused, Unclear
from connector.spotler import ContactTag, ContactUnknown, NotSupported, ScoreOperation, missing
from connector.spotler.errors import NotSpotler
from sandbox.spotler.seed import WELCOME_AUTOMATION_ID


@pytest.fixture(autouse=True)
def _contact(standin):
    standin.contacts("c-1")


def test_tags_are_created_given_and_taken(spotler):
    spotler.create_tag("Cold")
    spotler.create_tag("Cold")
    spotler.add_tags("c-1", ["Lead", "Hot"])
    spotler.remove_tags("c-1", ["lead", "Never had"])

    assert spotler.tags_of("c-1") == (ContactTag("Hot"),)
    assert set(spotler.tags()) == {"Cold", "Lead", "Hot"}


def test_scores_are_set_raised_and_lowered(spotler):
    spotler.set_score("c-1", "Lead", 10, ScoreOperation.SET)
    spotler.set_score("c-1", "Lead", 5, ScoreOperation.INCREASE)
    spotler.set_score("c-1", "Lead", 3, ScoreOperation.DECREASE)
    spotler.set_score("c-1", "Hot", 4, ScoreOperation.DECREASE)

    assert spotler.tags_of("c-1") == (ContactTag("Lead", 12), ContactTag("Hot", -4))


def test_a_raise_whose_answer_is_lost_happens_once(spotler, standin):
    standin.arm("drop_after_write")

    with pytest.raises(Unclear):
        spotler.set_score("c-1", "Lead", 5, ScoreOperation.INCREASE)

    assert spotler.tags_of("c-1") == (ContactTag("Lead", 5),)


def test_setting_whose_answer_is_lost_is_repeated(spotler, standin):
    standin.arm("drop_after_write")
    spotler.set_score("c-1", "Lead", 5, ScoreOperation.SET)

    assert spotler.tags_of("c-1") == (ContactTag("Lead", 5),)


def test_tags_of_an_unknown_contact_ask_to_sync_first(spotler):
    with pytest.raises(ContactUnknown):
        spotler.add_tags("nobody", ["Lead"])
    with pytest.raises(ContactUnknown):
        spotler.tags_of("nobody")
    spotler.add_tags("c-1", ["Lead"])


@pytest.fixture
def quick_to_believe(monkeypatch):
    """A call counts as missing once it was missing often, however quickly."""
    monkeypatch.setattr(missing, "OVER_SECONDS", 0.0)


@pytest.mark.usefixtures("quick_to_believe")
def test_an_account_without_tags_is_noticed_after_repetition_and_then_costs_no_call(spotler, standin):
    standin.post("settings", {"extensions": {"tags": False}})

    for expected in [NotSpotler] * (missing.TIMES - 1) + [NotSupported]:
        with pytest.raises(expected):
            spotler.add_tags("c-1", ["Lead"])
    before = standin.get("calls")["total"]
    with pytest.raises(NotSupported):
        spotler.add_tags("c-1", ["Lead"])

    assert standin.get("calls")["total"] == before


def test_what_is_gone_is_no_missing_call_even_if_spotler_answers_without_a_code(spotler, standin):
    standin.arm("empty_error", route="POST /contact/*/tags", status=404, count=1)
    standin.arm("empty_error", route="POST /automation/*/stop", status=404, count=1)

    with pytest.raises(ContactUnknown):
        spotler.add_tags("nobody", ["Lead"])
    with pytest.raises(Refused, match="does not know the object"):
        spotler.stop_automation("none", "c-1")

    spotler.add_tags("c-1", ["Lead"])
    with pytest.raises(Refused, match="present state"):
        spotler.stop_automation(WELCOME_AUTOMATION_ID, "c-1")


def test_an_account_without_automation_calls_can_still_start_one(spotler, standin):
    standin.post("settings", {"extensions": {"automations": False}})

    with pytest.raises(NotSpotler):
        spotler.automations()
    with pytest.raises(ContactUnknown):
        spotler.trigger_automation("6f1d9c52-3c0e-4f7a-8b5e-2d9a7c41e3b0", "nobody")
