import json

import pytest

from connector.errors import Invalid, Misconfigured, Refused, Transient
from connector.spotler import ContactUnknown, NotLicensed
from tests.unit.scripted_server import DROP, Answer
from tests.unit.spotler_client.account import PAGE, PROPERTIES, missing_but

GONE = Answer(404)
AUDIENCE = {"externalId": "a-1", "name": "Leads", "createDate": "2024-06-11T08:00:02.000+02:00"}


def named(request) -> list[str]:
    return json.loads(request.body)["contacts"]


def test_members_are_added_in_blocks_of_2500_and_doubles_once(spotler, server):
    server.answer(Answer(204))
    everybody = [f"c-{number}" for number in range(6000)]

    result = spotler.audiences.add_members("a/1", [*everybody, "c-0"])

    assert [len(named(request)) for request in server.received] == [2500, 2500, 1000]
    assert {(request.method, request.path) for request in server.received} == {("POST", "/audience/a%2F1/contact")}
    assert list(result.done) == everybody
    assert result.unknown == ()


def test_unknown_contacts_are_dropped_and_the_rest_repeated(spotler, server):
    def known_only(request):
        unknown = [each for each in named(request) if each in {"c-1", "c-3"}][:1]
        return (
            Answer(404, {"errorType": "CONTACT_NOT_FOUND", "externalContactIds": unknown}) if unknown else Answer(204)
        )

    server.answer(known_only)

    result = spotler.audiences.add_members("a-1", ["c-0", "c-1", "c-2", "c-3"])

    assert result.done == ("c-0", "c-2")
    assert result.unknown == ("c-1", "c-3")
    assert len(server.received) == 3


def test_when_nobody_is_known_no_empty_list_is_ever_sent(spotler, server):
    server.answer(lambda request: Answer(404, {"externalContactIds": [each.upper() for each in named(request)]}))

    result = spotler.audiences.remove_members("a-1", ["c-0", "c-1"])

    assert result.done == ()
    assert result.unknown == ("c-0", "c-1")
    assert len(server.received) == 1


def test_an_answer_that_blames_others_does_not_loop(spotler, server):
    server.answer(Answer(404, {"externalContactIds": ["somebody-else"]}))

    with pytest.raises(ContactUnknown):
        spotler.audiences.add_members("a-1", ["c-0"])

    assert len(server.received) == 1


@pytest.mark.parametrize("contacts", [[], [""], ["c-0", ""]])
def test_an_empty_list_is_refused_because_it_would_mean_everybody(spotler, server, contacts):
    with pytest.raises(Invalid):
        spotler.audiences.remove_members("a-1", contacts)
    with pytest.raises(Invalid):
        spotler.audiences.add_members("a-1", contacts)

    assert server.received == []


@pytest.mark.parametrize("audience", ["", " ", ".", ".."])
def test_an_empty_id_never_reaches_the_collection(spotler, server, audience):
    with pytest.raises(Invalid):
        spotler.audiences.remove_members(audience, ["c-0"])
    with pytest.raises(Invalid):
        spotler.audiences.delete(audience)

    assert server.received == []


def test_everybody_is_removed_only_by_its_own_method(spotler, server):
    server.answer(Answer(204))
    spotler.audiences.remove_all("a-1")

    (request,) = server.received
    assert (request.method, request.path, request.body) == ("DELETE", "/audience/a-1/contact", b"")


BLAMED = Answer(404, {"errorType": "CONTACT_NOT_FOUND", "externalContactIds": ["c-0"]})


@pytest.mark.parametrize("first", [DROP, Answer(503)])
@pytest.mark.parametrize("then", [[Answer(204)], [BLAMED, Answer(204)]], ids=["done", "one unknown"])
def test_a_call_that_was_sent_again_is_told_because_the_first_one_may_take_effect_later(spotler, server, first, then):
    for change in (spotler.audiences.add_members, spotler.audiences.remove_members):
        server.answer(first, *then)
        assert change("a-1", ["c-0", "c-1"]).is_repeated
    server.answer(first, Answer(204))
    assert spotler.audiences.remove_all("a-1")


def test_a_call_that_was_answered_at_once_is_over(spotler, server):
    server.answer(BLAMED, Answer(204))

    assert not spotler.audiences.remove_members("a-1", ["c-0", "c-1"]).is_repeated
    server.answer(Answer(204))
    assert not spotler.audiences.remove_all("a-1")


@pytest.mark.parametrize("gone", [GONE, Answer(404, {"errorType": "RESOURCE_NOT_FOUND"})])
def test_a_missing_audience_is_none_or_false_or_refused(spotler, server, gone):
    server.answer(missing_but(**{"a-1": gone, "contact": gone}))

    assert spotler.audiences.get("a-1") is None
    assert spotler.audiences.delete("a-1") is False
    with pytest.raises(Refused) as refusal:
        spotler.audiences.add_members("a-1", ["c-0"])
    assert refusal.value.result_code == "RESOURCE_NOT_FOUND"
    assert not isinstance(refusal.value, ContactUnknown)


def test_a_bare_404_counts_only_after_another_call_and_a_second_question(spotler, server):
    server.answer(GONE, Answer(body=PROPERTIES), GONE)

    assert spotler.audiences.delete("a-1") is False
    assert [(each.method, each.path) for each in server.received] == [
        ("DELETE", "/audience/a-1"), ("GET", "/contact/properties/list"), ("GET", "/audience/a-1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [
        (PAGE,),
        (Answer(404, {"error": "Not Found", "message": "no route"}),),
        (GONE, PAGE),
        (GONE, Answer(body=PROPERTIES), PAGE),
        (GONE, Answer(body=PROPERTIES), Answer(body=AUDIENCE)),
        (GONE, Answer(body=[])),
    ],
)
def test_the_404_of_a_gateway_is_transient(spotler, server, answers):
    server.answer(*answers)

    with pytest.raises(Transient):
        spotler.audiences.get("a-1")
    server.answer(*answers)
    with pytest.raises(Transient):
        spotler.audiences.remove_all("a-1")


def test_an_audience_is_read(spotler, server):
    server.answer(Answer(body=AUDIENCE))

    audience = spotler.audiences.get("a-1")

    assert (audience.external_id, audience.name, audience.created.hour) == ("a-1", "Leads", 6)


def test_creating_what_exists_under_the_same_name_in_any_case_is_harmless(spotler, server):
    server.answer(DROP, Answer(417), Answer(body=AUDIENCE))

    assert spotler.audiences.create("a-1", "LEADS").name == "Leads"


@pytest.mark.parametrize("existing", [GONE, Answer(body=AUDIENCE | {"name": "Other"})])
def test_creating_a_name_that_is_taken_is_refused(spotler, server, existing):
    server.answer(missing_but(**{"audience": Answer(417), "a-1": existing}))

    with pytest.raises(Refused) as refusal:
        spotler.audiences.create("a-1", "Leads")

    assert refusal.value.result_code == "SPOTLER_AUDIENCE_REFUSED"


def test_where_there_are_too_many_audiences_creating_one_says_so(spotler, server):
    server.answer(missing_but(**{"audience": Answer(417, {"errorType": "INVALID_STATE"}), "a-1": GONE}))

    with pytest.raises(Refused, match="there are too many audiences") as refusal:
        spotler.audiences.create("a-1", "Leads")

    assert refusal.value.result_code == "SPOTLER_AUDIENCE_REFUSED"


def test_an_audience_in_use_is_not_deleted(spotler, server):
    server.answer(Answer(417))

    with pytest.raises(Refused) as refusal:
        spotler.audiences.delete("a-1")

    assert refusal.value.result_code == "INVALID_STATE"


def test_renaming_sends_id_and_name(spotler, server):
    server.answer(Answer(body=AUDIENCE))
    spotler.audiences.update("a-1", "Leads", "All of them")

    assert server.received[0].json == {"externalId": "a-1", "name": "Leads", "description": "All of them"}


def test_a_403_with_a_key_that_works_is_the_licence(spotler, server):
    server.answer(Answer(403), Answer(body=PROPERTIES), Answer(403))

    with pytest.raises(NotLicensed) as refusal:
        spotler.audiences.add_members("a-1", ["c-0"])
    with pytest.raises(NotLicensed):
        spotler.audiences.create("a-1", "Leads")

    assert refusal.value.result_code == "NOT_AUTHORIZED"
    assert "edition" in refusal.value.for_people
    paths = [request.path for request in server.received]
    assert paths == ["/audience/a-1/contact", "/contact/properties/list", "/audience"]


def test_a_403_with_a_key_that_does_not_work_is_a_matter_of_settings(spotler, server):
    server.answer(Answer(403))

    with pytest.raises(Misconfigured):
        spotler.audiences.get("a-1")


def test_the_proof_of_a_key_grows_old(spotler, server, time):
    server.answer(Answer(body=[]), Answer(403))
    spotler.campaigns()
    time.now += 301

    with pytest.raises(Misconfigured):
        spotler.audiences.get("a-1")


def test_a_firewalls_page_is_not_the_licence(spotler, server):
    server.answer(Answer(403, b"<html>Forbidden</html>"))

    with pytest.raises(Transient):
        spotler.audiences.get("a-1")


def test_a_401_is_never_the_licence(spotler, server):
    server.answer(Answer(body=[]), Answer(401))
    spotler.campaigns()

    with pytest.raises(Misconfigured):
        spotler.audiences.get("a-1")


@pytest.mark.parametrize("body", [b"", b"null", {}, [], [AUDIENCE], b"<html>"])
def test_an_answer_without_audience_is_transient(spotler, server, body):
    server.answer(Answer(200, body))

    with pytest.raises(Transient):
        spotler.audiences.get("a-1")
