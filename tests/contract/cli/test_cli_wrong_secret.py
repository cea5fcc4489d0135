"""A command as a process of its own, because what libraries log is kept from standard error by pytest."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_wrong_secret_is_reported_in_one_line_and_without_it(cli, tmp_path):  # noqa: ARG001 - its settings
    command = [sys.executable, "-m", "connector", "job", "list"]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "DATAVERSE_CLIENT_SECRET": "hush"}

    ended = subprocess.run(  # noqa: S603 - our own
        command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("[MISCONFIGURED] No token for Dataverse")
    assert "hush" not in line
