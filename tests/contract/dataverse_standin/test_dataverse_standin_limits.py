from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.dataverse_standin.support import change_set, error_code, multipart, part, statuses


@pytest.fixture
def limited(standin):
    yield standin
    standin.side(
        "limits",
        {
            "enabled": True,
            "requests": 6000,
            "seconds": 1200,
            "concurrency": 52,
            "window_seconds": 300,
            "batch_parts": False,
        },
    )


def retry_after(response):
    return int(response.headers["Retry-After"])


def test_what_is_left_is_reported_with_every_answer(standin):
    first, second = (standin.connector.get("WhoAmI").headers for _ in range(2))
    name = "x-ms-ratelimit-burst-remaining-xrm-requests"

    assert int(first[name]) - int(second[name]) == 1
    assert "x-ms-ratelimit-time-remaining-xrm-requests" in first


def test_everything_is_left_where_nothing_is_refused(limited):
    limited.side("limits", {"enabled": False})
    first, second = (limited.connector.get("WhoAmI").headers for _ in range(2))
    name = "x-ms-ratelimit-burst-remaining-xrm-requests"

    assert first[name] == second[name] == "6000"
    assert second["x-ms-ratelimit-time-remaining-xrm-requests"] == "1,200.00"


def test_too_many_requests_in_a_window(limited):
    limited.side("limits", {"requests": 3})
    answers = [limited.connector.get("WhoAmI") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert error_code(answers[3]) == "0x80072322"
    assert 290 <= retry_after(answers[3]) <= 300


def test_after_the_pause_requests_are_answered_again(limited):
    limited.side("limits", {"requests": 3})
    answers = [limited.connector.get("WhoAmI") for _ in range(4)]
    limited.side("clock", {"move_seconds": retry_after(answers[3])})

    assert limited.connector.get("WhoAmI").status_code == 200


def test_carrying_on_makes_the_pause_longer(limited):
    limited.side("limits", {"requests": 1, "window_seconds": 100})
    limited.connector.get("WhoAmI")
    limited.side("clock", {"move_seconds": 50})
    pauses = [retry_after(limited.connector.get("WhoAmI")) for _ in range(4)]

    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]


def test_those_who_come_back_when_they_were_asked_to_do_not_make_the_pause_longer(limited):
    limited.side("limits", {"requests": 1, "window_seconds": 100})
    limited.connector.get("WhoAmI")
    limited.side("clock", {"move_seconds": 50})
    pauses = [retry_after(limited.connector.get("WhoAmI")) for _ in range(5)]
    limited.side("clock", {"move_seconds": pauses[0]})

    assert retry_after(limited.connector.get("WhoAmI")) == pauses[-1] - pauses[0]


def test_limits_are_per_user(limited):
    limited.side("limits", {"requests": 1})
    answers = [limited.connector.get("WhoAmI"), limited.connector.get("WhoAmI"), limited.admin.get("WhoAmI")]

    assert [answer.status_code for answer in answers] == [200, 429, 200]


def test_too_much_execution_time(limited):
    limited.side("limits", {"seconds": 0.02})
    limited.side("latency", {"ms": 30})
    answers = [limited.connector.get("WhoAmI") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert error_code(answers[1]) == "0x80072321"


def test_too_many_requests_at_a_time(limited):
    limited.side("limits", {"concurrency": 2})
    limited.side("latency", {"ms": 300})
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: limited.connector.get("WhoAmI"), range(4)))

    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 2
    assert {error_code(answer) for answer in refused} == {"0x80072326"}


def batch_of(count):
    return multipart("b", *[part("POST", "contacts", {"lastname": "x"})] * count)


def test_a_batch_counts_as_one_request(limited):
    limited.side("limits", {"requests": 2})
    answers = [limited.connector.batch(batch_of(3)) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert statuses(answers[1]) == [204, 204, 204]


def test_requests_in_a_batch_count_if_ordered(limited):
    limited.side("limits", {"requests": 3, "batch_parts": True})
    response = limited.connector.batch(batch_of(3), prefer="odata.continue-on-error")

    assert statuses(response) == [204, 204, 429]
    assert "Retry-After: " in response.text
    assert limited.connector.get("WhoAmI").status_code == 429


def test_a_change_set_with_a_request_too_many_is_undone(limited):
    limited.side("limits", {"requests": 2, "batch_parts": True})
    body = multipart(
        "b", change_set(*[part("POST", "contacts", {"lastname": "x"}, content_id=number) for number in "12"])
    )

    assert statuses(limited.connector.batch(body)) == [429]
    assert limited.admin.rows("contacts") == []


def test_limits_can_be_switched_off(limited):
    limited.side("limits", {"requests": 1, "enabled": False})

    assert [limited.connector.get("WhoAmI").status_code for _ in range(3)] == [200] * 3
