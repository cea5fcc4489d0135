"""An app whose mapping or settings are wrong: its messages wait, and none becomes a dead letter."""

import time

import pytest
import requests

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from sandbox.people import People
from sandbox.system import Options, functions, surroundings

SECONDS = 30.0


EMAIL = '{"contact": "emailaddress1", "direction": "->", "spotler": "email"}'
MAPPINGS = {
    "broken.json": '{"rows": [{"contact": "a(b).c(d).e", "direction": "->", "spotler": "email"}]}',
    "unknown.json": f'{{"rows": [{EMAIL}, {{"contact": "firstnam", "direction": "->", "spotler": "firstName"}}]}}',
}


@pytest.mark.parametrize(
    ("name", "value", "reported"),
    [
        ("MAPPING_FILE", "broken.json", "goes deeper than one level"),
        ("MAPPING_FILE", "unknown.json", "there is no column firstnam. Did you mean firstname?"),
        ("SPOTLER_PARALLEL", "many", "SPOTLER_PARALLEL"),
    ],
)
def test_messages_wait_until_what_is_wrong_is_fixed(tmp_path, name, value, reported):
    for file, text in MAPPINGS.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    options = Options(settings={name: str(tmp_path / value) if name == "MAPPING_FILE" else value})
    with surroundings(options, folder=tmp_path) as around:
        job = People(around.dataverse).create(Job.SET, {Job.OPERATION: Operation.ADD_TAG.value, Job.TAG: "x"})
        with functions(around, options) as app:
            deadline = time.monotonic() + SECONDS
            while entities(around)["spotler-jobs"]["scheduled"] == 0:
                assert time.monotonic() < deadline, app.log.read_text(encoding="utf-8")
                time.sleep(0.05)
        log = app.log.read_text(encoding="utf-8")
        figures = entities(around)

        assert People(around.dataverse).read(Job.SET, job)[Job.STATUS] == JobStatus.QUEUED
        assert reported in log
        assert sum(entity.get("dead_lettered", 0) for entity in figures.values()) == 0


def entities(around):
    stats = requests.get(f"{around.servicebus.get('control_url')}/_sandbox/stats", timeout=5).json()
    return stats["entities"]
