"""An app whose mapping or settings are wrong: its messages wait, and none becomes a dead letter."""

import time
from dataclasses import replace

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


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """What all apps talk to; each finds there what those before it left waiting."""
    with surroundings(Options(), folder=tmp_path_factory.mktemp("around")) as around:
        yield around


@pytest.mark.parametrize(
    ("name", "value", "reported"),
    [
        ("MAPPING_FILE", "broken.json", "goes deeper than one level"),
        ("MAPPING_FILE", "unknown.json", "there is no column firstnam. Did you mean firstname?"),
        ("SPOTLER_PARALLEL", "many", "SPOTLER_PARALLEL"),
    ],
)
def test_messages_wait_until_what_is_wrong_is_fixed(around, tmp_path, name, value, reported):
    for file, text in MAPPINGS.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    wrong = {name: str(tmp_path / value) if name == "MAPPING_FILE" else value}
    mine = replace(around, settings={**around.settings, **wrong}, folder=tmp_path)
    waiting = entities(around)["spotler-jobs"]["scheduled"]
    job = People(around.dataverse).create(Job.SET, {Job.OPERATION: Operation.ADD_TAG.value, Job.TAG: "x"})
    with functions(mine, Options()) as app:
        deadline = time.monotonic() + SECONDS
        while entities(around)["spotler-jobs"]["scheduled"] <= waiting:
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
