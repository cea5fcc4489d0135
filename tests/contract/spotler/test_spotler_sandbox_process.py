import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.spotler.support import Api

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_shows_its_address_once_and_ends_cleanly(number):
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "sandbox.spotler", "--key", "k1", "--secret", "s1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 - ours
        try:
            ready = json.loads(process.stdout.readline())
            assert (ready["ready"], ready["key"], ready["secret"]) == ("spotler", "k1", "s1")
            with (api := Api(ready["url"], "k1", "s1")).session:
                assert api.get("/campaign/list").status_code == 200
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()

    assert (process.returncode, out, err) == (0, "", "")
