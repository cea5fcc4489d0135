"""When calls are spaced, and by how much."""

import math

import pytest

from connector.dataverse.api.protection import REQUESTS, SECONDS, Protection
from connector.http.pace import Pace


def good(pace, moment, left):
    pace.observe(moment, refused=False, retry_after=None, left=left)


def test_calls_are_not_spaced_while_much_is_left():
    pace = Pace(300)

    for second in range(100):
        good(pace, second, 0.9 - second / 150)

    assert pace.spacing == 0


def test_what_got_through_in_a_window_is_the_pace_when_little_is_left():
    pace = Pace(300)
    for call in range(600):
        good(pace, call / 20, 0.5)

    good(pace, 30, 0.04)

    assert pace.rate == pytest.approx(601 / 300, rel=0.06)


def test_a_refusal_for_the_rest_of_the_window_begins_the_pace():
    pace = Pace(300)
    for call in range(600):
        good(pace, call / 20, None if call % 2 else 0.5)

    pace.observe(31, refused=True, retry_after=200, left=None)

    assert pace.rate < 2.1


def test_a_refusal_for_a_moment_says_nothing_about_the_window():
    pace = Pace(300)

    pace.observe(31, refused=True, retry_after=3, left=None)

    assert pace.spacing == 0


def test_the_pace_falls_while_too_little_is_left_and_grows_slowly_when_more_is():
    pace = Pace(300)
    for call in range(600):
        good(pace, call / 20, 0.5)
    good(pace, 31, 0.04)
    first = pace.rate

    for second in range(32, 62):
        good(pace, second, 0.01)
    slower = pace.rate
    for second in range(62, 762):
        good(pace, second, 0.4)

    assert slower < first
    assert slower < pace.rate < 2 * first


def test_calls_are_free_again_when_much_was_left_for_a_whole_window():
    pace = Pace(300)
    good(pace, 0, 0.01)

    for second in range(1, 310):
        good(pace, second, 0.9)

    assert math.isinf(pace.rate)


def test_a_process_that_got_nothing_through_may_still_call():
    pace = Pace(300)

    pace.observe(0, refused=True, retry_after=300, left=None)

    assert pace.rate == 15 / 300


def test_what_is_left_is_a_share_of_the_most_that_was_seen():
    protection = Protection()
    protection.left({REQUESTS: "6000", SECONDS: "1,200.00"})

    assert protection.left({REQUESTS: "3000", SECONDS: "1,199.00"}) == 0.5
    assert protection.left({REQUESTS: "5999", SECONDS: "60.00"}) == 0.05


@pytest.mark.parametrize("text", [None, "", "many", "nan", "inf"])
def test_headers_that_are_no_numbers_say_nothing(text):
    assert Protection().left({REQUESTS: text, SECONDS: text} if text is not None else {}) is None


def test_a_negative_number_is_nothing_left():
    protection = Protection()
    protection.left({REQUESTS: "6000"})

    assert protection.left({REQUESTS: "-3"}) == 0.0


def test_an_absurd_number_does_not_slow_a_process_down_for_ever():
    protection = Protection()
    usual = {REQUESTS: "5999", SECONDS: "1199"}
    assert protection.left(usual) == 1

    assert protection.left({REQUESTS: "2147483647", SECONDS: "1e300"}) is None
    assert protection.left(usual) == 1


def test_a_system_that_never_says_what_is_left_is_paced_for_one_window():
    pace = Pace(300)
    pace.observe(0, refused=True, retry_after=30, left=None)

    for moment in range(30, 330, 10):
        good(pace, moment, None)
    paced = pace.spacing
    good(pace, 331, None)

    assert paced > 0
    assert pace.spacing == 0


def test_one_answer_that_does_not_say_what_is_left_frees_no_pace_that_others_ask_for():
    pace = Pace(300)
    pace.observe(0, refused=True, retry_after=30, left=0)

    for moment in range(30, 700, 10):
        good(pace, moment, 0.1)
        good(pace, moment, None)

    assert pace.spacing > 0
