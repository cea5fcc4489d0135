import time

import pytest
import requests

from tests.contract.dataverse_standin.support import multipart, part, statuses


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [("429", 429, "application/json"), ("503", 503, "text/html"), ("500", 500, "application/json")],
)
def test_requests_fail_as_ordered_and_as_often(standin, kind, status, content_type):
    standin.side("faults", {"kind": kind, "path": "^contacts", "count": 2})
    answers = [standin.connector.get("contacts") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].headers["Content-Type"].startswith(content_type)


def test_only_what_matches_fails(standin):
    standin.side("faults", {"kind": "500", "path": "^dh_spotlerjobs", "method": "PATCH", "skip": 1})
    (job,) = standin.load("dh_spotlerjob", {})

    assert standin.admin.get("dh_spotlerjobs").status_code == 200
    assert standin.admin.patch(f"dh_spotlerjobs({job})", {"dh_tag": "x"}).status_code == 204
    assert standin.admin.patch(f"dh_spotlerjobs({job})", {"dh_tag": "x"}).status_code == 500


def test_faults_come_with_a_probability(standin):
    standin.side("faults", {"kind": "500", "probability": 0.5})
    failed = sum(standin.connector.get("WhoAmI").status_code == 500 for _ in range(100))

    assert 20 < failed < 80


def test_a_connection_breaks_before_the_write(standin):
    standin.side("faults", {"kind": "drop", "method": "POST", "count": 1})
    with pytest.raises(requests.ConnectionError):
        standin.connector.post("contacts", {"lastname": "x"})

    assert standin.admin.get("contacts/$count").text == "0"


def test_a_connection_breaks_after_the_write(standin):
    standin.side("faults", {"kind": "drop-after-write", "method": "POST", "count": 1})
    with pytest.raises(requests.ConnectionError):
        standin.connector.post("contacts", {"lastname": "x"})

    assert standin.admin.get("contacts/$count").text == "1"


def test_a_request_is_not_answered_in_time(standin):
    standin.side("faults", {"kind": "timeout", "seconds": 0.2, "count": 1})
    started = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        standin.connector.get("WhoAmI")

    assert time.monotonic() - started >= 0.2


def test_single_requests_within_a_batch_fail(standin):
    standin.side("faults", {"kind": "429", "path": "^contacts", "inner": True, "count": 1})
    body = multipart("b", *[part("POST", "contacts", {"lastname": "x"})] * 2)

    assert statuses(standin.connector.batch(body, prefer="odata.continue-on-error")) == [429, 204]


def test_rules_are_listed_and_removed(standin):
    standin.side("faults", {"kind": "503", "id": "mine"})
    listed = [rule["id"] for rule in standin.side("faults")]

    assert listed == ["mine"]
    assert standin.side("faults", method="DELETE") == []
    assert standin.connector.get("WhoAmI").status_code == 200


def test_every_request_takes_as_long_as_ordered(standin):
    standin.side("latency", {"ms": 100})
    started = time.monotonic()
    standin.connector.get("WhoAmI")

    assert time.monotonic() - started >= 0.1
