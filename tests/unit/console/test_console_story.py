"""The way of a job and of a record, put together from what each system says."""

import pytest

from connector.dataverse.choices import JobStatus
from sandbox.console.state import State
from sandbox.console.story import story
from tests.unit.console.fakes import FakeSystems

DAY = "2026-03-01T10:00:"


@pytest.fixture
def systems():
    systems = FakeSystems()
    systems.dataverse.answers["journal"] = [
        entry("j-1", "00.100", "dh_spotlerjob", "Create"),
        entry("j-1", "00.400", "dh_spotlerjob", "Update", statuscode=JobStatus.IN_PROGRESS.value),
        entry("j-1", "00.600", "dh_spotlerjob", "Update", statuscode=JobStatus.COMPLETED.value, dh_resultcode="OK"),
        entry("j-2", "00.300", "dh_spotlerjob", "Create"),
        entry("i-1", "00.050", "dh_spotlerinfo", "Update", dh_recordid="c-1"),
    ]
    systems.functions.answers["recent"]["runs"] = [
        run("route_dataverse_message", "00.200", "00.210", {"j-1": f"{DAY}00.150Z"}),
        run("add_tag", "00.300", "00.650", {"j-1": f"{DAY}00.250Z"}),
        run("add_tag", "00.310", None, {"j-2": f"{DAY}00.260Z"}),
    ]
    systems.spotler.answers["journal"] = [effect("00.000", "contact.created"), effect("00.500", "tag.added")]
    return systems


def entry(row, at, table, message, **changes):
    changed = {name: {"from": None, "to": value} for name, value in changes.items()}
    return {
        "id": row,
        "moment": f"{DAY}{at}+00:00",
        "table": table,
        "message": message,
        "tag": None,
        "changes": changed,
    }


def run(function, began, ended, ids):
    return {
        "function": function,
        "began": f"{DAY}{began}+00:00",
        "ended": ended and f"{DAY}{ended}+00:00",
        "ids": ids,
        "error": "",
    }


def effect(at, name):
    return {"moment": f"{DAY}{at}+00:00", "effect": name, "externalId": "c-1", "by": "api", "detail": {"tag": ["A"]}}


def test_the_way_of_a_job_leads_through_all_systems_in_order(systems):
    told = story(systems, State(d="job", j="j-1", r="contact:c-1"))

    assert [(event.lane, event.text) for event in told["events"]] == [
        ("dynamics", "Job saved"),
        ("bus", "Arrived"),
        ("functions", "Router"),
        ("bus", "Arrived"),
        ("functions", "Add tag"),
        ("dynamics", "Claimed: In Progress"),
        ("spotler", "tag.added"),
        ("dynamics", "Completed: OK"),
    ]
    assert told["took"] == "0.50 s"


def test_the_way_of_a_record_has_what_was_written_about_it(systems):
    told = story(systems, State(d="record", r="contact:c-1"))

    assert [event.text for event in told["events"]] == ["contact.created", "Spotler Info written", "tag.added"]
    assert told["took"] == ""


def test_without_a_record_and_a_job_there_is_no_way(systems):
    assert story(systems, State())["events"] == []
