"""How a set-up waits for locks, faults and what has not settled; time is a list of what was slept."""

import pytest

from connector.dataverse.api import DataverseRefused, Locked
from connector.errors import Misconfigured, Transient, Unclear
from connector.http import Clock
from connector.setup.errors import SetupRefused
from connector.setup.patience import Patience, Waits


@pytest.fixture
def slept():
    return []


@pytest.fixture
def patience(slept):
    return Patience(Clock(sleep=slept.append))


def failing(*errors):
    """Work that fails with these errors, and then succeeds."""
    left = list(errors)

    def work():
        if left:
            raise left.pop(0)
        return "done"

    return work


def test_a_lock_is_waited_for_longer_each_time(patience, slept):
    assert patience.patiently(failing(*[Locked()] * 3)) == "done"
    assert slept == [10, 20, 30]
    assert patience.waited == 60


def test_a_lock_that_stays_ends_the_run(patience, slept):
    with pytest.raises(Locked):
        patience.patiently(failing(*[Locked()] * 20))
    assert len(slept) == Waits().locks


def test_a_lost_answer_and_a_fault_are_tried_again(patience, slept):
    assert patience.patiently(failing(Unclear(), Transient())) == "done"
    assert slept == [5, 10]


def test_the_wait_that_dataverse_asks_for_is_kept(patience, slept):
    patience.patiently(failing(Transient(retry_after=42)))

    assert slept == [42]


def test_a_refusal_is_tried_again_twice_because_a_definition_may_not_have_settled(patience, slept):
    assert patience.patiently(failing(*[DataverseRefused()] * 2)) == "done"
    with pytest.raises(DataverseRefused):
        patience.patiently(failing(*[DataverseRefused()] * 3))
    assert slept == [5] * 4


@pytest.mark.parametrize("error", [SetupRefused(), Misconfigured(), DataverseRefused(lasting=True)])
def test_what_cannot_pass_is_not_tried_again(patience, slept, error):
    with pytest.raises(type(error)):
        patience.patiently(failing(error))
    assert slept == []


def test_something_is_looked_at_until_it_is_so_or_the_time_is_over(patience, slept):
    answers = iter([False, False, True])

    assert patience.until(lambda: next(answers)) is True
    assert slept == [3, 3]
    assert patience.until(lambda: False, 6) is False
    assert slept == [3, 3, 3, 3]
