"""`dev.py` from the outside: the sample jobs, which somebody tries first, and a timer at any time."""

import argparse
import re
import socket
import subprocess
import sys
import time

import pytest

import dev
from sandbox.launch import ROOT
from sandbox.samples import SAMPLES
from sandbox.system import write_settings

#: Far more than it takes, on a busy machine too.
SECONDS = 180


@pytest.mark.usefixtures("cold_engines")
def test_the_sample_jobs_end_as_they_should(tmp_path):
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "sandbox", "run", "--once", "--folder", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"{len(SAMPLES)} jobs: {len(SAMPLES)} as expected"
    assert not (tmp_path / "local.settings.json").exists(), "they name a system that has ended"


CALL = "import dev, sys; sys.exit(dev.call(sys.executable, *sys.argv[1:]))"


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        pytest.param(("--no-browser",), 5, id="run"),  # bus, Dataverse, Spotler, Spotler Leads, telemetry
        pytest.param(("--once",), 3, id="once"),
    ],
)
def test_nothing_is_left_running_after_a_sigterm(tmp_path, more, parts):
    settings = tmp_path / "local.settings.json"
    command = [sys.executable, "-c", CALL, "-m", "sandbox", "run", "--folder", str(tmp_path), *more]
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603 - our own module
        wait_for(lambda: settings.exists() and settings.read_text().endswith("}"))  # the functions are about to start
        ports = {int(port) for port in re.findall(r"://[^:/;]+:(\d+)", settings.read_text())}
        listening = {port for port in ports if is_open(port)}
        process.terminate()
        process.wait(SECONDS)

    assert len(listening) == parts
    assert [port for port in ports if is_open(port)] == []
    assert not settings.exists()


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_open(port):
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def test_a_timer_runs_against_the_running_system(system, monkeypatch, tmp_path):
    settings = tmp_path / "local.settings.json"
    write_settings(settings, system.settings)
    for name in system.settings:
        monkeypatch.setenv(name, "of this machine")
    monkeypatch.setattr(dev, "SETTINGS", settings)
    monkeypatch.setattr(dev, "PYTHON", sys.executable)

    codes = {name: dev.run_timer(argparse.Namespace(name=name), []) for name in ("sweep_jobs", "no_such_timer")}
    write_settings(settings, {**system.settings, "SPOTLER_URL": "nowhere"})
    codes["with a wrong setting"] = dev.run_timer(argparse.Namespace(name="sweep_jobs"), [])

    assert codes == {"sweep_jobs": 0, "no_such_timer": 1, "with a wrong setting": 1}
