"""The client of Spotler Leads against the stand-in."""

import dataclasses
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from connector.errors import Misconfigured, Transient
from connector.http import Clock, Transport
from connector.spotler.leads import SpotlerLeads
from connector.spotler.leads.errors import (
    LeadsAnswerUnreadable,
    LeadsNotAuthorized,
    LeadsNotFound,
    LeadsRefused,
    NotSpotlerLeads,
)
from connector.spotler.leads.facts import LeadsFacts
from connector.spotler.leads.tokens import LeadsAccount, LeadsBearer
from sandbox.leads.settings import LeadsSettings
from tests.unit.scripted_server import FakeTime

STANDIN = LeadsSettings()
ACCOUNT = LeadsAccount(STANDIN.account, STANDIN.client_id, STANDIN.client_secret, STANDIN.username, STANDIN.password)
NOW = datetime.now(UTC).replace(microsecond=0)
BY_DATE, BLOCKS, LEAD = "*/leads/{type}/*", "*/trackedlinks/{take}", "*/lead/{lead}"


@pytest.fixture
def make(leads_server, door):  # noqa: ARG001 - every test starts from a reset account
    made = []

    def _make(account=ACCOUNT, facts=None, take=2):
        facts, time = facts or LeadsFacts(), FakeTime()
        clock = Clock(time.monotonic, time.wall, time.sleep, time.random)

        def transport():
            return Transport(leads_server.url, timeout=5, parallel=2, system="Spotler Leads", clock=clock)

        made.append(
            SpotlerLeads(
                transport(), LeadsBearer(transport(), account, facts, clock=clock), account.id, facts=facts, take=take
            )
        )
        return made[-1]

    yield _make
    for each in made:
        each.close()


@pytest.fixture
def leads(make):
    return make()


def put(door, **visitor):
    return door.post("visitors", visitors=[visitor])["ids"][0]


def listed(leads, kind="Lead"):
    return list(leads.visitors(kind, NOW - timedelta(days=1), NOW + timedelta(days=1)))


def tokens(door):
    return sum(each["count"] for each in door.get("calls") if each["route"] == "/core/connect/token")


def test_a_visitor_is_read_with_its_company(leads, door):
    company = {
        "domain": "www.acme.example", "city": "Utrecht", "country": "NL", "phoneNumber": "030-1",
        "employees": "10-50", "industries": [{"name": "Retail"}],
    }  # fmt: skip
    first, last = NOW - timedelta(days=3), NOW - timedelta(minutes=10)
    key = put(
        door, name="Acme", score=40, band="B", assigned_to=["ann@example.org"], company=company,
        first_visit=first.isoformat(), last_visit=last.isoformat(),
    )  # fmt: skip

    (found,) = listed(leads)

    assert dataclasses.asdict(found) == {
        "id": key, "type": "Lead", "status": "New", "name": "Acme", "domain": "www.acme.example", "score": 40,
        "first_visit": first, "last_visit": last, "assigned_to": ("ann@example.org",), "city": "Utrecht",
        "country": "NL", "phone": "030-1", "industry": "Retail", "employees": "10-50",
    }  # fmt: skip
    assert found == leads.visitor(key)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_no_visitor_is_lost_at_the_end_of_a_page(leads, door, count):
    ids = {put(door, name=f"c{n}", last_visit=(NOW - timedelta(minutes=n)).isoformat()) for n in range(count)}

    found = listed(leads)

    assert {each.id for each in found} == ids
    assert len(found) == count


def test_a_visitor_that_does_not_exist_is_none_only_in_the_words_of_the_api(leads, door):
    assert leads.visitor(str(uuid4())) is None

    door.arm("html", route=LEAD, status=404)

    with pytest.raises(NotSpotlerLeads):
        leads.visitor(str(uuid4()))


def test_page_views_come_in_blocks_and_are_gone_when_they_are_acknowledged(leads, door):
    key = put(door, name="Acme")
    door.post("visits", visits=[{"visitor": key, "title": title} for title in "abc"])

    first = leads.next_block()
    assert [each.title for each in first.views] == ["a", "b"]
    assert leads.acknowledge(first.process_id)
    assert not leads.acknowledge(first.process_id)
    assert [each.title for each in leads.next_block().views] == ["c"]
    assert leads.next_block().is_empty


def test_the_same_view_has_the_same_key_and_holds_no_personal_data(leads, door):
    key = put(door, name="Acme")
    view = {
        "visitor": key, "link": "l-1", "url": "https://me:pw@shop.example/a?email=ann@example.org#x",
        "email": "ann@example.org", "visited": NOW.isoformat(),
    }  # fmt: skip
    door.post("visits", visits=[view, view | {"link": "l-2"}])
    first = leads.next_block()
    door.post("clock", advance_s=300)
    again = leads.next_block()

    assert [each.key for each in first.views] == [each.key for each in again.views]
    assert len({each.key for each in first.views}) == 2
    assert first.views[0].url == "https://shop.example/a"
    assert "ann" not in repr(first)


def test_malformed_views_are_counted(leads, door):
    key = put(door, name="Acme")
    good = {"linkId": "1", "visited": "2026-01-02T03:04:05", "leadId": key}
    bad = [{}, good | {"visited": "soon"}, good | {"leadId": "7"}, good | {"linkId": None}]
    door.arm("wrong_body", route=BLOCKS, body={"processId": "p", "trackedLinks": [None, "x", *bad, good]})

    block = leads.next_block()

    assert (block.malformed, [each.visitor for each in block.views]) == (6, [key])
    assert block.views[0].visited == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("route", "body", "ask"),
    [
        (BLOCKS, [], lambda leads: leads.next_block()),
        (BLOCKS, {"trackedLinks": [{}]}, lambda leads: leads.next_block()),
        ("*markprocessed*", "true", lambda leads: leads.acknowledge("p")),
        (BY_DATE, [], listed),
        (BY_DATE, {"data": [1], "hasNextPage": False}, listed),
        (BY_DATE, {"data": []}, listed),
        (LEAD, {}, lambda leads: leads.visitor(str(uuid4()))),
        (LEAD, {"id": str(uuid4())}, lambda leads: leads.visitor(str(uuid4()))),
        ("*leadtypes", [], lambda leads: leads.types()),
    ],
)
def test_an_answer_that_is_something_else_is_not_believed(leads, door, route, body, ask):
    door.arm("wrong_body", route=route, body=body)

    with pytest.raises(LeadsAnswerUnreadable):
        ask(leads)


def test_members_that_are_new_do_no_harm(leads, door):
    key = put(door, name="Acme")
    door.post("visits", visits=[{"visitor": key}])
    door.arm("extra_members", count=None)

    assert [each.id for each in listed(leads)] == [key]
    assert [each.visitor for each in leads.next_block().views] == [key]
    assert "Lead" in leads.types()


# Tokens and refusals


def test_one_token_serves_many_calls_and_a_revoked_one_is_replaced(leads, door):
    leads.types()
    listed(leads)
    assert tokens(door) == 1

    door.post("revoke")
    leads.types()

    assert tokens(door) == 2


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"client_secret": "wrong"}, "LEADS_CLIENT_SECRET"),
        ({"password": "wrong"}, "LEADS_PASSWORD"),
    ],
)
def test_wrong_credentials_are_named_and_not_shown(make, change, names):
    account = dataclasses.replace(ACCOUNT, **change)

    with pytest.raises(LeadsNotAuthorized) as caught:
        make(account).types()

    assert names in caught.value.advice
    assert "wrong" not in f"{caught.value} {caught.value.advice} {account!r}"


def test_an_account_that_does_not_exist_is_refused(make):
    with pytest.raises(LeadsNotFound):
        list(make(dataclasses.replace(ACCOUNT, id=str(uuid4()))).visitors("Lead", NOW, NOW))


def test_a_token_that_is_refused_twice_is_an_error_of_the_configuration(leads, door):
    door.arm("auth", route="*leadtypes", count=2)

    with pytest.raises(LeadsNotAuthorized):
        leads.types()


def test_a_call_that_the_api_does_not_like_is_refused(make):
    with pytest.raises(LeadsRefused):
        make(facts=LeadsFacts(api_version=9)).types()


@pytest.mark.parametrize("kind", ["throttle", "html", "error", "drop_before_write", "drop_after_write"])
def test_what_passes_is_tried_again(leads, door, kind):
    key = put(door, name="Acme")
    door.arm(kind, route=BY_DATE, count=2)

    assert [each.id for each in listed(leads)] == [key]


def test_an_outage_is_transient(leads, door):
    door.arm("html", count=None)

    with pytest.raises(Transient):
        leads.types()


# What is assumed


def test_facts_can_be_corrected():
    facts = LeadsFacts.from_setting('{"api_version": 3, "types": "/v2/types"}')

    assert (facts.api_version, facts.types, facts.first_page) == (3, "/v2/types", 1)
    assert LeadsFacts.from_setting(" ") == LeadsFacts()


@pytest.mark.parametrize(
    "text", ["x", "[]", '{"no": 1}', '{"api_version": "3"}', '{"lead": "/lead"}', '{"types": "types"}', '{"scope": 1}']
)
def test_corrections_that_cannot_be_are_refused(text):
    with pytest.raises(Misconfigured, match="LEADS_FACTS"):
        LeadsFacts.from_setting(text)
