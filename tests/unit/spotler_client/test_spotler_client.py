import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.errors import Invalid, Refused, Transient, Unclear
from connector.spotler import ContactUnknown, FieldType, Spotler, TriggerField
from connector.spotler.client import FIELDS_TTL
from connector.spotler.errors import AnswerUnreadable
from connector.spotler.paths import Paths
from tests.unit.scripted_server import DROP, Answer
from tests.unit.spotler_client.account import EMAIL, PAGE, PERMISSIONS, PROPERTIES

UNKNOWN = Answer(404, {"errorType": "CONTACT_NOT_FOUND", "message": "Contact c-1 not found"})


def test_fields_are_remembered_for_a_day(spotler, server, time):
    server.answer(Answer(body=PROPERTIES))

    spotler.fields()
    time.now += FIELDS_TTL - 1
    assert "email" in spotler.fields()
    assert len(server.received) == 1

    time.now += 2
    spotler.fields()
    assert len(server.received) == 2


def test_fields_are_read_anew_on_demand(spotler, server):
    server.answer(Answer(body=PROPERTIES), Answer(body=[*PROPERTIES, {"name": "city", "type": "string"}]))
    spotler.fields()

    assert "city" in spotler.fields(max_age=0)
    assert "city" in spotler.fields()


def test_many_threads_ask_for_the_fields_once(spotler, server):
    barrier = threading.Barrier(8)
    server.answer(Answer(body=PROPERTIES))

    def ask(_number):
        barrier.wait(10)
        return spotler.fields()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1

    assert len(server.received) == 1


def test_many_threads_share_the_failure_to_get_the_fields(spotler, server):
    barrier = threading.Barrier(8)

    def slow(_request):
        time.sleep(0.2)
        return Answer(body=b"<html>")

    server.answer(slow)

    def ask(_number):
        barrier.wait(10)
        with pytest.raises(Transient):
            spotler.fields()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))

    assert len(server.received) == 1


every_start = pytest.mark.parametrize(
    "start",
    [
        lambda spotler: spotler.trigger_automation("code", "c-1"),
        lambda spotler: spotler.trigger_campaign("t", "c-1"),
    ],
    ids=["automation", "campaign"],
)


@pytest.mark.parametrize(
    "body",
    [
        b"", {"errors": []}, b"<html>", b"null", {}, "text", [], [None], [EMAIL], [PERMISSIONS],
        [EMAIL, PERMISSIONS | {"entries": []}], [EMAIL, PERMISSIONS | {"entries": None}],
        [EMAIL, PERMISSIONS | {"type": "string"}],
    ],
)  # fmt: skip
def test_an_answer_without_fields_is_not_remembered(spotler, server, body):
    server.answer(Answer(body=body), Answer(body=PROPERTIES))

    with pytest.raises(Transient):
        spotler.fields()

    assert "email" in spotler.fields()


def test_a_probe_asks_each_time_and_checks_the_answer(spotler, server):
    server.answer(Answer(body=PROPERTIES), Answer(body=PROPERTIES), Answer(body=[]))
    spotler.fields()

    spotler.probe()
    with pytest.raises(Transient, match="lacks the e-mail address or the permissions"):
        spotler.probe()

    assert {(each.method, each.path) for each in server.received} == {("GET", "/contact/properties/list")}
    assert "email" in spotler.fields()


@pytest.mark.parametrize("answer", [PAGE, Answer(404), Answer(404, {"error": "Not Found", "message": "no route"}),
                                    Answer(405), Answer(302), Answer(400, b"<html>"), Answer(200, b"<html>"),
                                    Answer(200, {}), Answer(200, []), Answer(200, b"null"), Answer(200)])  # fmt: skip
def test_what_is_not_the_api_says_nothing_about_a_contact(spotler, server, answer):
    server.answer(answer)

    with pytest.raises(Transient):
        spotler.get_contact("c-1")
    with pytest.raises(Transient):
        spotler.anonymize("c-1")
    with pytest.raises(Transient):
        spotler.update_contact("c-1", {"city": ""})


@pytest.mark.parametrize("answer", [UNKNOWN, Answer(400, UNKNOWN.body)])
def test_a_contact_that_is_unknown_is_none(spotler, server, answer):
    server.answer(answer)

    assert spotler.get_contact("c-1") is None


def test_ids_travel_whole(spotler, server):
    server.answer(Answer(body={"externalId": "a/b@c d%é"}))

    assert spotler.get_contact("a/b@c d%é").external_id == "a/b@c d%é"
    assert server.received[0].path == "/contact/a%2Fb%40c%20d%25%C3%A9"


def test_an_id_that_cannot_be_sent_is_invalid(spotler):
    with pytest.raises(Invalid):
        spotler.get_contact("\ud83d")


def test_updating_never_creates(spotler, server):
    server.answer(Answer(204), UNKNOWN)

    spotler.update_contact("c-1", {"city": ""})
    with pytest.raises(ContactUnknown):
        spotler.update_contact("c-1", {"city": ""})

    assert (server.received[0].method, server.received[0].path) == ("PUT", "/contact/c-1")
    assert server.received[0].json == {
        "update": True, "purge": False, "contact": {"externalId": "c-1", "properties": {"city": ""}},
    }  # fmt: skip


def test_anonymising_twice_is_the_same_end_state(spotler, server):
    server.answer(Answer(204), UNKNOWN)

    assert spotler.anonymize("c-1") is True
    assert spotler.anonymize("c-1") is False
    assert {(each.method, each.path) for each in server.received} == {("PUT", "/contact/anonymize/c-1")}


def test_a_search_encodes_the_pair_as_a_whole_and_checks_what_comes_back(spotler, server):
    found = [{"externalId": "1", "properties": {"email": "Ann+X@example.org"}}, {"properties": {"email": "b@c.nl"}}]
    server.answer(Answer(body={"contacts": found}))

    (contact,) = spotler.search_by_email(" ann+x@example.org ")

    assert contact.external_id == "1"
    assert server.received[0].path == "/contact/search?MPSearchQuery=email%3Dann%2Bx%40example.org&pageSize=100"


def test_an_address_with_a_plus_is_searched_for_in_both_encodings(spotler, server):
    server.answer(Answer(body=[]), Answer(body=[{"properties": {"email": "a+b@c.nl"}}]))

    assert len(spotler.search_by_email("a+b@c.nl")) == 1
    assert "email%3Da%252Bb%40c.nl" in server.received[1].path


def test_a_plain_address_that_is_not_found_costs_one_call(spotler, server):
    server.answer(Answer(body={"contacts": []}))

    assert spotler.search_by_email("ab@c.nl") == []
    assert len(server.received) == 1


def test_no_address_is_not_searched_for(spotler):
    with pytest.raises(Invalid):
        spotler.search_by_email("  ")


def test_campaigns_are_read_with_their_triggers(spotler, server):
    trigger = {"encryptedId": "t", "name": "Go"}
    server.answer(Answer(body=[{"encryptedId": "c", "name": "C", "active": True, "triggers": [trigger, {}]}, {}]))

    (campaign,) = spotler.campaigns()

    assert (campaign.id, campaign.active, [each.id for each in campaign.triggers]) == ("c", True, ["t"])


FIELDS = [
    TriggerField("invoice", "2024-118"),
    TriggerField("url", "https://shop.example/1", FieldType.URL),
    TriggerField("basket", type=FieldType.PRODUCTLIST, values=("p-1", "p-2")),
]
SENT = [
    {"name": "invoice", "type": "STRING", "value": "2024-118"},
    {"name": "url", "type": "URL", "value": "https://shop.example/1"},
    {"name": "basket", "type": "PRODUCTLIST", "values": ["p-1", "p-2"]},
]


def test_a_campaign_is_started_with_its_fields(spotler, server):
    server.answer(Answer(204))
    spotler.trigger_campaign("t", "c-1", FIELDS)

    assert server.received[0].json == {"externalContactId": "c-1", "campaignFields": SENT}


def test_a_campaign_is_stopped_and_that_may_be_repeated(spotler, server):
    server.answer(DROP, Answer(204))
    spotler.stop_campaign("k", "c-1")

    assert server.received[1].path == "/campaign/k/stop"


def test_an_automation_shows_its_runs(spotler, server):
    runs = [
        {"automationId": "a", "result": "AUTOMATION_INACTIVE", "automationContactId": 76},
        {"automationId": "b", "result": "OK", "automationContactId": 77},
        {"automationId": "c", "result": "OK", "automationContactId": 78},
    ]
    server.answer(Answer(body={"result": "OK", "automationResults": runs}))

    result = spotler.trigger_automation("code", "c-1")

    assert [result.automation_contact_id(each) for each in ("", "a", "b", "c")] == ["77", "77", "77", "78"]
    assert [run.automation_id for run in result.started] == ["b", "c"]
    assert server.received[0].json == {"externalContactId": "c-1"}


def test_fields_of_an_automation_go_under_the_name_that_the_setting_gives(spotler_with, server):
    server.answer(Answer(body={"result": "OK"}))
    spotler_with(Paths(automation_fields_member="values")).trigger_automation("code", "c-1", FIELDS)

    assert server.received[0].json == {"externalContactId": "c-1", "values": SENT}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", {}, {"result": None}, {"result": "Ann"}])
@every_start
def test_a_success_that_does_not_say_what_it_did_is_unclear(spotler, server, start, body):
    server.answer(Answer(body=body))

    with pytest.raises(Unclear) as fault:
        start(spotler)

    assert fault.value.result_code == "SPOTLER_ANSWER_UNREADABLE"


def test_a_start_that_contradicts_itself_is_unclear(spotler, server):
    runs = [{"automationId": "a", "result": "AUTOMATION_INACTIVE"}]
    server.answer(Answer(body={"result": "OK", "automationResults": runs}))

    with pytest.raises(Unclear):
        spotler.trigger_automation("code", "c-1")


@pytest.mark.parametrize("read", [Spotler.campaigns, Spotler.automations])
def test_a_list_of_what_cannot_be_read_is_not_an_empty_one(spotler, server, read):
    server.answer(Answer(body=[{"id": 1}, {"name": "Welcome"}]))

    with pytest.raises(AnswerUnreadable):
        read(spotler)


@pytest.mark.parametrize("answer", [PAGE, Answer(404), Answer(417), Answer(400, b"<html>"), Answer(503), Answer(302)])
@every_start
def test_a_start_that_the_api_did_not_answer_is_unclear_and_not_repeated(spotler, server, start, answer):
    server.answer(answer)

    with pytest.raises(Unclear):
        start(spotler)

    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, {"result": "TRIGGER_NOTFOUND"}, "TRIGGER_NOTFOUND"),
        (417, {"result": "NOT_TRIGGERED", "automationResults": [{"result": "AUTOMATION_INACTIVE"}]},
         "AUTOMATION_INACTIVE"),
        (200, {"result": "UNKNOWN"}, "UNKNOWN"),
        (400, {"errorType": "INVALID_STATE"}, "INVALID_STATE"),
    ],
)  # fmt: skip
def test_an_automation_that_did_not_start_says_why(spotler, server, status, body, code):
    server.answer(Answer(status, body))

    with pytest.raises(Refused) as refusal:
        spotler.trigger_automation("code", "c-1")

    assert refusal.value.result_code == code


@pytest.mark.parametrize("body", [{"result": "CONTACT_NOTFOUND"}, {"errorType": "CONTACT_NOT_FOUND"}])
def test_a_start_for_an_unknown_contact_asks_to_sync_first(spotler, server, body):
    server.answer(Answer(404, body))

    with pytest.raises(ContactUnknown):
        spotler.trigger_automation("code", "c-1")
    with pytest.raises(ContactUnknown):
        spotler.trigger_campaign("t", "c-1")


@pytest.mark.parametrize("lost", [DROP, Answer(500), Answer(502, b"<html>"), Answer(400, {"errorType": "ERROR"})])
@every_start
def test_a_start_whose_answer_is_lost_is_unclear_and_never_repeated(spotler, server, start, lost):
    server.answer(lost)

    with pytest.raises(Unclear):
        start(spotler)

    assert len(server.received) == 1


@pytest.mark.parametrize("result", ["ERROR", "BACKEND_EXCEPTION"])
def test_a_start_that_is_taken_and_then_fails_at_spotler_is_unclear(spotler, server, result):
    server.answer(Answer(200, {"result": result}))

    with pytest.raises(Unclear) as fault:
        spotler.trigger_automation("code", "c-1")

    assert fault.value.result_code == result


def test_a_start_that_was_throttled_is_repeated(spotler, server):
    server.answer(Answer(429, headers={"Retry-After": "1"}), Answer(body={"result": "OK"}))

    assert spotler.trigger_automation("code", "c-1").result == "OK"


def test_every_attempt_is_signed_anew(spotler, server):
    server.answer(Answer(503), Answer(body=[]))
    spotler.campaigns()

    first, second = (request.headers["authorization"] for request in server.received)
    assert first != second


def test_a_wrong_address_is_named(spotler, server):
    server.answer(PAGE)

    with pytest.raises(Transient, match=r"SPOTLER_URL did not answer like Spotler \(404\)") as error:
        spotler.campaigns()

    assert error.value.result_code == "SPOTLER_URL"
