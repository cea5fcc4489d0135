"""Equal problems are one line a minute, and an outage is one alert until it is over."""

from connector.problem_log import ALERT_INTERVAL, LINE_INTERVAL, ProblemLog


def test_a_problem_is_logged_at_once_and_its_equals_are_counted_for_a_minute():
    log = ProblemLog()

    assert [log.count("wrong key", now) for now in (0, 1, LINE_INTERVAL - 1)] == [1, 0, 0]
    assert log.count("wrong key", LINE_INTERVAL) == 3, "itself and the two that were left out"
    assert log.count("wrong key", LINE_INTERVAL + 1) == 0


def test_a_thousand_equal_problems_are_one_line():
    log = ProblemLog()
    lines = [log.count("wrong key", 59 * number / 1214) for number in range(1214)]

    assert [line for line in lines if line] == [1]
    assert list(log.overdue(LINE_INTERVAL)) == [("wrong key", 1213)]


def test_different_problems_are_lines_of_their_own():
    log = ProblemLog()

    assert [log.count(problem, 0) for problem in ("wrong key", "wrong address", "wrong key")] == [1, 1, 0]


def test_what_was_left_out_is_logged_once_when_its_minute_is_over():
    log = ProblemLog()
    for now in (0, 1, 2):
        log.count("wrong key", now)
    log.count("wrong address", 0)

    assert list(log.overdue(LINE_INTERVAL - 1)) == []
    assert list(log.overdue(LINE_INTERVAL)) == [("wrong key", 2)]
    assert list(log.overdue(LINE_INTERVAL)) == []
    assert log.count("wrong key", LINE_INTERVAL + 1) == 0, "the line about those left out counts as one"
    assert log.count("wrong address", LINE_INTERVAL + 1) == 1


def test_what_is_old_is_forgotten():
    log = ProblemLog()
    for number in range(100):
        log.count(number, 0)
    list(log.overdue(LINE_INTERVAL))

    assert log._lines == {}


def test_an_outage_is_an_alert_at_its_beginning_and_then_rarely():
    log = ProblemLog()
    alerts = [log.is_alert("NOT_AUTHORIZED", "add-tag", now) for now in (0, 60, ALERT_INTERVAL - 1, ALERT_INTERVAL)]

    assert alerts == [True, False, False, True]
    assert not log.is_alert("NOT_AUTHORIZED", "add-tag", ALERT_INTERVAL + 60)


def test_each_outage_has_its_own_alert_whatever_operation_meets_it():
    log = ProblemLog()
    met = [("NOT_AUTHORIZED", "add-tag"), ("NOT_AUTHORIZED", "sync-contact"), ("MAPPING", "sync-contact")]

    assert [log.is_alert(code, operation, 0) for code, operation in met] == [True, False, True]


def test_an_outage_that_is_over_leaves_its_alert_armed_for_the_next():
    log = ProblemLog()
    log.is_alert("NOT_AUTHORIZED", "add-tag", 0)
    log.is_alert("NOT_AUTHORIZED", "sync-contact", 1)
    log.succeeded("sync-contact")

    assert log.is_alert("NOT_AUTHORIZED", "add-tag", 2)


def test_success_of_another_operation_ends_no_outage():
    log = ProblemLog()
    log.is_alert("NOT_AUTHORIZED", "add-tag", 0)
    log.succeeded("refresh-permissions")

    assert not log.is_alert("NOT_AUTHORIZED", "add-tag", 2)
