"""Calls that are never answered and take effect later: in the end the audience has those who are on the list."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connector.errors import Refused, Transient
from connector.sync.lists.ids import text_of
from connector.sync.lists.membership import LATEST
from connector.sync.lists.removal import remove_audience
from connector.sync.lists.run import Phase
from tests.unit.sync.lists.audience_model import LIST, Nights, person

PEOPLE = [person(number) for number in range(6)]
FIRST, SECOND = PEOPLE[:4], PEOPLE[2:]
CALLS = ("add_members", "remove_members", "remove_all")
#: What becomes of one call: it is answered, or lost; or it takes effect at once or later, and its answer is lost. Where
#: the transport repeats such a call, it is answered in the end.
FATES = ("answered", "lost", "answer lost", "late", "late and repeated")
FAULTS = st.dictionaries(st.integers(1, 12), st.sampled_from(FATES[1:]), max_size=3)
#: What happens after a job: nothing, what is stored is lost, or the audience is removed.
AFTERWARDS = st.sampled_from(("", "lost", "removed"))
#: A job: who is on the list, what becomes of its calls, whether late calls take effect after it, and what happens then.
JOB = st.tuples(st.lists(st.sampled_from(PEOPLE), unique=True), FAULTS, st.booleans(), AFTERWARDS)


class Unreliable:
    """Lets calls about audiences fail."""

    def __init__(self, nights: Nights) -> None:
        self.nights, self.late, self.count = nights, [], 0
        self.faults: dict[int, str] = {}
        for name in CALLS:
            setattr(nights.audiences, name, self._failing(getattr(nights.audiences, name)))

    def _failing(self, call):
        def failing(*arguments):
            self.count += 1
            fate = self.faults.pop(self.count, "answered")
            if fate.startswith("late"):
                self.late.append(lambda: call(*arguments))
            if fate == "answer lost":
                call(*arguments)
            if fate in ("lost", "late", "answer lost"):
                raise Transient("No answer.")
            self.nights.audiences.is_repeated = fate == "late and repeated"
            try:
                return call(*arguments)
            finally:
                self.nights.audiences.is_repeated = False

        return failing

    def job(self, people, faults=()):
        """One job until it is over, a minute after the one before."""
        self.nights.list.people = people
        self.nights.now += timedelta(minutes=1)
        self.nights.jobs += 1
        self.count, self.faults = 0, dict(faults)
        while True:
            try:
                if self.nights.step().phase is Phase.OVER:
                    self.faults.clear()
                    return
            except Transient:
                self.nights.now += timedelta(minutes=1)

    def lose_state(self):
        """What is stored of the list is lost."""
        for name in self.nights.state.names("lists/"):
            self.nights.state.delete(name)

    def remove(self):
        """The audience is removed."""
        remove_audience(self.nights.services, LIST)

    def take_effect(self):
        """What was on its way arrives; Spotler refuses it where the audience is gone."""
        late, self.late = self.late, []
        for call in late:
            with suppress(Refused):
                call()


@pytest.fixture
def account():
    """Makes accounts."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda: Unreliable(Nights(patch, page=3, block=2))


def texts(people):
    return {text_of(each) for each in people}


@pytest.mark.parametrize("fate", ["late", "late and repeated"])
@pytest.mark.parametrize("jobs_between", range(3))
def test_a_removal_that_comes_late_takes_nobody_away_who_came_back(account, fate, jobs_between):
    lists = account()
    lists.job(FIRST)
    for _ in range(jobs_between):
        lists.job(FIRST)
    lists.job(FIRST[:2], {1: fate})
    assert len(lists.late) == 1
    for _ in range(jobs_between):
        lists.job(FIRST[:2])
    lists.job(FIRST)

    lists.take_effect()

    assert lists.nights.audiences.members == texts(FIRST[:2]), "nobody can know"
    lists.nights.night()
    assert lists.nights.audiences.members == texts(FIRST)


@pytest.mark.parametrize("fate", ["late", "late and repeated"])
@pytest.mark.parametrize("jobs_between", range(3))
def test_an_addition_that_comes_late_brings_nobody_back_who_left(account, fate, jobs_between):
    lists = account()
    lists.job(FIRST[:2])
    lists.job(FIRST, {1: fate})
    for _ in range(jobs_between):
        lists.job(FIRST)
    for _ in range(1 + jobs_between):
        lists.job(FIRST[:2])

    lists.take_effect()

    lists.nights.night()
    assert lists.nights.audiences.members == texts(FIRST[:2])


@pytest.mark.parametrize("fate", ["late", "late and repeated"])
@pytest.mark.parametrize("jobs_between", range(3))
def test_an_emptying_that_comes_late_is_made_good(account, fate, jobs_between):
    lists = account()
    lists.job(FIRST)
    lists.lose_state()
    lists.job(FIRST, {1: fate})
    assert len(lists.late) == 1
    for _ in range(jobs_between):
        lists.job(FIRST)

    lists.take_effect()

    assert lists.nights.audiences.members == set()
    lists.nights.night()
    assert lists.nights.audiences.members == texts(FIRST)


@pytest.mark.parametrize("fate", ["late", "late and repeated"])
def test_an_addition_from_before_the_removal_of_the_audience_brings_nobody_into_the_next_one(account, fate):
    lists = account()
    lists.job(FIRST, {1: fate})
    lists.remove()
    lists.job(SECOND)

    lists.take_effect()

    lists.nights.night()
    assert lists.nights.audiences.members == texts(SECOND)


@pytest.mark.parametrize("fate", ["late", "late and repeated"])
@pytest.mark.parametrize("removals", [1, 2])
def test_a_removal_from_before_the_removal_of_the_audience_takes_nobody_from_the_next_one(account, fate, removals):
    lists = account()
    lists.job(FIRST)
    lists.job(FIRST[:2], {1: fate})
    for _ in range(removals):
        lists.remove()
    lists.job(FIRST)

    lists.take_effect()

    lists.nights.night()
    assert lists.nights.audiences.members == texts(FIRST)


def test_nothing_is_stored_of_a_removed_audience_that_no_call_can_reach_any_more(account):
    lists = account()
    lists.job(FIRST)
    lists.job(FIRST[:2], {1: "late"})
    lists.remove()
    assert any(name.startswith("lists/") for name in lists.nights.state.names())
    lists.nights.now += LATEST + timedelta(minutes=1)

    lists.remove()

    assert [name for name in lists.nights.state.names() if name.startswith("lists/")] == []


def test_what_was_never_answered_is_forgotten_once_it_cannot_take_effect_any_more(account):
    lists = account()
    lists.job(FIRST)
    lists.job(FIRST[:2], {1: "late"})
    lists.job(FIRST)
    sent = lists.nights.audiences.added
    sent.clear()

    lists.job(FIRST)
    assert sent == [frozenset(texts(FIRST[2:]))], "those whom the late call would remove are sent once more"
    lists.nights.now += LATEST
    lists.job(FIRST)
    sent.clear()

    lists.job(FIRST)

    assert sent == []


@given(jobs=st.lists(JOB, max_size=6), last=st.lists(st.sampled_from(PEOPLE), unique=True))
@settings(max_examples=4 * settings.default.max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_never_answered_the_next_night_has_whom_the_list_has(account, jobs, last):
    lists = account()
    for people, faults, arrives, afterwards in jobs:
        lists.job(people, faults)
        if arrives or afterwards == "lost":
            lists.take_effect()  # before what is stored is lost: of a call that comes after that, nobody knows
        if afterwards == "lost":
            lists.lose_state()
        if afterwards == "removed":
            lists.remove()
    lists.take_effect()
    lists.nights.list.people = last

    lists.nights.night()

    assert lists.nights.audiences.members == texts(last)
    assert lists.nights.step().counts["members"] == len(last)
