from http import HTTPStatus

import pytest
import requests

from tests.contract.spotler.support import error_of


@pytest.mark.parametrize(
    ("kind", "details", "status", "error_type"),
    [
        ("error", {}, 500, "BACKEND_EXCEPTION"),
        ("error", {"status": 400, "error_type": "INVALID_STATE"}, 400, "INVALID_STATE"),
        ("auth", {"status": 403}, 403, "NOT_AUTHORIZED"),
        ("wrong_clock", {}, 401, "NOT_AUTHORIZED"),
        ("throttle", {}, 429, "INVALID_STATE"),
        ("unknown_error_type", {}, 400, "SOMETHING_NEW"),
    ],
)
def test_refusal_strikes_once_and_nothing_is_written(api, door, kind, details, status, error_type):
    door.arm(kind, **details)

    assert error_of(api.save("c-1", email="a@example.org")) == (status, error_type)
    assert door.journal() == []
    assert api.save("c-1", email="a@example.org").status_code == 204


def test_throttle_says_when_to_come_back(api, door):
    door.arm("throttle", retry_after_s=7)

    assert api.get("/campaign/list").headers["retry-after"] == "7"


def test_proxy_page_and_empty_error_have_no_json(api, door):
    door.arm("html", status=502)
    door.arm("empty_error", status=404)

    page, nothing = api.get("/campaign/list"), api.get("/campaign/list")

    assert (page.status_code, page.headers["content-type"]) == (502, "text/html;charset=utf-8")
    assert (nothing.status_code, nothing.content, "content-type" in nothing.headers) == (404, b"", False)


@pytest.mark.parametrize(("kind", "written"), [("drop_after_write", 1), ("drop_before_write", 0)])
def test_dropped_connection(api, door, kind, written):
    door.arm(kind, route="POST /contact")

    with pytest.raises(requests.ConnectionError):
        api.save("c-1", email="a@example.org")

    assert len(door.journal("contact.created")) == written
    assert door.calls()["calls"] == [{"method": "POST", "route": "/contact", "status": 0, "count": 1}]
    assert api.save("c-1", email="a@example.org").status_code == 204
    assert len(door.journal("contact.created")) == 1


def test_error_after_the_write_was_done(api, door):
    door.arm("error_after_write")

    assert api.save("c-1", email="a@example.org").status_code == 503
    assert len(door.journal("contact.created")) == 1


def test_other_dialect_and_extra_members(api, ann, door):
    door.arm("other_dialect")
    door.arm("extra_members")

    assert isinstance(api.get(f"/contact/{ann}").json()["created"], int)
    contact = api.get(f"/contact/{ann}").json()
    assert ("xNewMember" in contact, "xNewMember" in contact["channels"][0]) == (True, True)


def test_latency_only_delays(api, door):
    door.arm("latency", latency_ms=80)
    slow, quick = api.get("/campaign/list"), api.get("/campaign/list")

    assert slow.elapsed.total_seconds() >= 0.08
    assert (slow.status_code, quick.status_code) == (200, 200)


def test_route_skip_and_count_choose_the_calls(api, door):
    door.arm("error", route="GET /tag/*", skip=1, count=2)

    assert api.get("/campaign/list").status_code == 200
    assert [api.get("/tag/list").status_code for _ in range(4)] == [200, 500, 500, 200]


def test_probability_is_repeatable_after_reset(api, door):
    def statuses():
        door.reset()
        door.arm("error", count=None, probability=0.5)
        return [api.get("/tag/list").status_code for _ in range(12)]

    first = statuses()

    assert (first == statuses(), set(first)) == (True, {200, 500})


def test_faults_are_shown_and_disarmed(api, door):
    door.arm("error", count=None)
    api.get("/tag/list")

    shown = requests.get(f"{door.url}/_sandbox/faults", timeout=10).json()["faults"]
    assert (shown[0]["kind"], shown[0]["struck"]) == ("error", 1)
    requests.delete(f"{door.url}/_sandbox/faults", timeout=10)
    assert api.get("/tag/list").status_code == 200


def test_rate_limit_throttles_beyond_the_burst(api, door):
    door.settings(rate_per_s=0.5, rate_burst=2)

    answers = [api.get("/tag/list") for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] in {"1", "2"}


def test_throttle_need_not_say_when_to_come_back(api, door):
    door.arm("throttle")

    answer = api.get("/campaign/list")

    assert (answer.status_code, "retry-after" in answer.headers) == (429, False)


@pytest.mark.parametrize("status", [404, 502, 503, 200])
def test_page_of_a_gateway_is_named_after_its_status(api, door, status):
    door.arm("html", status=status)

    answer = api.save("c-1", email="a@example.org")

    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html;charset=utf-8")
    assert HTTPStatus(status).phrase in answer.text
    assert door.journal() == []


@pytest.mark.parametrize("body", [[], None, {}, "text", 0, {"externalId": "c-1"}, [None]])
@pytest.mark.parametrize(("kind", "effects"), [("wrong_body", 0), ("wrong_body_after_write", 1)])
def test_success_with_another_body_before_and_after_the_effect(api, door, kind, effects, body):
    door.arm(kind, body=body)

    answer = api.save("c-1", email="a@example.org")

    assert (answer.status_code, answer.json(), type(answer.json())) == (200, body, type(body))
    assert len(door.journal("contact.created")) == effects


def test_wrong_body_is_an_empty_list_by_default(api, door):
    door.arm("wrong_body", route="GET /contact/properties/list")

    assert api.get("/contact/properties/list").json() == []
    assert len(api.get("/contact/properties/list").json()) > 1


def test_late_effect_comes_when_it_is_released(api, door):
    door.arm("late_effect", route="POST /contact")

    with pytest.raises(requests.ConnectionError):
        api.save("c-1", email="a@example.org")

    assert (door.journal(), door.held()) == (
        [],
        [{"id": 1, "method": "POST", "route": "/contact", "path": "/integrationservice/contact"}],
    )
    assert door.release() == [{"id": 1, "status": 204}]
    assert [each["effect"] for each in door.journal()] == ["contact.created"]
    assert (door.held(), door.release()) == ([], [])
    assert door.calls()["calls"][0]["status"] == 0


def test_late_effect_meets_the_state_of_its_release(api, ann, door):
    door.arm("late_effect", route="PUT /contact/*")
    door.arm("late_effect", route="PUT /contact/*", status=504)
    with pytest.raises(requests.ConnectionError):
        api.put(f"/contact/{ann}", {"contact": {"properties": {"city": "Delft"}}})
    timed_out = api.put(f"/contact/{ann}", {"contact": {"properties": {"city": "Gouda"}}})
    api.save(ann, city="Leiden")

    assert (timed_out.status_code, timed_out.headers["content-type"]) == (504, "text/html;charset=utf-8")
    assert door.release(2) == [{"id": 2, "status": 204}]
    assert api.properties(ann)["city"] == "Gouda"
    assert api.put(f"/contact/anonymize/{ann}").status_code == 204
    assert door.release() == [{"id": 1, "status": 404}]


def test_call_that_does_not_wait_is_not_released(door):
    with pytest.raises(RuntimeError, match="no call 7 waits"):
        door.release(7)


def test_held_calls_are_forgotten_by_a_reset(api, door):
    door.arm("late_effect")
    with pytest.raises(requests.ConnectionError):
        api.save("c-1", email="a@example.org")

    door.reset()

    assert (door.held(), door.release(), door.journal()) == ([], [], [])


def test_fault_for_a_call_that_does_not_exist_is_refused(door):
    with pytest.raises(RuntimeError, match="no call of the API matches"):
        door.arm("error", route="GET /contact/c-1/shoes")
