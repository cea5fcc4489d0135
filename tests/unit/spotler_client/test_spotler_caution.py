"""After a lost answer, calls that must not run twice are made one at a time."""

import pytest

from connector.errors import Refused, Transient, Unclear
from connector.http import Clock
from connector.spotler.caution import FIRST_PAUSE, LONGEST_PAUSE, Caution, Paused
from tests.unit.scripted_server import FakeTime


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def caution(time):
    return Caution(Clock(time.monotonic, time.wall, time.sleep, time.random))


def probe():
    """Spotler answers."""


def call(caution, error=None, *, probe=probe):
    with caution.one_call(probe):
        if error is not None:
            raise error


def lose(caution, *, probe=probe):
    with pytest.raises(Unclear):
        call(caution, Unclear(), probe=probe)


def test_in_normal_times_calls_are_made_without_asking_first(caution):
    def never():
        raise AssertionError("nobody asks")

    call(caution, probe=never)
    with pytest.raises(Refused):
        call(caution, Refused(), probe=never)
    with pytest.raises(Transient):
        call(caution, Transient(), probe=never)
    with caution.one_call(never):
        call(caution, probe=never)  # at the same time


def test_after_a_lost_answer_nothing_is_sent_until_the_pause_is_over(caution, time):
    lose(caution)

    with pytest.raises(Paused) as paused:
        call(caution)

    assert paused.value.retry_after == FIRST_PAUSE
    time.sleep(FIRST_PAUSE)
    call(caution)
    call(caution)


def test_only_one_call_is_made_and_only_after_spotler_has_answered(caution, time):
    lose(caution)
    time.sleep(FIRST_PAUSE)
    asked = []

    with caution.one_call(lambda: asked.append("probe")):
        assert asked == ["probe"]
        with pytest.raises(Paused):
            call(caution)

    call(caution)


def test_while_spotler_does_not_answer_nothing_is_sent(caution, time):
    lose(caution)
    time.sleep(FIRST_PAUSE)

    def silent():
        raise Transient("Spotler did not answer.")

    with pytest.raises(Transient, match="did not answer"):
        call(caution, AssertionError("nothing is sent"), probe=silent)
    with pytest.raises(Paused):
        call(caution)


def test_the_pause_doubles_with_each_lost_answer(caution, time):
    pauses = []
    for _ in range(9):
        lose(caution)
        with pytest.raises(Paused) as paused:
            call(caution)
        pauses.append(paused.value.retry_after)
        time.sleep(paused.value.retry_after)

    assert pauses == [5, 10, 20, 40, 80, 160, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_answers_that_were_lost_together_count_as_one(caution, time):
    def both():
        with caution.one_call(probe):
            lose(caution)
            raise Unclear

    with pytest.raises(Unclear):
        both()

    time.sleep(FIRST_PAUSE)
    call(caution)


@pytest.mark.parametrize("answer", [None, Refused()])
def test_one_clear_answer_ends_it(caution, time, answer):
    lose(caution)
    time.sleep(FIRST_PAUSE)
    if answer is None:
        call(caution)
    else:
        with pytest.raises(Refused):
            call(caution, answer)

    with caution.one_call(probe):
        call(caution)


def test_a_request_to_slow_down_proves_nothing(caution, time):
    lose(caution)
    time.sleep(FIRST_PAUSE)
    with pytest.raises(Transient):
        call(caution, Transient("429"))

    with pytest.raises(Paused):
        call(caution)


def test_a_call_that_was_ended_before_it_was_sent_proves_nothing(caution, time):
    """For example because consent was withdrawn meanwhile: that is a refusal, but not one of Spotler."""

    def refuse():
        raise Refused

    lose(caution)
    time.sleep(FIRST_PAUSE)
    with pytest.raises(Refused), caution.one_call(probe) as turn:
        turn.before(refuse)()

    with pytest.raises(Paused):
        call(caution)
