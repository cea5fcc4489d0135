"""Reading a message must cost next to nothing beside the calls that follow."""

import subprocess
import sys
import timeit

import pytest

from connector.dataverse.messages import parse_message
from tests.unit.messages.documents import NAMES, read_bytes

#: Seconds. The documents here take 0.03 to 0.17 ms; the bound leaves room for a busy machine.
BOUND = 0.0005


@pytest.mark.parametrize("name", NAMES)
def test_a_typical_message_takes_less_than_half_a_millisecond(name):
    body = read_bytes(name)

    best = min(timeit.repeat(lambda: parse_message(body), number=20, repeat=10)) / 20

    assert best < BOUND


def test_the_package_is_light_to_import():
    script = "import sys, connector.dataverse.messages; print('pydantic' in sys.modules, 'requests' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves

    assert answer.stdout.split() == ["False", "False"]
