"""Conflicts: the same edits on both sides give the same result, in whatever order the news of them arrives.

What arrives is a message of Dataverse, which starts a sync, a reading of the feed, and a page of the feed that was read
some time before. Any of it may come first, more than once, or late.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from connector.pulls.loop import OVERLAP
from connector.pulls.updates import Updates
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

#: Columns that both sides may change, with their fields.
FIELDS = {"firstname": "firstName", "telephone1": "phoneNumber", "jobtitle": "organisation"}
BITS = {"Newsletter": NEWSLETTER_BIT, "Events": EVENTS_BIT}
ROWS = [{"contact": column, "direction": "<->", "spotler": name} for column, name in FIELDS.items()]
#: Values that both systems keep as they are; each is used once, so that an edit is never one to what is there.
VALUES = [f"Value {number}" for number in range(10)]

here = st.tuples(st.just("here"), st.sampled_from(sorted(FIELDS)))
there = st.tuples(st.just("there"), st.sampled_from(sorted(FIELDS)))
consent = st.tuples(st.sampled_from(["on here", "off here", "joined", "left"]), st.sampled_from(sorted(BITS)))
arrivals = st.lists(st.sampled_from(["sync", "pull", "first page", "page", "last page"]), max_size=6)


class Story:
    """Edits on one contact, and the pages of the feed that showed them."""

    def __init__(self, systems, *rows):
        self.two = TwoSystems(systems, *rows)
        self.ann = self.two.contact()
        for name in BITS if PERMISSIONS in rows else ():
            self.two.permission(self.ann, name, subscribed=False)
        self.values = iter(VALUES)
        self.pages = []
        self.settle()

    def edit(self, what, name):
        two, ann = self.two, self.ann
        match what:
            case "here":
                two.edit(ann, **{name: next(self.values)})
            case "there":
                two.profile(ann, **{FIELDS[name]: next(self.values)})
            case "on here" | "off here":
                two.permission(ann, name, subscribed=what == "on here")
            case "joined":
                two.profile(ann, permissions=[{"bit": BITS[name], "enabled": True}])
            case _:
                two.unsubscribe(ann, BITS[name])
        two.tick()
        feed = Updates(two.services)
        self.pages.append(list(feed.read(two.now() - OVERLAP, two.now())))

    def arrive(self, what):
        two = self.two
        two.tick()
        match what:
            case "sync":
                two.sync(self.ann)
            case "pull":
                two.pull()
            case _ if self.pages:
                place = {"first page": 0, "page": len(self.pages) // 2, "last page": -1}[what]
                Updates(two.services).work(two.services, self.pages[place])

    def settle(self):
        for _ in range(3):
            self.two.pull()
            self.two.sync(self.ann)

    def result(self):
        """What both sides have, when everything has arrived."""
        self.settle()
        row, contact = self.two.row(self.ann), self.two.in_spotler(self.ann)
        columns = {column: row.get(column) or None for column in FIELDS}
        assert {column: contact["properties"].get(name) or None for column, name in FIELDS.items()} == columns
        rows = {name for name, on in self.two.subscribed(self.ann).items() if on}
        assert {name for name, bit in BITS.items() if bit in contact["permissions"]} == rows
        return columns, rows


def outcome(systems, edits, order):
    story = Story(systems, *ROWS, PERMISSIONS)
    for edit in edits:
        story.edit(*edit)
    for what in order:
        story.arrive(what)
    return story.result()


FEW = settings(
    max_examples=12, phases=[Phase.generate, Phase.reuse], deadline=None, suppress_health_check=list(HealthCheck)
)
MANY = settings(FEW, max_examples=400)


def same_result(systems, edits, order):
    assert outcome(systems, edits, order) == outcome(systems, edits, ["sync", "pull"])


@FEW
@given(st.lists(here | there | consent, min_size=1, max_size=6), arrivals)
def test_the_order_of_arrival_changes_nothing(systems, edits, order):
    same_result(systems, edits, order)


@pytest.mark.nightly
@MANY
@given(st.lists(here | there | consent, min_size=1, max_size=8), arrivals)
def test_the_order_of_arrival_changes_nothing_however_many_edits_there_are(systems, edits, order):
    same_result(systems, edits, order)


# Between the edits


def last_one_wins(systems, steps):
    """Dataverse says when a row was changed, not which column: so here is one column."""
    story = Story(systems, ROWS[0])
    last = None
    for step in steps:
        if step in ("here", "there"):
            story.edit(step, "firstname")
            last = VALUES[int(last.split()[1]) + 1] if last else VALUES[0]
        else:
            story.arrive(step)

    assert story.result()[0]["firstname"] == last


steps = st.lists(st.sampled_from(["here", "there", "sync", "pull", "first page", "page", "last page"]), max_size=8)


@FEW
@given(steps)
def test_of_a_column_the_last_edit_wins_whatever_arrives_between_the_edits(systems, steps):
    last_one_wins(systems, steps)


@pytest.mark.nightly
@MANY
@given(steps)
def test_of_a_column_the_last_edit_wins_whatever_arrives_however_often_it_is_tried(systems, steps):
    last_one_wins(systems, steps)


# What decides between two changes


def test_an_edit_that_waits_keeps_its_time_when_the_connector_writes_another_column(systems):
    """Dataverse says who wrote a row last: after the connector has written a column, that is no person any more."""
    story = Story(systems, *ROWS)
    story.edit("here", "firstname")
    story.edit("there", "jobtitle")
    story.arrive("pull")
    story.edit("there", "firstname")

    columns, _ = story.result()

    assert columns == {"firstname": VALUES[2], "telephone1": None, "jobtitle": VALUES[1]}
