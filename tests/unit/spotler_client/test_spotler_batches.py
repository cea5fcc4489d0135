import json

import pytest

from connector.errors import Misconfigured, Transient
from connector.spotler import ContactData
from tests.unit.scripted_server import DROP, Answer

PROPERTIES = {"email": "ann@example.org", "firstName": "Ann"}


def contacts(count: int) -> list[ContactData]:
    return [ContactData(f"c-{number}", PROPERTIES) for number in range(count)]


def ids(request) -> list[str]:
    return [each["externalId"] for each in json.loads(request.body)["contacts"]]


def accept(request) -> Answer:
    return Answer(body=[{"externalId": each, "code": "OK", "message": ""} for each in ids(request)])


def test_contacts_are_written_by_the_hundred_and_answered_in_order(spotler, server):
    server.answer(accept)

    results = spotler.upsert_contacts(contacts(250))

    assert [len(ids(request)) for request in server.received] == [100, 100, 50]
    assert [result.external_id for result in results] == [f"c-{number}" for number in range(250)]
    assert all(result.ok for result in results)


def test_known_values_are_kept_and_contacts_created_or_updated(spotler, server):
    server.answer(accept)
    spotler.upsert_contacts(contacts(1))

    assert server.received[0].json == {
        "update": True, "purge": False, "contacts": [{"externalId": "c-0", "properties": PROPERTIES}],
    }  # fmt: skip


def test_no_contacts_cost_no_call(spotler, server):
    assert spotler.upsert_contacts([]) == []
    assert server.received == []


def test_one_bad_contact_is_distinguished_with_its_field(spotler, server):
    server.answer(
        Answer(body=[
            {"externalId": "c-0", "code": "OK", "message": ""},
            {"externalId": "c-1", "code": "PROPERTY_INVALID", "message": "ann@example.org: email is not valid"},
            {"externalId": "c-2", "code": "CONTACT_OPTOUT"},
        ])
    )  # fmt: skip

    good, bad, gone = spotler.upsert_contacts(contacts(3))

    assert good.ok
    assert (bad.code, bad.field) == ("PROPERTY_INVALID", "email")
    assert gone.error.result_code == "CONTACT_OPTOUT"


def test_results_find_their_contact_whatever_their_order(spotler, server):
    server.answer(
        Answer(body=[{"externalId": "c-1", "code": "CONTACT_OPTOUT"}, {"externalId": "c-0", "code": "OK"}])
    )  # fmt: skip

    assert [result.code for result in spotler.upsert_contacts(contacts(2))] == ["OK", "CONTACT_OPTOUT"]


def test_results_without_ids_are_taken_in_order(spotler, server):
    server.answer(Answer(body=[{"code": "OK"}, {"code": "NO_ACTIVE_CHANNEL"}]))

    assert [result.code for result in spotler.upsert_contacts(contacts(2))] == ["OK", "NO_ACTIVE_CHANNEL"]


def test_a_contact_named_twice_has_two_results(spotler, server):
    server.answer(Answer(body=[{"externalId": "c-0", "code": "OK"}, {"externalId": "c-0", "code": "CONTACT_OPTOUT"}]))

    assert [result.code for result in spotler.upsert_contacts(contacts(1) * 2)] == ["OK", "CONTACT_OPTOUT"]


def test_a_contact_that_the_answer_forgets_is_tried_again_later(spotler, server):
    server.answer(Answer(body=[{"externalId": "c-0", "code": "OK"}]))

    first, second = spotler.upsert_contacts(contacts(2))

    assert first.ok
    assert isinstance(second.error, Transient)


def test_an_account_that_updates_only_what_exists_gets_new_contacts_in_a_second_call(spotler, server):
    server.answer(
        Answer(body=[{"externalId": "c-0", "code": "OK"}, {"externalId": "c-1", "code": "CONTACT_UNKNOWN"}]), accept
    )

    assert all(result.ok for result in spotler.upsert_contacts(contacts(2)))
    assert [(request.json["update"], ids(request)) for request in server.received] == [
        (True, ["c-0", "c-1"]),
        (False, ["c-1"]),
    ]


def test_a_block_that_is_refused_for_one_contact_is_halved_until_that_one_stands_alone(spotler, server):
    def refuse_seven(request):
        return Answer(400, {"errorType": "INVALID_PARAMS"}) if "c-7" in ids(request) else accept(request)

    server.answer(refuse_seven)

    results = spotler.upsert_contacts(contacts(20))

    assert [result.external_id for result in results if not result.ok] == ["c-7"]
    assert results[7].code == "INVALID_PARAMS"
    assert len(server.received) <= 11


def test_a_block_is_not_halved_for_ever_by_a_slow_spotler_that_refuses_everybody(spotler, server, time):
    def refuse_slowly(_request):
        time.sleep(15)
        return Answer(400, {"errorType": "INVALID_PARAMS"})

    server.answer(refuse_slowly)

    results = spotler.upsert_contacts(contacts(4))

    assert len(server.received) == 4
    assert [result.code for result in results] == ["INVALID_PARAMS", "INVALID_PARAMS", "ERROR", "ERROR"]
    assert isinstance(results[-1].error, Transient)


def test_a_text_that_cannot_be_sent_harms_nobody_else(spotler, server):
    server.answer(accept)

    results = spotler.upsert_contacts([*contacts(2), ContactData("c-9", {"firstName": "\ud83d"})])

    assert [result.ok for result in results] == [True, True, False]


def test_a_lost_answer_is_repeated_because_writing_twice_is_harmless(spotler, server):
    server.answer(DROP, accept)

    assert all(result.ok for result in spotler.upsert_contacts(contacts(2)))
    assert len(server.received) == 2


@pytest.mark.parametrize("body", [b"", b"<html>", {"message": "?"}, "text", b"null", {}, [None]])
def test_an_answer_that_is_no_list_is_transient(spotler, server, body):
    server.answer(Answer(body=body))

    with pytest.raises(Transient):
        spotler.upsert_contacts(contacts(2))


@pytest.mark.parametrize("status", [400, 413])
def test_a_contact_that_a_gateway_refuses_harms_no_other_and_is_tried_again(spotler, server, status):
    server.answer(lambda request: Answer(status, b"<html>") if "c-2" in ids(request) else accept(request))

    results = spotler.upsert_contacts(contacts(4))

    assert [result.code for result in results] == ["OK", "OK", "ERROR", "OK"]
    assert isinstance(results[2].error, Transient)


def test_a_gateways_404_is_not_blamed_on_the_contacts(spotler, server):
    server.answer(Answer(404, b"<html>"))

    with pytest.raises(Transient):
        spotler.upsert_contacts(contacts(4))

    assert len(server.received) == 1


def test_a_bad_key_is_not_blamed_on_the_contacts(spotler, server):
    server.answer(Answer(401))

    with pytest.raises(Misconfigured):
        spotler.upsert_contacts(contacts(2))

    assert len(server.received) == 1
