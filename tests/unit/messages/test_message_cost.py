"""Reading a message must cost next to nothing beside the calls that follow: counted in function calls, not in time."""

import cProfile
import subprocess
import sys

import pytest

from connector.dataverse.messages import parse_message
from tests.unit.messages.documents import NAMES, ZERO, parse, read_bytes, typed, with_target

#: Calls of functions, those within Python included. The documents here take 180 to 790, and at most 0.1 ms.
BOUND = 1000


def cost(work) -> int:
    """How many functions are called; the first time is left out, because it fills caches."""
    work()
    profile = cProfile.Profile()
    profile.runcall(work)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("name", NAMES)
def test_a_typical_message_is_read_with_few_calls(name):
    body = read_bytes(name)

    assert cost(lambda: parse_message(body)) < BOUND


def test_a_message_with_ten_times_the_columns_costs_ten_times_as_much_and_no_more():
    def columns(count):
        attributes = [{"key": f"column{place}", "value": "x"} for place in range(count)]
        return with_target(typed("Entity", Attributes=attributes, Id=ZERO, LogicalName="dh_thing"))

    few, many = (cost(lambda count=count: parse(columns(count))) for count in (100, 1000))

    assert many < 10 * few


def test_the_package_is_light_to_import():
    script = "import sys, connector.dataverse.messages; print('pydantic' in sys.modules, 'requests' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves

    assert answer.stdout.split() == ["False", "False"]
