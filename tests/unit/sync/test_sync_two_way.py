"""Which side wins a column that both may change, and that two systems which change values in form come to rest."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from connector.sync.both_ways.two_way import Moments, Winner, agreed, decide, decide_inward, received, sent, to_be_sent
from connector.sync.last_common import EMPTY, Common

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AGREED = Common("a", "a")


def at(seconds):
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("dataverse", "spotler", "last", "winner"),
    [
        ("a", "a", AGREED, Winner.NEITHER),
        ("b", "b", AGREED, Winner.NEITHER),
        ("b", "b", None, Winner.NEITHER),
        ("b", "a", AGREED, Winner.DATAVERSE),
        ("a", "b", AGREED, Winner.SPOTLER),
        ("a", "A", Common("a", "A"), Winner.NEITHER),
        ("b", "A", Common("a", "A"), Winner.DATAVERSE),
        ("a", "B", Common("a", "A"), Winner.SPOTLER),
        (EMPTY, "b", None, Winner.SPOTLER),
        ("a", EMPTY, None, Winner.DATAVERSE),
        (EMPTY, "a", AGREED, Winner.DATAVERSE),
        ("a", EMPTY, AGREED, Winner.SPOTLER),
        # A value that a worker began to send is no change of the person.
        ("c", "b", Common("a", "a", sending="b"), Winner.DATAVERSE),
        ("a", "b", Common("a", "a", sending="b"), Winner.DATAVERSE),
        ("a", "c", Common("a", "a", sending="b"), Winner.SPOTLER),
    ],
)
def test_the_side_that_changed_wins(dataverse, spotler, last, winner):
    assert decide(dataverse, spotler, last, Moments()) is winner


@pytest.mark.parametrize("last", [AGREED, None])
@pytest.mark.parametrize(
    ("modified", "changed", "winner"),
    [
        (0, 60, Winner.SPOTLER),
        (60, 0, Winner.DATAVERSE),
        (0, 5, Winner.DATAVERSE),
        (0, 6, Winner.SPOTLER),
        (None, 60, Winner.DATAVERSE),
        (60, None, Winner.DATAVERSE),
        (None, None, Winner.DATAVERSE),
    ],
)
def test_of_two_changes_the_later_one_wins_or_dataverse(last, modified, changed, winner):
    moments = Moments(None if modified is None else at(modified), None if changed is None else at(changed))

    assert decide("b", "c", last, moments) is winner


@pytest.mark.parametrize(
    ("dataverse", "spotler", "last", "winner"),
    [
        ("a", "a", None, Winner.NEITHER),
        ("a", "b", None, Winner.SPOTLER),
        ("a", "b", Common("a", "a"), Winner.SPOTLER),
        ("a", "b", Common("a", "b"), Winner.NEITHER),
        ("c", "b", Common("a", "b"), Winner.SPOTLER),
    ],
)
def test_a_column_that_only_spotler_may_change_gets_its_value(dataverse, spotler, last, winner):
    assert decide_inward(dataverse, spotler, last) is winner


# Two systems that change values in form


@dataclass
class Pair:
    """One column of one record. Either system may bring a value into its own form, at once or by a flow later on."""

    form_here: dict[str, str] = field(default_factory=dict)
    form_there: dict[str, str] = field(default_factory=dict)
    flow: dict[str, str] = field(default_factory=dict)
    here: str = "a"
    there: str = "a"
    last: Common | None = AGREED
    modified_on: int = 0
    by_connector: bool = False
    last_changed: int = 0
    sent_on: int = 0
    now: int = 0
    writes: int = 0

    def edit_here(self, value):
        self.now += 60
        self.here, self.modified_on, self.by_connector = self.form_here.get(value, value), self.now, False

    def edit_there(self, value):
        self.now += 60
        self.there, self.last_changed = self.form_there.get(value, value), self.now

    @property
    def moments(self):
        modified = None if self.by_connector else at(self.modified_on)
        return Moments(modified, at(self.last_changed), at(self.sent_on))

    def out(self):
        """The record is sent: Spotler is asked only where Dataverse has changed."""
        self.now += 60
        if self.last is not None and self.here == self.last.dataverse and not self.last.sending:
            return
        winner = decide(self.here, self.there, self.last, self.moments)
        if winner is Winner.DATAVERSE:
            self._send()
        elif winner is Winner.SPOTLER:
            self._receive()
        else:
            self.last = agreed(self.here, self.there, self.last)

    def back(self):
        """The feed shows the contact."""
        self.now += 60
        winner = decide(self.here, self.there, self.last, self.moments)
        if winner is Winner.SPOTLER:
            self._receive()
        elif winner is Winner.NEITHER:
            self.last = agreed(self.here, self.there, self.last)
        elif self.last is None or self.there != self.last.spotler:
            self._send()

    def settle(self):
        """The flows of Dataverse run."""
        if self.here in self.flow:
            self.edit_here(self.flow[self.here])

    def _send(self):
        self.last = to_be_sent(self.here, self.last)
        now = self.form_there.get(self.here, self.here)
        if now != self.there:
            self.there, self.last_changed = now, self.now
        self.last, self.sent_on = sent(self.here, self.last), self.now
        self.writes += 1

    def _receive(self):
        before, self.here = self.here, self.form_here.get(self.there, self.there)
        self.modified_on, self.by_connector = self.now, True
        self.last = received(self.here, self.there, self.last, before)
        self.writes += 1


values = st.sampled_from("abcd")
#: Each value becomes a form that stays as it is.
forms = st.dictionaries(values, st.sampled_from("wxyz"), max_size=4)
edits = st.lists(st.tuples(st.sampled_from(["here", "there", "out", "back"]), values), max_size=8)


def play(pair, steps):
    for what, value in steps:
        if what in ("here", "there"):
            getattr(pair, f"edit_{what}")(value)
        else:
            getattr(pair, what)()


@given(forms, forms, forms, edits, st.booleans(), st.sampled_from([AGREED, None]))
def test_after_two_turns_nothing_is_written_any_more(form_here, form_there, flow, steps, back_first, last):
    """With a flow that changes values afterwards it takes one turn more."""
    pair = Pair(form_here, form_there, flow, last=last)
    play(pair, steps)
    turn = [pair.back, pair.out, pair.settle] if back_first else [pair.out, pair.settle, pair.back]
    for _ in range(3 if flow else 2):
        for step in turn:
            step()
            pair.settle()
    before = pair.writes

    for _ in range(100):
        for step in turn:
            step()
            pair.settle()

    assert pair.writes == before


@given(edits, st.booleans())
def test_systems_that_keep_values_as_they_are_end_equal(steps, back_first):
    pair = Pair()
    play(pair, steps)

    for step in ([pair.back, pair.out] if back_first else [pair.out, pair.back]) * 2:
        step()

    assert pair.here == pair.there


@given(st.lists(st.tuples(st.sampled_from(["here", "there"]), values), max_size=5))
def test_the_same_edits_in_any_order_of_arrival_give_the_same_result(steps):
    results = set()
    for order in set(permutations(["out", "back", "out", "back"])):
        pair = Pair()
        play(pair, steps)
        for step in order:
            getattr(pair, step)()
        results.add((pair.here, pair.there))

    assert len(results) == 1


@given(st.lists(st.sampled_from(["here", "there", "out", "back"]), max_size=10))
def test_the_last_edit_of_all_is_the_result_whenever_it_was_carried(steps):
    """Edits of both sides to new values, minutes apart: the one that was made last stands on both sides in the end."""
    pair = Pair()
    play(pair, [(what, f"value {number}") for number, what in enumerate(steps)])
    for step in (pair.out, pair.back, pair.out, pair.back):
        step()
    made = [f"value {number}" for number, what in enumerate(steps) if what in ("here", "there")]

    assert {pair.here, pair.there} == {made[-1] if made else "a"}
