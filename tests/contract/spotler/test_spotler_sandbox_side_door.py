from datetime import datetime

import pytest
import requests

from sandbox.spotler.seed import WELCOME_AUTOMATION_ID


@pytest.mark.usefixtures("ann")
def test_reset_brings_back_the_beginning(api, door):
    door.settings(dedupe="both")
    door.arm("error", count=None)

    door.reset()

    state = door.state()
    assert (state["contacts"], door.journal(), door.calls()) == ([], [], {"total": 0, "calls": []})
    assert len(state["automations"]) == 2
    settings = requests.get(f"{door.url}/_sandbox/settings", timeout=10).json()
    assert settings["dedupe"] == "externalId"
    assert api.get("/tag/list").status_code == 200


def test_calls_are_counted_by_method_route_and_status(api, ann, door):
    api.get(f"/contact/{ann}")
    api.get("/contact/a%2Fb")
    api.get("/contact/nobody")
    api.get("/nothing")

    assert door.calls() == {
        "total": 4,
        "calls": [
            {"method": "GET", "route": "(unknown)", "status": 404, "count": 1},
            {"method": "GET", "route": "/contact/{externalId}", "status": 200, "count": 1},
            {"method": "GET", "route": "/contact/{externalId}", "status": 404, "count": 2},
        ],
    }


def test_fixtures_leave_no_effects_and_can_be_what_callers_may_not_write(door):
    encrypted = door.contacts({"properties": {"city": "Delft"}, "inactive": "hardBounce", "tags": {"Lead": 3}})

    contact = door.state()["contacts"][0]
    assert (contact["encryptedId"], contact["inactive"], contact["tags"]) == (
        encrypted[0],
        "hardBounce",
        {"Lead": 3},
    )
    assert door.journal() == []


def test_effects_are_numbered_and_dated_by_the_clock(api, door):
    door.clock(set="2024-06-01T09:00:00Z", stopped=True)
    api.save("c-1", email="a@example.org")
    door.clock(advance_s=90)
    api.save("c-1", email="a@example.org", city="Delft")

    effects = door.journal()
    moments = [datetime.fromisoformat(str(effect.pop("moment"))) for effect in effects]
    assert moments == sorted(moments)
    assert moments[0].year > 2024, "the time of this machine, not of the account"
    assert effects == [
        {
            "seq": 1,
            "at": "2024-06-01T09:00:00.000+00:00",
            "by": "api",
            "effect": "contact.created",
            "externalId": "c-1",
            "detail": {"properties": ["email"]},
        },
        {
            "seq": 2,
            "at": "2024-06-01T09:01:30.000+00:00",
            "by": "api",
            "effect": "contact.updated",
            "externalId": "c-1",
            "detail": {"changed": ["city"]},
        },
    ]


def test_clock_runs_on_after_it_was_stopped(door):
    door.clock(set="2024-06-01T09:00:00Z", stopped=True)

    running = door.post("clock", stopped=False)["now"]

    assert running.startswith("2024-06-01T09:00:0")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("settings", {"dedup": "both"}),
        ("settings", {"auth_status": "many"}),
        ("faults", {"faults": [{"kind": "nonsense"}]}),
        ("faults", {"faults": [{"kind": "error", "rout": "*"}]}),
        ("events", {"events": [{"type": "open", "externalId": "nobody"}]}),
        ("events", {"events": [{"type": "sent"}]}),
        ("events", {"events": [{"type": "form", "form": 99}]}),
        ("clock", {"set": "2024-06-01T09:00:00"}),
        ("contacts", {"contacts": [{"externalId": "c-1", "properties": {"shoeSize": 1}}]}),
        ("campaigns", {"campaigns": [{"encryptedId": "x", "name": "X", "mailings": ["none"]}]}),
        ("lists", {"audiences": [{"externalId": "a", "name": "A", "members": ["nobody"]}]}),
    ],
)
def test_wrong_input_is_refused_with_a_sentence(door, name, body):
    with pytest.raises(RuntimeError, match=r"the side door refused: .+"):
        door.post(name, **body)


@pytest.mark.usefixtures("door")
def test_outside_the_bases_there_is_nothing(api):
    answer = requests.get(f"{api.url}/somewhere", timeout=10)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html;charset=utf-8")


def test_an_automation_is_stopped_and_published_again(door):
    def active():
        return {each["automationId"]: each["active"] for each in door.state()["automations"]}[WELCOME_AUTOMATION_ID]

    door.post("automations/active", automationId=WELCOME_AUTOMATION_ID, active=False)
    stopped = active()
    door.post("automations/active", automationId=WELCOME_AUTOMATION_ID, active=True)

    assert (stopped, active()) == (False, True)
    with pytest.raises(RuntimeError, match="unknown"):
        door.post("automations/active", automationId="none", active=True)


def test_the_revision_changes_with_everything_that_happens_and_only_then(door, api, ann):
    def revision():
        return requests.get(f"{door.url}/_sandbox/revision", timeout=10).json()["revision"]

    seen = [revision(), revision()]
    assert seen[0] == seen[1]
    for act in (
        lambda: api.get(f"/contact/{ann}"),
        lambda: door.emit({"type": "open", "externalId": ann}),
        lambda: door.clock(advance_s=60),
        lambda: door.settings(latency_ms=1),
        lambda: door.arm("throttle"),
    ):
        act()
        seen.append(revision())
    door.settings(latency_ms=0)

    assert len(set(seen)) == len(seen) - 1
