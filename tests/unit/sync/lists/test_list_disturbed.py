"""A run over a list in which people interfere between two steps: the query, the job, and what is stored of the run."""

import json
from itertools import islice

import pytest

from connector.errors import ConnectorError, Transient
from connector.state import StateConflict
from connector.sync.lists import steps
from connector.sync.lists.ids import text_of
from connector.sync.lists.reading import ListRow
from connector.sync.lists.run import Phase
from connector.sync.lists.stored import ListState
from tests.damaged import damaged_objects, overwrite
from tests.unit.sync.lists.audience_model import LIST, Nights, person

PEOPLE = [person(number) for number in range(9)]
FIRST, SECOND = PEOPLE[:6], PEOPLE[3:]
#: More pieces than a run over these people has.
PIECES = 30
#: The kinds of values, and of how many ways to change one of them one is tried: a run has many members.
KINDS = {"run": 197, "page": 7, "new": 11, "sent": 31, "leave": 11, "gone": 3, "absent": 3, "out": 5, "full": 31}


@pytest.fixture
def account():
    """Makes accounts."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda **sizes: Nights(patch, **sizes)


def texts(people):
    return {text_of(each) for each in people}


@pytest.mark.parametrize("then", [SECOND, PEOPLE[1::2], []], ids=["others", "some", "nobody"])
def test_a_query_that_is_changed_between_two_steps_is_read_from_the_beginning(account, then):
    for pieces in range(1, PIECES):
        lists = account(step=1, page=2)
        lists.query, lists.list.people = "first", FIRST
        lists.night()
        lists.list.people = PEOPLE[:7]
        if lists.begin(steps=pieces):
            break
        lists.query, lists.list.people = "second", then

        lists.again()

        assert lists.audiences.members == texts(then), pieces
    else:
        raise AssertionError("the run is longer")


def test_a_query_that_is_changed_after_the_end_of_a_run_does_not_begin_it_anew(account):
    lists = account()
    lists.list.people = FIRST
    lists.night()
    lists.query, stored = "second", lists.state.names("lists/")

    run = lists.step()

    assert (run.phase, run.query) == (Phase.OVER, ListRow(LIST, "Friends", "contact", None, is_active=True).fingerprint)
    assert lists.state.names("lists/") == stored


@pytest.mark.parametrize("call", ["add_members", "remove_members"])
def test_a_worker_whose_job_a_person_has_ended_changes_nothing_once_the_next_job_runs(account, call):
    """It hangs in a call while the next job of the list does its whole run."""
    lists = account(block=1)
    lists.list.people = FIRST
    lists.night()
    lists.list.people = SECOND
    send, hung = getattr(lists.audiences, call), []

    def hang(*arguments):
        if not hung:
            hung.append(arguments)
            lists.list.people = FIRST
            lists.night()
            lists.audiences.added.clear()
            lists.audiences.removed.clear()
        return send(*arguments)

    setattr(lists.audiences, call, hang)
    with pytest.raises(StateConflict):
        lists.night()

    assert len(lists.audiences.added) + len(lists.audiences.removed) == 1, "the call in which it hung"
    lists.night()
    if call == "add_members":
        assert lists.audiences.members == texts(FIRST)


def test_a_worker_that_ends_a_run_beside_the_removal_of_the_audience_does_not_say_that_the_list_is_synced(account):
    """Somebody has ended its job and ordered the removal; else the next night would make the audience again."""
    lists = account()
    lists.list.people = FIRST
    keep = ListState.keep

    def removed_meanwhile(state, number):
        lists.audiences.name = None
        state.forget_audience(lists.now)
        return keep(state, number)

    with pytest.MonkeyPatch.context() as patch:
        shown = []
        patch.setattr(ListState, "keep", removed_meanwhile)
        patch.setattr(steps, "show_synced", lambda *_, **told: shown.append(told))
        with pytest.raises(StateConflict):
            lists.night()

    assert shown == []


def test_a_call_that_empties_the_audience_late_is_made_good_by_the_next_run(account):
    """Its answer was lost, it was repeated, and it takes effect once more after everybody was added again."""
    lists = account()
    lists.list.people = FIRST
    lists.night()
    for name in lists.state.names("lists/"):
        lists.state.delete(name)
    remove_all, calls = lists.audiences.remove_all, []

    def lost(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise Transient("The answer is lost.")
        remove_all(*arguments)

    lists.audiences.remove_all = lost
    with pytest.raises(Transient):
        lists.night()
    lists.again()
    remove_all(LIST)

    run = lists.night()

    assert lists.audiences.members == texts(FIRST)
    assert (len(calls), run.counts["members"], run.counts["removed"]) == (2, len(FIRST), 0)
    lists.audiences.added.clear()
    lists.night()
    assert lists.audiences.added == [], "it is done once"


def changed(value):
    """A value that somebody has edited, in every way that can be stored; None for one that is gone."""
    yield None
    yield from damaged_objects(value)


@pytest.mark.parametrize(("kind", "every"), KINDS.items())
def test_whatever_is_changed_or_lost_between_two_pieces_the_audience_is_right_in_the_end(account, kind, every):
    tried = set()
    for pieces in range(1, PIECES):
        begun = account(step=1)
        for name, value in _stored_after(begun, pieces, kind).items():
            for each in islice(changed(value), pieces % every, None, every):
                if (cell := json.dumps([name, value, each])) in tried:
                    continue
                tried.add(cell)
                lists = account(step=1)
                lists.take_over(begun)
                _put(lists.state, name, each)

                _to_the_end(lists)

                lists.night()
                assert lists.audiences.members == lists.list.wanted, (pieces, name, each)
    assert len(tried) > 15


def _stored_after(lists, pieces, kind):
    """What is stored of a kind in the middle of the second run."""
    lists.list.people, lists.list.silent = FIRST, {PEOPLE[3]}
    lists.night()
    lists.list.people = SECOND
    if lists.begin(steps=pieces):
        return {}
    names = [name for name in lists.state.names("lists/") if name.split("/")[-1].split("-")[0] == kind]
    return {name: lists.state.read(name).value for name in names}


def _put(state, name, value):
    if value is None:
        state.delete(name)
    else:
        overwrite(state, name, value)


def _to_the_end(lists):
    codes = set()
    for _ in range(3 * PIECES):
        try:
            if lists.step().phase is Phase.OVER:
                assert codes <= {"LIST_STATE_LOST"}
                return
        except ConnectorError as error:
            codes.add(error.code)
    raise AssertionError("it does not end")
