"""An app whose mapping or settings are wrong: its messages wait, and none becomes a dead letter."""

import time

import requests

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from sandbox.people import People
from sandbox.system import Options, functions, surroundings

SECONDS = 30.0


def test_messages_wait_until_a_wrong_mapping_is_mended(tmp_path):
    mapping = tmp_path / "mapping.json"
    mapping.write_text('{"rows": [{"contact": "a(b).c(d).e", "spotler": "email"}]}', encoding="utf-8")
    options = Options(settings={"MAPPING_FILE": str(mapping)})
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
        assert "mapping" in log
        assert sum(entity.get("dead_lettered", 0) for entity in figures.values()) == 0


def entities(around):
    stats = requests.get(f"{around.servicebus.get('control_url')}/_sandbox/stats", timeout=5).json()
    return stats["entities"]
