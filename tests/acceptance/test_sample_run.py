"""`dev.py` from the outside: the sample jobs, which somebody tries first, and a timer at any time."""

import argparse
import subprocess
import sys

import dev
from sandbox.launch import ROOT
from sandbox.samples import SAMPLES
from sandbox.system import write_settings

#: Far more than it takes, on a busy machine too.
SECONDS = 180


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


def test_a_timer_runs_against_the_running_system(system, monkeypatch, tmp_path):
    settings = tmp_path / "local.settings.json"
    write_settings(settings, system.settings)
    for name in system.settings:
        monkeypatch.setenv(name, "of this machine")
    monkeypatch.setattr(dev, "SETTINGS", settings)
    monkeypatch.setattr(dev, "PYTHON", sys.executable)

    codes = {name: dev.run_timer(argparse.Namespace(name=name), []) for name in ("sweep_jobs", "no_such_timer")}

    assert codes == {"sweep_jobs": 0, "no_such_timer": 1}
