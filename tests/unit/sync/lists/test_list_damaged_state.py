"""What people have edited by hand in the state of a list: it is read or refused by name, and the list is synced."""

from datetime import timedelta
from itertools import islice

import pytest

from connector.sync.brake.lists import ListBrake
from connector.sync.lists.errors import ListStateLost
from connector.sync.lists.run import FRESH, Phase
from tests.damaged import damaged_objects, overwrite
from tests.unit.sync.lists.audience_model import LIST, Nights, person

PEOPLE = [person(number) for number in range(8)]
#: Pieces of work after which values are damaged: while the list is read, while people are added, and removed; and every
#: how many ways to damage one are tried.
PLACES = [(5, 10), *(pytest.param(each, 1, marks=pytest.mark.nightly) for each in (2, 5, 8))]
#: Attempts of a job after which its run is no longer gone on with, and attempts that a night may need.
ATTEMPTS = 60


def begun(monkeypatch, pieces):
    """A second night in which so many pieces are done: people were added to the list, and others have left it."""
    nights = Nights(monkeypatch, step=1)
    nights.list.people = PEOPLE[:6]
    nights.night()
    nights.list.people = PEOPLE[3:]
    nights.now += timedelta(days=1)
    nights.jobs += 1
    for _ in range(pieces):
        nights._step("job 2")
    return nights


def end(nights):
    """The job goes on until it is over; what cannot be read is tried again until a new run begins."""
    refused = 0
    for _ in range(ATTEMPTS):
        try:
            if nights._step("job 2").phase is Phase.OVER:
                return refused
        except ListStateLost:
            refused += 1
            nights.now += FRESH / 2
    raise AssertionError("it does not end")


@pytest.mark.parametrize(("pieces", "every"), PLACES)
def test_a_run_goes_on_or_begins_again_and_nobody_who_is_on_the_list_is_missed(monkeypatch, pieces, every):
    refused, before = 0, begun(monkeypatch, pieces)
    for name in before.state.names("lists/"):
        for value in islice(damaged_objects(before.state.read(name).value), None, None, every):
            nights = Nights(monkeypatch, step=1)
            nights.take_over(before)
            overwrite(nights.state, name, value)

            refused += end(nights)

            nights.night()
            assert nights.list.wanted <= nights.audiences.members, (name, value)

    assert refused


def test_a_plan_of_a_list_whose_time_was_damaged_is_written_anew(monkeypatch):
    nights = Nights(monkeypatch, share=0.0, least=1)
    nights.services.run = ""
    brake = ListBrake(nights.services, LIST)
    people = list(nights.list.refs(PEOPLE))
    plan = brake.held(people, count=8, total=8)
    sound = nights.state.read(f"plans/{plan}").value

    for value in damaged_objects(sound):
        overwrite(nights.state, f"plans/{plan}", value)

        assert brake.held(people, count=7, total=8) == plan
        assert nights.state.read(f"plans/{plan}").value["held"] == {**sound["held"]} | {next(iter(sound["held"])): 7}
