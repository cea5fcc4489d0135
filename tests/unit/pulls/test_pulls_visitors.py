"""Website visitors between Spotler Leads and Dataverse: every way in which they can come."""

import logging
from collections import Counter
from datetime import timedelta

import pytest

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Interaction, Visitor
from connector.errors import Transient
from connector.pulls import loop, switches, visitors as pull
from connector.pulls.visitors import read_visitors
from connector.sync.visitors import views as view_rows
from tests.unit.leads_world import ACCOUNT_OF_VISITOR, BY_DATE, LEAD_OF_VISITOR

# What is read


def test_without_an_account_of_spotler_leads_nobody_is_asked_anything(world, caplog, monkeypatch):
    monkeypatch.setattr(switches, "_reported_off", set())

    with caplog.at_level(logging.INFO):
        assert read_visitors(world.services) == Counter()

    assert caplog.messages == ["Feed visitors is switched off by its setting."]


def test_switched_off_it_asks_nobody_anything(recent):
    recent.with_settings(visitors_enabled=False)
    before = recent.calls()

    assert read_visitors(recent.services) == Counter()
    assert recent.calls() == before


def test_the_first_run_shows_no_old_visitors_but_every_page_view_that_waits(website):
    old = website.visitor("Old", before=timedelta(days=2))
    viewing = website.visitor("Viewing", before=timedelta(days=2))
    website.view(viewing, "Prices", before=timedelta(days=2))

    read_visitors(website.services)

    assert website.rows().keys() == {viewing}
    assert website.views() == ["Prices"]
    assert old not in website.rows()


def test_nothing_new_writes_nothing_and_costs_a_call_for_each_type_and_one_for_the_queue(recent):
    assert read_visitors(recent.services) == Counter()
    assert recent.calls("leadtypes") == 1
    assert recent.calls("{start}") == 9, "all types but those that are left out"
    assert recent.calls("trackedlinks/{take}") == 1
    assert recent.world.rows(Interaction.TABLE) == []


def test_a_visitor_and_its_page_views_become_rows(recent):
    company = {
        "domain": "www.acme.example", "city": "Utrecht", "country": "Netherlands", "phoneNumber": "030-1",
        "employees": "10-50", "industries": [{"name": "Retail"}],
    }  # fmt: skip
    acme = recent.visitor("Acme", score=40, company=company)
    recent.view(acme, "Home", "Prices", campaign="June", url="https://shop.example/p?email=ann@example.org")

    counts = read_visitors(recent.services)

    row = recent.row(acme)
    assert counts == Counter({"new": 1, "page views": 2})
    assert {name: row[name] for name in (Visitor.NAME, Visitor.DOMAIN, Visitor.CITY, Visitor.COUNTRY)} == {
        Visitor.NAME: "Acme", Visitor.DOMAIN: "www.acme.example", Visitor.CITY: "Utrecht",
        Visitor.COUNTRY: "Netherlands",
    }  # fmt: skip
    assert (row[Visitor.RATING], row[Visitor.HOT], row[Visitor.TYPE]) == (40, False, "Lead")
    assert (row[Visitor.INDUSTRY], row[Visitor.EMPLOYEES], row[Visitor.PHONE]) == ("Retail", "10-50", "030-1")
    assert (row[Visitor.VISITS], row[Visitor.STATE]) == (2, 0)
    (view, _) = recent.world.rows(Interaction.TABLE)
    assert view[Interaction.TYPE] == InteractionType.WEBSITE_VISIT
    assert (view[Interaction.URL], view[Interaction.MAILING]) == ("https://shop.example/p", "June")
    assert view[f"_{Interaction.VISITOR}_value"] == row[Visitor.ID]
    assert "ann@" not in str(recent.world.rows(Interaction.TABLE))
    assert recent.waiting() == 0


def test_a_second_reading_writes_nothing(recent):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home")
    read_visitors(recent.services)
    before = recent.row(acme)["versionnumber"]
    recent.world.now += timedelta(seconds=30)

    assert read_visitors(recent.services) == Counter()
    assert recent.row(acme)["versionnumber"] == before


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_nothing_is_lost_at_the_end_of_a_page_or_a_block(recent, size, monkeypatch):
    monkeypatch.setattr(loop, "BLOCK", 2)
    recent.with_pages(size)
    ids = [recent.visitor(f"c{n}", before=timedelta(minutes=5 + n)) for n in range(5)]
    for number, visitor in enumerate(ids):
        recent.view(visitor, f"page {number}")

    read_visitors(recent.services)

    assert recent.rows().keys() == set(ids)
    assert recent.views() == [f"page {number}" for number in range(5)]


def test_the_same_block_twice_stores_every_page_view_once(recent):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home", "Prices")
    block = recent.services.leads.next_block()
    recent.hands_out_again()

    for _ in range(2):
        view_rows.store_views(recent.services, recent.services.leads, block.views)
    read_visitors(recent.services)

    assert recent.views() == ["Home", "Prices"]
    assert recent.row(acme)[Visitor.VISITS] == 2


def test_a_crash_in_the_middle_loses_nothing_and_stores_nothing_twice(recent, monkeypatch):
    recent.with_pages(2)
    acme = recent.visitor("Acme")
    recent.view(acme, *"abcde")
    store, calls = view_rows.store_views, iter(range(10))

    def fails_after_writing(*arguments):
        counts = store(*arguments)
        if next(calls) == 1:
            raise Transient
        return counts

    with monkeypatch.context() as patched:
        patched.setattr(pull, "store_views", fails_after_writing)
        with pytest.raises(Transient):
            read_visitors(recent.services)
    assert recent.waiting() == 3, "the block that was not acknowledged, and the rest"

    recent.hands_out_again()
    read_visitors(recent.services)

    assert recent.views() == list("abcde")
    assert (recent.row(acme)[Visitor.VISITS], recent.waiting()) == (5, 0)


def test_a_gap_of_thirty_days_is_caught_up(begun):
    ids = [begun.visitor(f"c{days}", before=timedelta(days=days)) for days in (29, 15, 0.5)]
    begun.view(ids[0], "Home", before=timedelta(days=29))

    assert read_visitors(begun.services) == Counter({"new": 3, "page views": 1})
    assert read_visitors(begun.services) == Counter()


def test_malformed_entries_are_counted_and_stop_no_other(recent):
    acme = recent.visitor("Acme")
    visited = (recent.world.now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")
    good = {"linkId": "1", "visited": visited, "leadId": acme, "title": "Home"}
    recent.door.post("visits", raw=[{}, good | {"visited": "soon"}, good | {"leadId": None}, good])
    lead = {"id": acme, "companyName": "Acme", "lastVisit": visited}
    page = {"data": [{}, {"id": "7"}, lead | {"lastVisit": "2099-01-01T00:00:00"}, lead], "hasNextPage": False}
    recent.door.arm("wrong_body", route=BY_DATE, body=page)

    counts = read_visitors(recent.services)

    assert (counts["malformed"], counts["new"], counts["page views"]) == (6, 1, 1)
    assert recent.waiting() == 0


def test_a_block_in_which_nothing_can_be_read_waits_and_keeps_no_other_from_it(recent):
    recent.with_pages(1)
    acme = recent.visitor("Acme")
    recent.door.post("visits", raw=[{"changed": True}])
    recent.view(acme, "Home")

    with pytest.raises(Transient, match="Nothing could be read in 1 blocks"):
        read_visitors(recent.services)

    assert recent.views() == ["Home"]
    assert recent.waiting() == 1


def test_answers_that_are_all_unreadable_are_not_asked_for_without_end(recent):
    recent.with_pages(1)
    recent.door.post("visits", raw=[{"changed": True}] * 10)

    with pytest.raises(Transient):
        read_visitors(recent.services)

    assert recent.waiting() == 10


def test_a_clock_that_was_wrong_hides_no_visitor(recent):
    recent.world.now += timedelta(hours=5)
    read_visitors(recent.services)
    recent.world.now -= timedelta(hours=5)
    acme = recent.visitor("Acme")
    recent.view(acme, "Home")

    assert read_visitors(recent.services) == Counter({"new": 1, "page views": 1})


@pytest.mark.parametrize("hour", [0, 1, 2])
def test_the_hour_that_comes_twice_in_autumn_hides_no_visitor(website, hour):
    """Dutch time goes from 03:00 back to 02:00 on 25 October 2026, at 01:00 UTC."""
    website.world.now = website.world.now.replace(2026, 10, 25, 0, 0, 0) - timedelta(minutes=20)
    read_visitors(website.services)
    website.world.now += timedelta(hours=hour, minutes=40)
    acme = website.visitor("Acme", before=timedelta(minutes=10))
    website.view(acme, "Home", before=timedelta(minutes=10))

    assert read_visitors(website.services) == Counter({"new": 1, "page views": 1})
    assert website.row(acme)[Visitor.LAST_VISIT] == (website.world.now - timedelta(minutes=10)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


# What people did to a visitor stays


def change(website, visitor, **columns):
    website.services.dataverse.update(Visitor.SET, website.row(visitor)[Visitor.ID], columns)


def test_a_deactivated_visitor_stays_so_and_its_visits_go_on(recent):
    acme = recent.visitor("Acme", score=10)
    read_visitors(recent.services)
    change(recent, acme, **{Visitor.STATE: 1, Visitor.STATUS: 2})
    recent.world.account("acme")
    recent.door.post("visitors", visitors=[{"id": acme, "name": "Acme", "score": 70}])
    recent.view(acme, "Home", before=timedelta(0))
    recent.world.now += timedelta(minutes=10)

    read_visitors(recent.services)

    row = recent.row(acme)
    assert (row[Visitor.STATE], row[Visitor.RATING], row[Visitor.VISITS]) == (1, 70, 1)
    assert row.get(ACCOUNT_OF_VISITOR) is None, "nobody matches what a person has set aside"


def test_visits_of_a_promoted_visitor_are_those_of_its_lead(recent):
    acme = recent.visitor("Acme")
    read_visitors(recent.services)
    lead = recent.world.lead()
    bind = {f"{Visitor.LEAD_NAVIGATION}@odata.bind": f"/leads({lead.id})"}
    change(recent, acme, **{Visitor.STATE: 1, Visitor.STATUS: 2}, **bind)
    recent.view(acme, "Prices", before=timedelta(0))
    recent.world.now += timedelta(minutes=10)

    read_visitors(recent.services)

    (view,) = recent.world.rows(Interaction.TABLE)
    assert view[f"_{Interaction.LEAD}_value"] == lead.id
    assert (recent.row(acme)[LEAD_OF_VISITOR], recent.row(acme)[Visitor.STATE]) == (lead.id, 1)
