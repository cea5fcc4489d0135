"""The stand-in of Spotler Leads, against what its public description says."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

ROOT = Path(__file__).parents[3]
NOW = datetime.now(UTC).replace(microsecond=0)


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def by_date(api, page=1, take=10, kind="Lead", start=NOW - timedelta(days=1), end=NOW + timedelta(days=1)):
    return api.of_client(f"/leads/{kind}/{text(start)}/{text(end)}/{page}/{take}")


def visitors(door, *given):
    return door.post("visitors", visitors=list(given))["ids"]


# Tokens


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client": "someone:else"}, "invalid_client"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"password": "wrong"}, "invalid_grant"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"audience": "x"}, "invalid_request"),
    ],
)
def test_a_wrong_request_for_a_token_is_refused(api, changes, error):
    answer = api.ask_for_token(**changes)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_token_ends_after_an_hour(api, door):
    assert api.token()["expires_in"] == 3600
    assert api.get("/leads/clients").status_code == 200

    door.post("clock", advance_s=3600)

    assert api.get("/leads/clients").status_code == 401


@pytest.mark.parametrize("version", ["", "0", "3", "two"])
def test_the_header_with_the_version_is_required(api, version):
    answer = api.get("/leads/clients", headers={"api-version": version})

    assert (answer.status_code, answer.json()["message"]) == (400, "The request is invalid.")
    assert "api-version" in answer.json()["modelState"]


# Strictness


def test_what_it_does_not_know_it_refuses(api):
    assert api.get("/leads/nothing").status_code == 404
    assert api.session.post(f"{api.url}/leads/clients", timeout=10).status_code == 405
    assert api.get("/leads/clients?x=1").status_code == 400
    assert api.get(f"/leads/client/{uuid4()}/leads/types").status_code == 404
    assert by_date(api, kind="Nobody").status_code == 400
    assert by_date(api, page=0).status_code == 400
    assert by_date(api, take=1001).status_code == 400
    assert by_date(api, start=NOW, end=NOW - timedelta(days=1)).status_code == 400
    assert api.of_client("/leads/Lead/2026-01-01/2026-01-02/1/10").status_code == 400
    assert api.of_client("/latestleads/61/10").status_code == 400


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("visitors", {"visitors": [{"type": "Nobody"}]}),
        ("visitors", {"visitors": [{"unknown": 1}]}),
        ("visits", {"visits": [{"visitor": "x"}]}),
        ("faults", {"faults": [{"kind": "no"}]}),
        ("settings", {"no": 1}),
    ],
)
def test_the_side_door_refuses_what_cannot_be(door, name, body):
    with pytest.raises(RuntimeError, match="refused"):
        door.post(name, **body)


# Visitors


def test_visitors_are_paged_latest_first(api, door):
    times = [NOW - timedelta(hours=hours) for hours in (3, 1, 2)]
    ids = visitors(door, *({"name": f"c{n}", "last_visit": at.isoformat()} for n, at in enumerate(times)))

    first, last = by_date(api, 1, 2).json(), by_date(api, 2, 2).json()

    assert [each["id"] for each in first["data"] + last["data"]] == [ids[1], ids[2], ids[0]]
    assert (first["hasNextPage"], first["pageCount"], first["totalItemCount"]) == (True, 2, 3)
    assert (last["hasNextPage"], last["isLastPage"], last["firstItemOnPage"]) == (False, True, 3)
    assert by_date(api, 3, 2).json()["data"] == []


def test_only_the_type_and_the_dates_that_were_asked_for_are_listed(api, door):
    old, isp, wanted = visitors(
        door, {"last_visit": (NOW - timedelta(days=3)).isoformat()}, {"type": "Isp"}, {"name": "Acme"}
    )

    assert [each["id"] for each in by_date(api).json()["data"]] == [wanted]
    assert [each["id"] for each in by_date(api, kind="Isp").json()["data"]] == [isp]
    assert api.of_client(f"/lead/{old}").json()["id"] == old
    assert api.of_client(f"/lead/{uuid4()}").status_code == 404


def test_the_contact_is_shown_from_version_2(api, door):
    (known,) = visitors(door, {"type": "ContactLead", "contact": {"firstName": "Ann", "lastName": "Lee"}})

    assert api.of_client(f"/lead/{known}").json()["contact"]["firstName"] == "Ann"
    assert "contact" not in api.of_client(f"/lead/{known}", headers={"api-version": "1"}).json()


# The queue of visits


def links(api, take=10):
    answer = api.of_client(f"/trackedlinks/{take}").json()
    return answer["processId"], [each["title"] for each in answer["trackedLinks"]]


@pytest.fixture
def three(door):
    (visitor,) = visitors(door, {"name": "Acme"})
    door.post("visits", visits=[{"visitor": visitor, "title": title} for title in "abc"])


@pytest.mark.usefixtures("three")
def test_visits_are_handed_out_once_while_nobody_acknowledges_them(api):
    first, second, third = links(api, 2), links(api, 2), links(api, 2)

    assert [each[1] for each in (first, second, third)] == [["a", "b"], ["c"], []]


@pytest.mark.usefixtures("three")
def test_visits_that_nobody_acknowledged_come_again_under_another_id(api, door):
    before, _ = links(api)
    door.post("clock", advance_s=300)

    again, titles = links(api)

    assert titles == ["a", "b", "c"]
    assert again != before
    assert api.of_client(f"/trackedlinks/markprocessed/{before}").json() is False
    assert api.of_client(f"/trackedlinks/markprocessed/{again}").json() is True
    assert api.of_client(f"/trackedlinks/markprocessed/{again}").json() is False


@pytest.mark.usefixtures("three")
def test_acknowledged_visits_never_come_again(api, door):
    process_id, _ = links(api, 2)
    assert api.of_client(f"/trackedlinks/markprocessed/{process_id}").json() is True
    door.post("clock", advance_s=10_000)
    api.session.headers["Authorization"] = f"Bearer {api.token()['access_token']}"

    assert links(api)[1] == ["c"]
    assert [each["effect"] for each in door.get("journal")] == [
        *("block.handed-out", "block.acknowledged", "block.handed-out")
    ]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("kind", ["throttle", "html", "error", "auth", "wrong_body", "drop_before_write"])
def test_a_fault_before_the_call_hands_out_nothing(api, door, kind):
    door.arm(kind, route="*/trackedlinks/{take}")
    if kind.startswith("drop"):
        with pytest.raises(OSError, match=r"aborted|reset|closed"):
            links(api)
    else:
        api.of_client("/trackedlinks/10")

    assert links(api)[1] == ["a", "b", "c"]


@pytest.mark.usefixtures("three")
def test_a_fault_after_the_call_has_handed_out_all(api, door):
    door.arm("wrong_body_after_write", route="*/trackedlinks/{take}", body=None)

    assert api.of_client("/trackedlinks/10").json() is None
    assert links(api)[1] == []


# The process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_shows_its_address_once_and_ends_cleanly(number):
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "sandbox.leads"]
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 - ours
        try:
            ready = json.loads(process.stdout.readline())
            assert ready["ready"] == "leads"
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()

    assert (process.returncode, out, err) == (0, "", "")
