"""Whatever dies, and wherever: in the end the audience has exactly those who are on the list and may be sent."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connector.state import StateConflict
from connector.sync.lists.ids import text_of
from tests.unit.sync.lists.audience_model import Nights, person

PEOPLE = [person(number) for number in range(9)]
FIRST, SECOND = PEOPLE[:6], PEOPLE[3:]
#: More touches than a run over these people has.
TOUCHES = 60
DEATHS = st.dictionaries(st.integers(1, TOUCHES), st.booleans(), max_size=3)
NIGHT = st.tuples(
    st.lists(st.sampled_from(PEOPLE), unique=True), st.sets(st.sampled_from(PEOPLE), max_size=3), DEATHS,
    st.integers(1, 4),
)  # fmt: skip


@pytest.fixture
def account():
    """Makes accounts."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda: Nights(patch)


def texts(people):
    return {text_of(each) for each in people}


def synced(lists, people):
    """The list had these people, and was synced once."""
    lists.list.people = people
    lists.night()
    return lists


@given(nights=st.lists(NIGHT, max_size=4), last=NIGHT)
@settings(max_examples=4 * settings.default.max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_deaths_the_audience_is_what_the_list_says(account, nights, last):
    lists = account()
    for people, silent, deaths, lives in nights:
        lists.list.people, lists.list.silent, lists.list.seen_silent = people, silent, set(PEOPLE[::2])
        lists.audiences.added.clear()
        stay = lists.audiences.members & lists.list.wanted

        lists.night(deaths, lives=lives)

        assert stay <= lists.audiences.members, "who was in the audience and stays is in it"
        sent = [member for block in lists.audiences.added for member in block]
        assert all(sent.count(member) <= 1 + lists.deaths for member in set(sent))
    lists.list.people, lists.list.silent = last[0], last[1]

    run = lists.night()

    assert lists.audiences.members == lists.list.wanted
    assert run.counts["members"] == len(lists.list.wanted)


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("then", [FIRST, SECOND, PEOPLE], ids=["back again", "the same", "everybody"])
def test_a_run_that_is_given_up_at_any_touch_is_made_good_by_the_next_one(account, after, then):
    before = synced(account(), FIRST)
    for touch in range(1, TOUCHES):
        lists = account()
        lists.take_over(before)
        lists.list.people = SECOND
        lists.night({touch: after}, lives=1)
        lists.list.people = then

        lists.night()

        assert lists.audiences.members == texts(then), touch


@given(deaths=st.dictionaries(st.integers(1, TOUCHES), st.booleans(), min_size=2, max_size=2))
@settings(max_examples=4 * settings.default.max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_somebody_who_may_not_be_sent_after_a_death_leaves_although_nobody_knows_that_he_was_added(account, deaths):
    lists = account()
    lists.list.people = PEOPLE

    def withdraw():
        lists.list.silent = set(PEOPLE[::2])

    lists.night(deaths, lives=2, on_death=withdraw)
    lists.list.people, lists.list.silent = PEOPLE[1::2], set()

    lists.night()

    assert lists.audiences.members == texts(PEOPLE[1::2])


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
def test_a_death_sends_one_block_again_at_most(account, after):
    for touch in range(1, TOUCHES):
        lists = account()
        lists.list.people = PEOPLE

        lists.night({touch: after})

        assert lists.audiences.members == texts(PEOPLE)
        assert len(lists.audiences.added) - len(set(lists.audiences.added)) <= 1, touch


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
def test_whoever_stays_is_never_missing_while_the_list_changes(account, after):
    stay = texts(FIRST) & texts(SECOND)
    before = synced(account(), FIRST)
    for touch in range(1, TOUCHES):
        lists = account()
        lists.take_over(before)
        lists.list.people = SECOND
        lists.audiences.removed.clear()

        lists.night({touch: after})

        assert not any(block & stay for block in lists.audiences.removed)
        assert lists.audiences.members == texts(SECOND)


def test_an_audience_that_is_deleted_in_spotler_is_made_and_filled_again(account):
    before = synced(account(), FIRST)
    for touch in range(1, TOUCHES):
        lists = account()
        lists.take_over(before)
        lists.list.people = SECOND
        lists.night({touch: True}, lives=1)
        lists.audiences.name = None
        lists.audiences.members.clear()

        lists.night()

        assert lists.audiences.members == texts(SECOND), touch


def test_a_worker_that_lost_its_job_to_another_one_changes_nothing_any_more(account):
    """It hangs in a call while the other one does the whole run."""
    lists = account()
    lists.list.people = PEOPLE
    add, hung = lists.audiences.add_members, []

    def hang(*arguments):
        if not hung:
            hung.append(arguments)
            lists.again()
        return add(*arguments)

    lists.audiences.add_members = hang

    with pytest.raises(StateConflict):
        lists.night()

    assert lists.audiences.members == texts(PEOPLE)
    assert lists.night().counts["members"] == len(PEOPLE)


@pytest.mark.parametrize("block", range(1, 5))
@pytest.mark.parametrize("change", ["leave the list", "may not be sent"])
def test_a_call_that_takes_effect_after_another_worker_ended_the_run_is_undone_by_the_next_run(account, change, block):
    """Some were about to be added, and must not be in the audience when that happens at last."""
    lists = account()
    lists.list.people = PEOPLE
    add, calls = lists.audiences.add_members, []

    def hang(*arguments):
        calls.append(arguments)
        if len(calls) == block:
            lists.list.silent = lists.list.seen_silent = set(PEOPLE[::2])
            lists.again()
            if change == "leave the list":
                lists.list.people, lists.list.silent = PEOPLE[1::2], set()
        return add(*arguments)

    lists.audiences.add_members = hang
    with pytest.raises(StateConflict):
        lists.night()

    run = lists.night()

    assert lists.audiences.members == texts(PEOPLE[1::2])
    assert run.counts["members"] == len(PEOPLE[1::2])
