from datetime import UTC, datetime

import pytest

from connector.errors import Invalid, Misconfigured, Refused, Transient, Unclear
from connector.spotler import (
    ContactTag,
    ContactUnknown,
    FieldType,
    NotLicensed,
    NotSupported,
    OptOutScope,
    ScoreOperation,
)
from connector.spotler.caution import FIRST_PAUSE
from connector.spotler.errors import NotSpotler
from connector.spotler.missing import BELIEVED_SECONDS, OVER_SECONDS, TIMES
from connector.spotler.paths import Paths
from tests.unit.scripted_server import DROP, Answer
from tests.unit.spotler_client.account import PAGE, PROPERTIES, missing_but

DONE = Answer(204)
START, END = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC)


def test_tags_are_given_and_taken(spotler, server):
    server.answer(DONE)
    spotler.add_tags("c-1", [" Lead ", "Hot"])
    spotler.remove_tags("c-1", ["Lead"])
    spotler.create_tag("Cold")

    assert [(each.method, each.path, each.json) for each in server.received] == [
        ("POST", "/contact/c-1/tags", {"tags": [{"name": "Lead"}, {"name": "Hot"}]}),
        ("DELETE", "/contact/c-1/tags", {"tags": [{"name": "Lead"}]}),
        ("POST", "/tag", {"name": "Cold"}),
    ]


@pytest.mark.parametrize("tags", [[], [""], ["  "], ["x" * 256]])
def test_no_tag_is_refused_because_it_might_mean_all(spotler, server, tags):
    with pytest.raises(Invalid):
        spotler.remove_tags("c-1", tags)
    with pytest.raises(Invalid):
        spotler.add_tags("c-1", tags)

    assert server.received == []


@pytest.mark.parametrize("operation", ScoreOperation)
def test_a_score_travels_with_its_operation(spotler, server, operation):
    server.answer(DONE)
    spotler.set_score("c-1", "Lead", 5, operation)

    assert server.received[0].json == {"tags": [{"name": "Lead", "score": 5, "scoreOperation": operation.value}]}


def test_setting_a_score_is_repeated(spotler, server):
    server.answer(DROP, DONE)
    spotler.set_score("c-1", "Lead", 5, ScoreOperation.SET)

    assert len(server.received) == 2


@pytest.mark.parametrize("operation", [ScoreOperation.INCREASE, ScoreOperation.DECREASE])
def test_raising_or_lowering_a_score_is_never_repeated(spotler, server, operation):
    server.answer(DROP)

    with pytest.raises(Unclear):
        spotler.set_score("c-1", "Lead", 5, operation)

    assert len(server.received) == 1


def test_tags_and_scores_are_read(spotler, server):
    server.answer(Answer(body=[{"name": "Lead", "score": 10}, {"name": "Hot", "score": None}, {}]))

    assert spotler.tags_of("c-1") == (ContactTag("Lead", 10), ContactTag("Hot"))
    assert spotler.tags() == ("Lead", "Hot")


def test_automations_are_read_with_triggers_and_fields(spotler, server):
    automation = {
        "automationId": "a", "name": "Welcome", "active": True,
        "triggers": [{"triggerCode": "t", "name": "From CRM"}],
        "automationFields": [{"name": "basket", "type": "productlist"}, {"name": "x", "type": "new"}, {"name": "y"}],
    }  # fmt: skip
    server.answer(Answer(body=[automation, {"name": "no id"}]))

    (found,) = spotler.automations()

    assert (found.id, found.active, found.triggers[0].id) == ("a", True, "t")
    assert [(each.name, each.type) for each in found.fields] == [
        ("basket", FieldType.PRODUCTLIST), ("x", FieldType.STRING), ("y", FieldType.STRING),
    ]  # fmt: skip


@pytest.mark.parametrize(("run", "more"), [(None, {}), ("77", {"automationContactId": "77"})])
def test_one_run_or_all_of_them_are_stopped(spotler, server, run, more):
    server.answer(DONE)
    spotler.stop_automation("a", "c-1", run)

    assert server.received[0].path == "/automation/a/stop"
    assert server.received[0].json == {"externalContactId": "c-1", **more}


def test_optouts_are_read(spotler, server):
    optout = {
        "date": 1718085602000, "scope": "PERMISSION", "contact": {"externalId": "c-1"},
        "permissions": [{"bit": 1, "enabled": False}, {"bit": 2, "enabled": True}],
    }  # fmt: skip
    server.answer(Answer(body={"optOuts": [optout, {"scope": "NEW"}]}))

    first, second = spotler.optouts(START, END)

    assert (first.scope, first.permissions, first.contact.external_id) == (OptOutScope.PERMISSION, (1,), "c-1")
    assert second.scope is None


CONTACT = Answer(body={"externalId": "c-1", "properties": {}})


def ask(spotler, time, times, *, seconds):
    """Create a tag so many times, with pauses; the kinds of errors."""
    kinds = []
    for _ in range(times):
        with pytest.raises((Transient, NotSupported)) as fault:
            spotler.create_tag("Lead")
        kinds.append(type(fault.value))
        time.now += seconds
    return kinds


def test_a_call_is_missing_only_after_repetition_over_minutes(spotler, server, time):
    server.answer(missing_but())

    assert ask(spotler, time, TIMES, seconds=OVER_SECONDS / 4) == [NotSpotler] * TIMES
    time.now += OVER_SECONDS
    assert ask(spotler, time, 1, seconds=0) == [NotSupported]


def test_many_jobs_at_once_are_no_repetition(spotler, server, time):
    server.answer(missing_but())

    assert ask(spotler, time, 10, seconds=0) == [NotSpotler] * 10


def test_a_missing_call_costs_nothing_for_minutes_and_is_then_tried_again(spotler, server, time):
    server.answer(missing_but())
    ask(spotler, time, TIMES, seconds=OVER_SECONDS)
    server.received.clear()

    assert ask(spotler, time, 3, seconds=0) == [NotSupported] * 3
    assert server.received == []

    time.now += BELIEVED_SECONDS
    server.answer(DONE)
    spotler.create_tag("Lead")
    server.answer(missing_but())
    assert ask(spotler, time, 1, seconds=0) == [NotSpotler]


def test_while_published_calls_do_not_work_no_call_is_missing(spotler, server, time):
    server.answer(PAGE)

    assert ask(spotler, time, 10, seconds=OVER_SECONDS) == [NotSpotler] * 10


def test_a_call_about_a_contact_is_missing_if_spotler_knows_the_contact(spotler, server, time):
    server.answer(missing_but(**{"c-1": CONTACT}))

    for expected in [NotSpotler] * (TIMES - 1) + [NotSupported]:
        with pytest.raises(expected):
            spotler.add_tags("c-1", ["Lead"])
        time.now += OVER_SECONDS

    assert [each.path for each in server.received[:2]] == ["/contact/c-1/tags", "/contact/c-1"]


def test_a_raise_of_a_score_without_an_answer_of_the_api_is_unclear(spotler, server):
    server.answer(missing_but(**{"c-1": CONTACT}))

    with pytest.raises(Unclear) as fault:
        spotler.set_score("c-1", "Lead", 5, ScoreOperation.INCREASE)

    assert fault.value.result_code == "SPOTLER_URL"
    assert [each.method for each in server.received].count("POST") == 1


@pytest.mark.parametrize("then", [Answer(503), PAGE, Answer(401, {"errorType": "NOT_AUTHORIZED"})])
def test_it_stays_unclear_when_the_contact_cannot_be_asked_for_either(spotler, server, then):
    server.answer(PAGE, then)

    with pytest.raises(Unclear):
        spotler.set_score("c-1", "Lead", 5, ScoreOperation.INCREASE)

    assert [each.method for each in server.received].count("POST") == 1


def test_only_spotler_itself_says_that_a_contact_is_unknown(spotler, server):
    server.answer(PAGE, Answer(404, {"errorType": "CONTACT_NOT_FOUND"}))

    with pytest.raises(ContactUnknown):
        spotler.add_tags("gone", ["Lead"])

    server.answer(DONE, PAGE)
    spotler.add_tags("c-1", ["Lead"])
    with pytest.raises(NotSpotler):
        spotler.add_tags("c-1", ["Lead"])


def test_a_contact_that_cannot_be_asked_for_now_says_nothing_about_the_call(spotler, server):
    server.answer(Answer(404), Answer(503))
    with pytest.raises(Transient):
        spotler.add_tags("c-1", ["Lead"])

    server.answer(DONE)
    spotler.add_tags("c-1", ["Lead"])


AUTOMATIONS = Answer(body=[{"automationId": "a", "name": "Welcome", "active": False}])


def test_a_stop_is_missing_if_spotler_knows_the_automation(spotler, server, time):
    server.answer(missing_but(list=AUTOMATIONS))

    for expected in [NotSpotler] * (TIMES - 1) + [NotSupported]:
        with pytest.raises(expected):
            spotler.stop_automation("a", "c-1")
        time.now += OVER_SECONDS


def test_an_automation_that_is_not_listed_is_refused(spotler, server):
    server.answer(missing_but(list=AUTOMATIONS))

    with pytest.raises(Refused) as refusal:
        spotler.stop_automation("gone", "c-1")

    assert refusal.value.result_code == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize("listed", [Answer(body=[]), PAGE, Answer(body=b"null")])
def test_without_a_list_of_automations_nothing_is_said_about_one(spotler, server, listed):
    server.answer(missing_but(list=listed))

    with pytest.raises(Transient):
        spotler.stop_automation("a", "c-1")


@pytest.mark.parametrize("answer", [Answer(200, []), Answer(200, b"null"), Answer(200, {}), Answer(200, b"<html>")])
def test_a_write_that_answers_anything_is_not_done(spotler, server, answer):
    server.answer(answer)

    with pytest.raises(Transient):
        spotler.add_tags("c-1", ["Lead"])
    with pytest.raises(Unclear):
        spotler.set_score("c-1", "Lead", 5, ScoreOperation.DECREASE)


def test_a_known_error_is_no_missing_call(spotler, server):
    server.answer(
        Answer(404, {"errorType": "CONTACT_NOT_FOUND"}), Answer(400, {"errorType": "INVALID_PARAMS"}), DONE
    )  # fmt: skip

    with pytest.raises(ContactUnknown):
        spotler.add_tags("c-1", ["Lead"])
    with pytest.raises(Refused):
        spotler.add_tags("c-1", ["Lead"])
    spotler.add_tags("c-1", ["Lead"])


def test_a_bad_key_is_no_missing_call(spotler, server):
    server.answer(Answer(401), DONE)

    with pytest.raises(Misconfigured):
        spotler.create_tag("Lead")
    spotler.create_tag("Lead")


def test_a_licence_without_automations_says_so(spotler, server):
    server.answer(Answer(403), Answer(body=PROPERTIES))

    with pytest.raises(NotLicensed):
        spotler.automations()


def test_paths_come_from_the_setting(spotler_with, server):
    server.answer(DONE)
    paths = Paths.from_setting('{"contact_tags": "/v2/tags-of/{contact}"}')
    spotler_with(paths).add_tags("a/b", ["Lead"])

    assert server.received[0].path == "/v2/tags-of/a%2Fb"


@pytest.mark.parametrize("text", [None, "", "  ", "{}"])
def test_no_setting_leaves_the_assumed_paths(text):
    assert Paths.from_setting(text) == Paths()


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        '{"tag_create": 5}',
        '{"unheard_of": "/x"}',
        '{"tag_create": "tag"}',
        '{"tag_create": "/tag?x=1"}',
        '{"tag_create": "https://elsewhere.example/tag"}',
        '{"contact_tags": "/contact/tags"}',
        '{"contact_tags": "/contact/{person}/tags"}',
        '{"automation_fields_member": "/fields"}',
        "[" * 100_000,
    ],
)
def test_a_setting_that_cannot_be_used_is_named(text):
    with pytest.raises(Misconfigured, match="SPOTLER_PATHS"):
        Paths.from_setting(text)


def test_a_call_that_was_not_made_because_it_is_missing_proves_nothing(spotler, server, time, monkeypatch):
    server.answer(DROP)
    with pytest.raises(Unclear):
        spotler.trigger_campaign("t", "c-1")
    time.sleep(FIRST_PAUSE)
    monkeypatch.setattr(spotler._missing, "holds", lambda _: True)

    with pytest.raises(NotSupported):
        spotler.set_score("c-1", "Lead", 5, ScoreOperation.INCREASE)

    server.answer(Answer(body=PROPERTIES), DROP)
    with pytest.raises(Unclear):
        spotler.trigger_campaign("t", "c-1")
    assert server.received[-2].path == "/contact/properties/list", "one start at a time, and only after a question"
