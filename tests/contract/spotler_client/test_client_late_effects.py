"""Calls that Spotler carries out after the client has given up on them."""

import pytest

from connector.errors import Refused, Unclear
from sandbox.spotler.seed import WELCOME_TRIGGER_CODE


def runs(standin) -> list[str]:
    return [each["contact"] for each in standin.get("state")["automationRuns"]]


@pytest.mark.parametrize("status", [None, 504])
def test_a_start_that_takes_effect_late_is_unclear_and_sent_once(spotler, standin, status):
    standin.contacts("c-1")
    standin.arm("late_effect", "POST /automation/trigger/*", status=status)

    with pytest.raises(Unclear):
        spotler.trigger_automation(WELCOME_TRIGGER_CODE, "c-1")

    assert (runs(standin), len(standin.get("held"))) == ([], 1)
    assert standin.post("release") == {"released": [{"id": 1, "status": 200}]}
    assert runs(standin) == ["c-1"]


def test_a_repeated_tag_and_its_late_effect_are_one_tag(spotler, standin):
    standin.contacts("c-1")
    standin.arm("late_effect", "POST /contact/*/tags")

    spotler.add_tags("c-1", ["Lead"])
    standin.post("release")

    assert standin.effects() == ["tag.created", "tag.added"]


@pytest.mark.parametrize("described", [False, True])
def test_an_audience_that_is_gone_is_reported_with_and_without_a_body(spotler, standin, described):
    standin.contacts("c-1")
    standin.post("settings", {"audience_error_bodies": described})

    with pytest.raises(Refused) as refusal:
        spotler.audiences.add_members("gone", ["c-1"])

    assert refusal.value.result_code == "RESOURCE_NOT_FOUND"
    assert (spotler.audiences.get("gone"), spotler.audiences.delete("gone")) == (None, False)
