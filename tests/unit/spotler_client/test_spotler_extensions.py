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
from connector.spotler.paths import Paths
from tests.unit.scripted_server import DROP, Answer

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


@pytest.mark.parametrize("status", [404, 405])
def test_a_call_that_is_not_there_is_remembered(spotler, server, status):
    server.answer(Answer(status, b"<html>"))

    for _ in range(3):
        with pytest.raises(NotSupported):
            spotler.create_tag("Lead")
    assert len(server.received) == 1

    with pytest.raises(NotSupported):
        spotler.tags()
    assert len(server.received) == 2


def missing_but(*paths: str, body: object = b""):
    """Answers what stands at these paths; anything else is not there."""
    return lambda request: Answer(200, body) if request.path in paths else Answer(404, b"<html>")


def test_a_call_about_a_contact_is_not_there_if_spotler_knows_the_contact(spotler, server):
    server.answer(missing_but("/contact/c-1", body={}))

    for _ in range(3):
        with pytest.raises(NotSupported):
            spotler.add_tags("c-1", ["Lead"])

    assert [each.path for each in server.received] == ["/contact/c-1/tags", "/contact/c-1"]


def test_a_contact_that_is_not_there_says_nothing_about_the_call(spotler, server):
    server.answer(missing_but("/contact/c-1/tags"))

    for _ in range(3):
        with pytest.raises(ContactUnknown):
            spotler.add_tags("gone", ["Lead"])

    spotler.add_tags("c-1", ["Lead"])
    with pytest.raises(ContactUnknown):
        spotler.add_tags("gone", ["Lead"])
    assert [each.path for each in server.received[-2:]] == ["/contact/c-1/tags", "/contact/gone/tags"]


def test_a_contact_that_cannot_be_asked_for_now_says_nothing_about_the_call(spotler, server):
    server.answer(Answer(404), Answer(503))
    with pytest.raises(Transient):
        spotler.add_tags("c-1", ["Lead"])

    server.answer(DONE)
    spotler.add_tags("c-1", ["Lead"])


AUTOMATIONS = [{"automationId": "a", "name": "Welcome", "active": False}]


def test_a_stop_is_not_there_if_spotler_knows_the_automation(spotler, server):
    server.answer(missing_but("/automation/list", body=AUTOMATIONS))

    for _ in range(3):
        with pytest.raises(NotSupported):
            spotler.stop_automation("a", "c-1")

    assert [each.path for each in server.received] == ["/automation/a/stop", "/automation/list"]


def test_an_automation_that_is_not_there_says_nothing_about_the_stop(spotler, server):
    server.answer(missing_but("/automation/list", "/automation/a/stop", body=AUTOMATIONS))

    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            spotler.stop_automation("gone", "c-1")
        assert refusal.value.result_code == "RESOURCE_NOT_FOUND"
        spotler.stop_automation("a", "c-1")

    assert [each.path for each in server.received].count("/automation/list") == 1


def test_where_automations_cannot_be_listed_a_stop_that_is_missing_is_not_remembered(spotler, server):
    server.answer(missing_but("/automation/a/stop"))

    with pytest.raises(NotSupported):
        spotler.stop_automation("gone", "c-1")
    spotler.stop_automation("a", "c-1")


def test_a_feed_that_is_not_there_says_so_when_it_is_read(spotler, server):
    server.answer(Answer(404))

    with pytest.raises(NotSupported):
        list(spotler.optouts(START, END))


def test_a_known_error_is_no_missing_call(spotler, server):
    server.answer(
        Answer(404, {"errorType": "CONTACT_NOT_FOUND"}), Answer(400, {"errorType": "INVALID_PARAMS"}), DONE
    )  # fmt: skip

    with pytest.raises(ContactUnknown):
        spotler.add_tags("c-1", ["Lead"])
    with pytest.raises(Refused):
        spotler.add_tags("c-1", ["Lead"])
    spotler.add_tags("c-1", ["Lead"])


def test_a_bare_404_of_a_call_that_works_is_about_the_contact(spotler, server):
    server.answer(DONE, Answer(404), DONE)
    spotler.add_tags("c-1", ["Lead"])

    with pytest.raises(ContactUnknown):
        spotler.add_tags("c-2", ["Lead"])
    spotler.add_tags("c-1", ["Lead"])


def test_a_bad_key_is_no_missing_call(spotler, server):
    server.answer(Answer(401), DONE)

    with pytest.raises(Misconfigured):
        spotler.create_tag("Lead")
    spotler.create_tag("Lead")


def test_a_licence_without_automations_says_so(spotler, server):
    server.answer(Answer(403), Answer(body=[]))

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
