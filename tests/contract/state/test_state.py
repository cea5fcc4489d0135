"""What both kinds of state promise: the same test for files, for blobs, and for the one that tests keep in memory."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.errors import ConnectorError
from connector.state import StateConflict, Stored

VALUE = {"at": "2026-03-01T10:00:00Z", "count": 3, "seen": ["a", "b"], "name": "Zoë 🚀", "nothing": None}


def test_there_is_nothing_before_something_is_written(state):
    assert (state.read("feeds/updates"), state.names(), state.names("feeds/")) == (None, [], [])


def test_a_value_is_read_as_it_was_written_by_every_process(places):
    version = places().write("feeds/updates", VALUE, version=None)

    assert places().read("feeds/updates") == Stored(VALUE, version)


def test_each_write_makes_a_new_version_also_of_the_same_value(state):
    first = state.write("a", VALUE, version=None)
    second = state.write("a", VALUE, version=first)

    assert first != second
    assert state.read("a") == Stored(VALUE, second)


def test_a_value_that_exists_is_not_written_as_a_new_one(places):
    places().write("a", {"by": 1}, version=None)

    with pytest.raises(StateConflict) as conflict:
        places().write("a", {"by": 2}, version=None)

    assert conflict.value.result_code == "STATE_CONFLICT"
    assert places().read("a").value == {"by": 1}


def test_a_value_that_was_written_since_it_was_read_is_not_overwritten(places):
    old = places().write("a", {"by": 1}, version=None)
    new = places().write("a", {"by": 2}, version=old)

    with pytest.raises(StateConflict):
        places().write("a", {"by": 3}, version=old)

    assert places().read("a") == Stored({"by": 2}, new)


def test_a_value_that_was_deleted_since_it_was_read_is_not_written_again(state):
    version = state.write("a", {}, version=None)
    state.delete("a")

    with pytest.raises(StateConflict):
        state.write("a", {}, version=version)

    assert state.read("a") is None


def test_a_version_of_a_deleted_value_does_not_return(state):
    old = state.write("a", {}, version=None)
    state.delete("a")
    state.write("a", {}, version=None)

    with pytest.raises(StateConflict):
        state.write("a", {"by": "the first"}, version=old)


def test_what_is_not_there_is_deleted_without_complaint(state):
    state.delete("a")
    state.write("a", {}, version=None)
    state.delete("a")
    state.delete("a")

    assert state.names() == []


def test_names_are_listed_by_their_beginning_and_in_order(state):
    for name in ("runs/2", "plans/1", "runs/10", "runs-of-old", "feeds/updates", "feeds/updates/parts"):
        state.write(name, {}, version=None)

    assert state.names("runs/") == ["runs/10", "runs/2"]
    assert state.names("feeds/updates") == ["feeds/updates", "feeds/updates/parts"]
    assert len(state.names()) == 6


@pytest.mark.parametrize(
    "name",
    ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../../b", "a/.b", "A", "a\\b", "a b", "a\n", "C:a", "a" * 201],
)
def test_a_name_that_could_leave_its_place_is_refused(state, name):
    for use in (state.read, state.delete, lambda name: state.write(name, {}, version=None)):
        with pytest.raises(ValueError, match="not a name of a stored value"):
            use(name)


def test_what_is_no_json_is_refused_and_changes_nothing(state):
    version = state.write("a", VALUE, version=None)

    for wrong in ({"x": float("nan")}, {"x": object()}):
        with pytest.raises((ValueError, TypeError)):
            state.write("a", wrong, version=version)

    assert state.read("a") == Stored(VALUE, version)


def test_of_many_that_write_at_the_same_time_exactly_one_succeeds(places):
    version = places().write("a", {"by": 0}, version=None)

    def write(number):
        try:
            return places().write("a", {"by": number}, version=version)
        except StateConflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(write, range(1, 25)))

    [winner] = [number for number, made in enumerate(versions, 1) if made]
    assert places().read("a") == Stored({"by": winner}, versions[winner - 1])


def test_no_count_is_lost_when_many_count_at_the_same_time(places):
    places().write("a", {"count": 0}, version=None)

    def count(_):
        state = places()
        while True:
            stored = state.read("a")
            try:
                return state.write("a", {"count": stored.value["count"] + 1}, version=stored.version)
            except StateConflict:
                continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(20)))

    assert places().read("a").value == {"count": 20}


def test_a_value_of_a_megabyte_is_kept_whole(state):
    value = {str(number): "x" * 90 for number in range(10_000)}
    state.write("plans/large", value, version=None)

    assert state.read("plans/large").value == value


def test_a_conflict_is_an_error_that_is_tried_again(state):
    state.write("a", {}, version=None)

    with pytest.raises(ConnectorError, match="in the meantime"):
        state.write("a", {}, version="unknown")
