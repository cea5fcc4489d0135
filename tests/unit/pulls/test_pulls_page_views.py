"""The queue of page views of Spotler Leads: read, stored, acknowledged."""

import logging
from collections import Counter
from datetime import timedelta

import pytest

from connector.dataverse.api import BatchRequest
from connector.dataverse.names import Interaction, Visitor
from connector.errors import Misconfigured, Transient
from connector.pulls import visitors as pull
from connector.pulls.visitors import read_visitors
from connector.state import StateConflict
from connector.sync.visitors import views as view_rows
from tests.unit.leads_world import BLOCKS, BY_DATE, LEAD, MARK

# The queue


def test_nothing_is_acknowledged_that_dataverse_did_not_take(recent):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home")
    recent.world.break_dataverse("503", r"UpsertMultiple|\$batch")

    with pytest.raises(Transient):
        read_visitors(recent.services)

    recent.world.mend_dataverse()
    recent.hands_out_again()
    assert recent.waiting() == 1
    read_visitors(recent.services)
    assert (recent.views(), recent.waiting()) == (["Home"], 0)


def test_a_title_that_is_longer_than_a_column_takes_is_cut_as_dataverse_counts(recent):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home", "🎉" * 200)

    counts = read_visitors(recent.services)

    assert recent.views() == ["Home", "🎉" * 150]
    assert counts["page views"] == 2


def test_a_lost_acknowledgement_is_no_error(recent):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home")
    recent.door.arm("drop_after_write", route=MARK)

    counts = read_visitors(recent.services)

    assert counts["blocks that were not waiting to be acknowledged"] == 1
    assert (recent.views(), recent.waiting()) == (["Home"], 0)


def test_a_queue_that_never_empties_is_left(recent):
    acme = recent.visitor("Acme")
    visited = (recent.world.now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")
    link = {"linkId": "1", "visited": visited, "leadId": acme, "title": "Home"}
    recent.door.arm("wrong_body", route=BLOCKS, count=None, body={"processId": acme, "trackedLinks": [link]})

    with pytest.raises(Transient, match="again"):
        read_visitors(recent.services)

    assert recent.views() == ["Home"]


def test_one_run_at_a_time_empties_the_queue(recent, monkeypatch):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home")
    other = []

    def meanwhile(*_):
        other.append(
            pull.read_page_views(recent.services, recent.services.leads, recent.world.now + timedelta(hours=1))
        )
        return Counter(done=1)

    monkeypatch.setattr(pull, "store_views", meanwhile)
    read_visitors(recent.services)

    assert other == [Counter()]


def test_a_run_that_was_silent_for_too_long_acknowledges_nothing(recent, monkeypatch):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home")
    store = view_rows.store_views

    def slow(*arguments):
        counts = store(*arguments)
        monkeypatch.setattr(pull, "store_views", store)
        recent.world.now += timedelta(minutes=30)
        recent.hands_out_again()
        read_visitors(recent.services)
        return counts

    monkeypatch.setattr(pull, "store_views", slow)
    with pytest.raises(StateConflict):
        pull.read_page_views(recent.services, recent.services.leads, recent.world.now + timedelta(hours=1))

    assert recent.views() == ["Home"]


def test_page_views_are_read_also_where_the_list_of_visitors_cannot_be(recent):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home")
    recent.door.arm("html", route=BY_DATE, count=None)

    with pytest.raises(Transient):
        read_visitors(recent.services)

    assert (recent.views(), recent.rows().keys()) == (["Home"], {acme})


def test_page_views_of_nobody_are_counted_and_acknowledged(recent):
    recent.view("c0ffee00-0000-4000-8000-000000000001", "Home")

    assert read_visitors(recent.services) == Counter({"page views of visitors that are left out": 1})
    assert (recent.waiting(), recent.rows()) == (0, {})


def test_a_page_of_a_gateway_is_no_missing_visitor(recent):
    acme = recent.visitor("Acme", before=timedelta(days=2))
    recent.view(acme, "Home")
    recent.door.post("visitors", visitors=[{"id": acme, "last_visit": "2020-01-01T00:00:00Z"}])
    recent.door.arm("html", route=LEAD, status=404, count=None)

    with pytest.raises(Transient):
        read_visitors(recent.services)

    assert recent.waiting() == 1


@pytest.mark.parametrize("kind", ["Isp", "ContactLead"])
def test_types_that_are_left_out_have_no_rows(recent, kind):
    person = recent.visitor("Ann Lee", type=kind, email="ann@example.org")
    recent.view(person, "Home", email="ann@example.org")

    assert read_visitors(recent.services) == Counter({"page views of visitors that are left out": 1})
    assert (recent.rows(), recent.views(), recent.waiting()) == ({}, [], 0)


def test_nobody_is_asked_twice_about_a_visitor_that_is_left_out(recent):
    recent.with_pages(1)
    person = recent.visitor("Ann Lee", type="ContactLead")
    recent.view(person, "Home", "Prices", "Contact")

    read_visitors(recent.services)

    assert recent.calls("/lead/") == 1


def test_page_views_of_a_visitor_that_is_deleted_meanwhile_come_again(recent, monkeypatch):
    acme = recent.visitor("Acme", before=timedelta(days=2))
    recent.view(acme, "Home")
    recent.world.load(Visitor.TABLE, **{Visitor.EXTERNAL_ID: acme})
    recent.door.post("visitors", visitors=[{"id": acme, "name": "Acme", "last_visit": "2020-01-01T00:00:00Z"}])
    rows, times = view_rows.visitor_rows, iter(range(10))

    def deleted_after_reading(services, ids):
        found = rows(services, ids)
        if next(times) == 0:
            services.dataverse.batch([BatchRequest.delete(Visitor.SET, found[acme][Visitor.ID])])
        return found

    monkeypatch.setattr(view_rows, "visitor_rows", deleted_after_reading)
    with pytest.raises(Transient, match="deleted meanwhile"):
        read_visitors(recent.services)
    assert recent.waiting() == 1

    recent.hands_out_again()
    read_visitors(recent.services)

    assert (recent.views(), recent.row(acme)[Visitor.NAME], recent.waiting()) == (["Home"], "Acme", 0)


def test_no_address_of_a_person_is_stored_or_logged(recent, caplog):
    recent.with_settings(visitors_without_types="")
    person = recent.visitor(
        "Acme", type="ContactLead", email="ann@example.org", contact={"firstName": "Ann", "lastName": "Lee"}
    )
    recent.view(person, "Home", email="ann@example.org")

    with caplog.at_level(logging.INFO):
        read_visitors(recent.services)

    stored = str(recent.rows()) + str(recent.world.rows(Interaction.TABLE))
    assert recent.row(person)[Visitor.NAME] == "Acme"
    assert not any(word in text for word in ("ann@", "Lee") for text in (stored, caplog.text))
    assert "Acme" not in caplog.text


def test_page_views_that_the_next_clean_up_would_delete_are_not_stored(recent):
    acme = recent.visitor("Acme")
    recent.view(acme, "Old", before=timedelta(days=366))

    assert read_visitors(recent.services)["page views too old to keep"] == 1
    assert (recent.views(), recent.waiting()) == ([], 0)


def test_a_missing_privilege_keeps_everything_waiting(recent):
    acme = recent.visitor("Acme")
    recent.view(acme, "Home")
    recent.door.arm("auth", route=BLOCKS, count=2)

    with pytest.raises(Misconfigured):
        read_visitors(recent.services)

    assert recent.waiting() == 1


def test_a_run_ends_in_time_and_the_next_one_goes_on(recent, monkeypatch):
    recent.with_pages(1)
    acme = recent.visitor("Acme")
    recent.view(acme, *"abc")
    store = view_rows.store_views

    def slow(*arguments):
        recent.world.now += timedelta(minutes=3)
        return store(*arguments)

    monkeypatch.setattr(pull, "store_views", slow)
    for _ in range(3):
        read_visitors(recent.services)
        recent.world.now += timedelta(hours=1)

    assert recent.views() == list("abc")
    assert recent.waiting() == 0


def test_a_new_score_for_the_hot_list_counts_at_the_next_run(recent):
    cold, warm = recent.visitor("Cold", score=10), recent.visitor("Warm", score=60)
    read_visitors(recent.services)
    assert [recent.row(each)[Visitor.HOT] for each in (cold, warm)] == [False, False]

    recent.with_settings(visitors_hot_score=50)
    assert read_visitors(recent.services) == Counter({"hot or not by a new setting": 1})
    assert [recent.row(each)[Visitor.HOT] for each in (cold, warm)] == [False, True]

    recent.with_settings(visitors_hot_score=100)
    read_visitors(recent.services)
    assert [recent.row(each)[Visitor.HOT] for each in (cold, warm)] == [False, False]
