import time

import pytest
import requests

from tests.contract.dataverse_standin.support import DEADLINE_SECONDS, multipart, part, statuses


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


def test_a_probability_is_repeatable_after_a_reset(standin):
    def failures():
        standin.side("reset", {})
        standin.side("faults", {"kind": "500", "probability": 0.5})
        return [standin.connector.get("WhoAmI").status_code for _ in range(40)]

    assert failures() == failures()


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


# How a request is answered, and whether it is carried out


def count(standin):
    return int(standin.admin.get("contacts/$count").text)


def post(standin):
    """Create a contact; the status of the answer, or 0 where the connection breaks."""
    try:
        return standin.connector.post("contacts", {"lastname": "x"}).status_code
    except requests.ConnectionError:
        return 0


ANSWERS = [
    ("429", 429),
    ("503", 503),
    ("500", 500),
    ("400", 400),
    ("html-404", 404),
    ("html-502", 502),
    ("body", 200),
    ("drop", 0),
    ("timeout", 0),
]


@pytest.mark.parametrize(("kind", "status"), ANSWERS)
@pytest.mark.parametrize(("effect", "rows"), [("none", 0), ("at-once", 1), ("later", 0)])
def test_a_request_that_fails_is_carried_out_as_ordered(standin, kind, status, effect, rows):
    rule = {"kind": kind, "effect": effect, "method": "POST", "count": 1, "seconds": 0, "body": {"value": []}}
    standin.side("faults", rule)

    assert (post(standin), count(standin)) == (status, rows)
    assert (post(standin), count(standin)) == (204, rows + 1)


@pytest.mark.parametrize("kind", ["drop", "503"])
def test_a_late_effect_comes_when_a_test_releases_it(standin, kind):
    standin.side("faults", {"kind": kind, "effect": "later", "method": "POST", "count": 2})
    post(standin)
    post(standin)
    first, second = standin.side("held")
    released = standin.side("held/release", {"id": second["id"]})

    assert released == [{"id": second["id"], "method": "POST", "path": "contacts", "status": 204}]
    assert (count(standin), standin.side("held")) == (1, [first])
    assert [each["status"] for each in standin.side("held/release", {})] == [204]
    assert (count(standin), standin.side("held")) == (2, [])


def test_a_late_effect_meets_the_row_as_it_is_by_then(standin):
    job = standin.admin.create("dh_spotlerjobs")
    path = f"dh_spotlerjobs({job})"
    version = standin.connector.get(path).json()["@odata.etag"]
    standin.side("faults", {"kind": "drop", "effect": "later", "path": r"^\$batch", "count": 2})
    for condition in (version, "*"):
        body = multipart("b", part("PATCH", path, {"dh_tag": "late"}, If_Match=condition))
        with pytest.raises(requests.ConnectionError):
            standin.connector.batch(body)
    standin.admin.patch(path, {"dh_tag": "other"})
    by_version, by_any = standin.side("held")

    standin.side("held/release", {"id": by_version["id"]})
    assert standin.admin.get(path).json()["dh_tag"] == "other"
    standin.side("held/release", {"id": by_any["id"]})
    assert standin.admin.get(path).json()["dh_tag"] == "late"


def test_a_late_effect_that_is_forgotten_never_comes(standin):
    standin.side("faults", {"kind": "drop", "effect": "later", "method": "POST"})
    post(standin)

    assert standin.side("held", method="DELETE") == []
    assert standin.side("held/release", {}) == []
    assert count(standin) == 0


def test_a_late_effect_is_written_down_when_it_comes(standin):
    standin.side("faults", {"kind": "drop", "effect": "later", "method": "POST"})
    post(standin)
    before = standin.side("journal")
    standin.side("held/release", {})

    assert before == []
    assert [entry["message"] for entry in standin.side("journal")] == ["Create"]


@pytest.mark.parametrize("body", [{"value": []}, [], None, "text", 5, True, {}])
def test_a_success_may_have_any_json(standin, body):
    standin.side("faults", {"kind": "body", "body": body, "path": "^contacts"})
    response = standin.connector.get("contacts")

    assert (response.status_code, response.json()) == (200, body)


@pytest.mark.parametrize(("kind", "status"), [("html-404", 404), ("html-502", 502)])
def test_gateways_answer_with_pages(standin, kind, status):
    standin.side("faults", {"kind": kind})
    response = standin.connector.get("contacts")

    assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html")
    assert response.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("kind", ["429", "503"])
@pytest.mark.parametrize("seconds", [None, 7])
def test_a_pause_is_reported_or_not(standin, kind, seconds):
    standin.side("faults", {"kind": kind, "retry_after": seconds})
    reported = standin.connector.get("contacts").headers.get("Retry-After")

    assert reported == (None if seconds is None else str(seconds))


# Which request fails


def test_the_request_of_a_number_fails_alone(standin):
    standin.side("faults", {"kind": "500", "skip": 2, "count": 1})

    assert [standin.connector.get("WhoAmI").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_a_batch_fails_for_what_is_in_it(standin):
    standin.side("faults", {"kind": "500", "path": r"^\$batch", "content": r"PATCH \S*contacts"})
    create = multipart("b", part("POST", "contacts", {"lastname": "x"}))
    change = multipart("b", part("PATCH", "contacts(d00d0000-2222-4f11-9f89-000d3ab0c020)", {"lastname": "x"}))

    assert [standin.connector.batch(body).status_code for body in (create, change)] == [200, 500]


@pytest.mark.parametrize(("kind", "status"), [("503", 503), ("html-502", 502), ("body", 200), ("drop", 0)])
def test_requests_for_a_token_fail(standin, kind, status):
    standin.side("faults", {"kind": kind, "token": True, "path": "oauth2", "count": 1})
    ready, statuses_seen = standin.ready, []
    for _ in range(2):
        form = {
            "grant_type": "client_credentials",
            "client_id": ready.client_id,
            "client_secret": ready.client_secret,
            "scope": f"{ready.url}/.default",
        }
        url = f"{ready.url}/{ready.tenant_id}/oauth2/v2.0/token"
        try:
            response = requests.post(url, data=form, verify=ready.ca_file, timeout=DEADLINE_SECONDS)
            statuses_seen.append(response.status_code)
        except requests.ConnectionError:
            statuses_seen.append(0)

    assert statuses_seen == [status, 200]
    assert standin.connector.get("WhoAmI").status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "503", "effect": "sometimes"},
        {"kind": "503", "inner": True, "effect": "at-once"},
        {"kind": "503", "token": True, "effect": "later"},
        {"kind": "503", "token": True, "inner": True},
        {"kind": "html-404", "inner": True},
        {"kind": "drop", "inner": True},
        {"kind": "503", "path": "("},
        {"kind": "503", "nosuch": 1},
    ],
)
def test_rules_that_make_no_sense_are_refused(standin, rule):
    url = f"{standin.ready.url}/_sandbox/faults"
    response = requests.post(url, json=rule, verify=standin.ready.ca_file, timeout=DEADLINE_SECONDS)

    assert response.status_code == 400
    assert standin.side("faults") == []


def test_a_request_that_does_not_wait_cannot_be_released(standin):
    url = f"{standin.ready.url}/_sandbox/held/release"
    response = requests.post(url, json={"id": "x"}, verify=standin.ready.ca_file, timeout=DEADLINE_SECONDS)

    assert response.status_code == 400


def test_reset_forgets_late_effects(standin):
    standin.side("faults", {"kind": "drop", "effect": "later", "method": "POST"})
    post(standin)
    standin.side("reset", {})

    assert standin.side("held") == []


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
