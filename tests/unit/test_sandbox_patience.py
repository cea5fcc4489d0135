"""The parts of the sandbox wait for one another to start as long as a slow machine needs; the limit is in one place."""

import re
from pathlib import Path

import pytest

from sandbox import http_server, launch, patience
from sandbox.functions import engine
from sandbox.launch import DidNotStart
from sandbox.servicebus import server

MINUTES = 5


def test_a_start_may_take_minutes():
    assert patience.START_SECONDS >= MINUTES * 60
    assert {each.START_SECONDS for each in (engine, http_server, launch, server)} == {patience.START_SECONDS}


def test_no_part_has_a_limit_of_its_own():
    sandbox = Path(patience.__file__).parent
    own = re.compile(r"^_?START\w*(SECONDS|TIMEOUT)\w*(: \w+)? =", re.MULTILINE)

    found = [path.name for path in sandbox.rglob("*.py") if own.search(path.read_text())]

    assert found == ["patience.py"]


def test_a_part_that_ends_before_it_is_ready_is_not_waited_for(tmp_path):
    with pytest.raises(DidNotStart, match="No module named"):
        launch.launch("sandbox.nothing", logs=tmp_path)
