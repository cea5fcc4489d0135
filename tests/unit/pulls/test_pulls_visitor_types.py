"""Website visitors that become others in Spotler Leads: of a type that is left out, of one that is wanted, or none."""

from collections import Counter
from datetime import timedelta

import pytest

from connector.dataverse.names import Visitor
from connector.pulls.visitors import read_visitors

LEFT_OUT = "page views of visitors that are left out"


@pytest.fixture
def acme(website):
    """A company that has a row with a page view."""
    read_visitors(website.services)
    visitor = website.visitor("Acme", before=timedelta(0), score=10)
    website.view(visitor, "Home", before=timedelta(0))
    website.world.now += timedelta(hours=1)
    read_visitors(website.services)
    assert website.row(visitor)[Visitor.TYPE] == "Lead"
    return visitor


def becomes(website, visitor, **details):
    """An hour later it is something else, and has viewed another page."""
    given = {"id": visitor, "name": "Acme", "last_visit": website.world.now.isoformat(), **details}
    website.door.post("visitors", visitors=[given])
    website.view(visitor, "Prices", before=timedelta(0))
    website.world.now += timedelta(hours=1)


@pytest.mark.parametrize("kind", ["Isp", "ContactLead"])
def test_page_views_of_a_visitor_that_became_a_person_or_a_provider_are_left_out(website, acme, kind):
    becomes(website, acme, name="Ann Lee", type=kind, score=90)

    counts = read_visitors(website.services)

    row = website.row(acme)
    assert (counts, website.views(), website.waiting()) == (Counter({LEFT_OUT: 1}), ["Home"], 0)
    assert (row[Visitor.TYPE], row[Visitor.NAME], row[Visitor.RATING], row[Visitor.VISITS]) == (kind, "Acme", 10, 1)


def test_it_is_asked_for_once_in_a_run(website, acme):
    website.with_pages(1)
    becomes(website, acme, type="ContactLead")
    website.view(acme, "Contact", "Imprint", before=timedelta(minutes=50))
    before = website.calls("/lead/")

    read_visitors(website.services)

    assert (website.calls("/lead/") - before, website.views(), website.waiting()) == (1, ["Home"], 0)


def test_a_visitor_that_is_a_company_again_has_page_views_again(website, acme):
    becomes(website, acme, type="ContactLead")
    read_visitors(website.services)
    becomes(website, acme, type="Customer", score=20)

    read_visitors(website.services)

    row = website.row(acme)
    assert (row[Visitor.TYPE], row[Visitor.RATING], row[Visitor.VISITS]) == ("Customer", 20, 2)
    assert website.views() == ["Home", "Prices"]


def test_a_visitor_that_moves_to_a_type_that_was_read_already_follows_all_the_same(website, acme, monkeypatch):
    """It is shown by none of the types, because it moves while they are read."""
    becomes(website, acme, type="Customer", score=70)
    visitors = website.services.leads.visitors
    shown = {"Lead": "Customer", "Customer": "Lead"}

    def moving(kind, start, end):
        for each in visitors(kind, start, end):
            if kind not in shown or each is None or each.id != acme:
                yield each

    monkeypatch.setattr(website.services.leads, "visitors", moving)
    read_visitors(website.services)

    row = website.row(acme)
    assert (row[Visitor.TYPE], row[Visitor.RATING], row[Visitor.VISITS]) == ("Customer", 70, 2)


def test_a_visitor_that_was_just_read_costs_no_call_of_its_own(website, acme):
    becomes(website, acme, type="Lead")
    before = website.calls("/lead/")

    read_visitors(website.services)

    assert (website.calls("/lead/") - before, website.views()) == (0, ["Home", "Prices"])


def test_page_views_of_a_visitor_that_spotler_leads_has_no_more_are_stored_with_its_row(website, acme, monkeypatch):
    website.view(acme, "Prices", before=timedelta(0))
    website.world.now += timedelta(hours=1)
    monkeypatch.setattr(website.services.leads, "visitors", lambda *_: iter(()))
    monkeypatch.setattr(website.services.leads, "visitor", lambda _: None)

    read_visitors(website.services)

    assert (website.views(), website.row(acme)[Visitor.VISITS], website.waiting()) == (["Home", "Prices"], 2, 0)
