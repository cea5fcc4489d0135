"""What the buttons do: the calls that they make."""

import pytest
import requests

from connector.dataverse.names import Permission
from sandbox.console import dynamics_acts, spotler_acts, system_acts
from sandbox.console.systems import Refused
from tests.unit.console.fakes import FakeSystems, ask


@pytest.fixture
def systems():
    return FakeSystems()


def test_a_record_is_saved_with_what_was_changed_only(systems):
    systems.people.rows["c-1"] = {"firstname": "Anna", "address1_city": "Breda", "donotemail": False}
    entered = {"record": "contact:c-1", "firstname": "Anna", "address1_city": "Delft", "donotemail": "on"}

    notice = dynamics_acts.update_record(systems, entered)

    assert systems.people.did == [("update", "contacts", "c-1", {"address1_city": "Delft", "donotemail": True})]
    assert notice.text == "Saved: City, Do not allow Emails."


def test_a_form_without_changes_writes_nothing(systems):
    systems.people.rows["c-1"] = {"firstname": "Anna", "lastname": None}

    notice = dynamics_acts.update_record(systems, {"record": "contact:c-1", "firstname": "Anna", "lastname": ""})

    assert (systems.people.did, notice.text) == ([], "Nothing was changed.")


@pytest.mark.parametrize("state", [0, 1])
def test_a_record_is_deactivated_and_activated_with_its_status(systems, state):
    dynamics_acts.switch_record(systems, {"record": "contact:c-1", "state": str(state)})

    ((*_, row),) = systems.people.did
    assert row == {"statecode": state, "statuscode": state + 1}


def test_records_are_merged_and_deleted(systems):
    dynamics_acts.merge_records(systems, {"record": "contact:c-1", "other": "contact:c-2"})
    dynamics_acts.delete_record(systems, {"record": "lead:l-1"})

    assert systems.people.did == [("merge", "contact", "c-1", "c-2"), ("delete", "leads", "l-1")]


def test_permissions_are_given_and_switched(systems):
    dynamics_acts.add_permission(systems, {"record": "lead:l-1", "name": "Events"})
    dynamics_acts.switch_permission(systems, {"permission": "p-1", "on": "0"})

    created, switched = systems.people.did
    assert created[2]["dh_LeadId@odata.bind"] == "/leads(l-1)"
    assert switched == ("update", Permission.SET, "p-1", {Permission.SUBSCRIBED: False})


@pytest.mark.parametrize(
    ("entered", "event"),
    [
        ({"type": "click"}, {"type": "click"}),
        ({"type": "unsubscribe"}, {"type": "unsubscribe"}),
        ({"type": "unsubscribe", "left": "2,4"}, {"type": "unsubscribe", "permissions": [2, 4]}),
        ({"type": "unsubscribe", "left": ""}, {"type": "unsubscribe", "permissions": []}),
        ({"type": "bounce", "hard": "0"}, {"type": "bounce", "hard": False}),
    ],
)
def test_the_recipient_acts(systems, entered, event):
    spotler_acts.emit(systems, {"contact": "enc1", **entered})

    assert systems.spotler.told == [("events", {"events": [{"encryptedId": "enc1", **event}]})]


def test_a_profile_is_saved_as_it_was_entered_and_what_is_empty_is_emptied(systems):
    entered = {"contact": "enc1", "firstName": "Anna", "lastName": " de Vries", "city": ""}

    spotler_acts.change_profile(systems, entered)

    properties = {"firstName": "Anna", "lastName": "de Vries", "city": ""}
    event = {"type": "profile", "encryptedId": "enc1", "properties": properties}
    assert systems.spotler.told == [("events", {"events": [event]})]


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"table": "contact", "firstname": "Anna", "lastname": "  "}, "Enter the last name."),
        ({"table": "lead", "subject": "Fair"}, "Enter the last name."),
        ({"table": "account", "lastname": "Bakker"}, "Enter the account name."),
    ],
)
def test_a_new_record_needs_a_name(systems, entered, said):
    assert (told(systems, "create-record", entered), systems.people.did) == (said, [])


def test_a_kill_without_an_engine_says_so(systems):
    systems.functions.answers["POST engines/kill"] = {"pids": []}

    assert system_acts.kill(systems, {}).text == "No engine runs at the moment: it is being started."


def test_both_clocks_move_together(systems):
    systems.spotler.answers["POST clock"] = {"now": "2026-03-02T10:00:00.000+00:00"}

    notice = system_acts.move_clock(systems, {"seconds": "86400"})

    assert systems.dataverse.told == [("clock", {"move_seconds": 86400.0})]
    assert systems.spotler.told == [("clock", {"advance_s": 86400.0})]
    assert "2026-03-02 10:00" in notice.text


@pytest.mark.parametrize("name", system_acts.FAULTS)
def test_every_fault_is_armed_and_said(systems, name):
    notice = system_acts.arm(systems, {"fault": name})

    assert len(systems.spotler.told + systems.dataverse.told) == 1
    assert notice.text == system_acts.FAULTS[name].told


def test_a_timer_that_fails_says_why(systems):
    systems.functions.answers["POST run-timer/read_updates"] = {"succeeded": False, "error": "Transient: no answer"}

    notice = system_acts.run_timer(systems, {"timer": "read_updates"})

    assert (notice.tone, notice.text) == ("bad", "Read updates failed: Transient: no answer")


@pytest.mark.parametrize("command", ["setup apply", "--help", ""])
def test_no_command_runs_that_has_no_button(systems, command):
    with pytest.raises(KeyError):
        system_acts.command(systems, {"command": command})


@pytest.mark.parametrize("problem", [Refused("Spotler: unknown contact"), ValueError("x is no number")])
def test_what_refuses_is_told_on_the_page(systems, monkeypatch, problem):
    def refuse(*_):
        raise problem

    monkeypatch.setattr(systems.spotler, "delete", refuse)

    assert ask(systems, "/do/calm", method="POST").status == 303


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, '{"error": {"code": "0x1", "message": "The name is missing."}}', "Dataverse: The name is missing."),
        (
            400,
            '{"error": {"message": "Wrong. ----> InnerException : dh_score is no number."}}',
            "Dataverse: dh_score is no number.",
        ),
        (503, "<html>Unavailable</html>", "Dataverse: It answered with status 503."),
    ],
)
def test_what_dataverse_refuses_is_told_in_its_own_words(systems, monkeypatch, status, body, said):
    answer = requests.Response()
    answer.status_code, answer._content = status, body.encode()

    def refuse(*_):
        raise requests.HTTPError(body, response=answer)

    monkeypatch.setattr(systems.people, "delete", refuse)

    assert told(systems, "delete-record", {"record": "contact:c-1"}) == said


def told(systems, act, entered):
    """The notice of an act, as the page shows it."""
    from sandbox.console.app import _act

    return _act(act, systems, entered).text
