"""The connector's own command line, run against the system as an operator would."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sandbox.console.acts import Notice
from sandbox.console.systems import Systems
from sandbox.launch import ROOT

#: Seconds that a command may take.
SECONDS: Final = 300
#: The exit code of a command that has found something to say, but nothing that failed.
WARNINGS: Final = 2
SETTINGS: Final = "local.settings.json"


def run(systems: Systems, *arguments: str) -> Notice:
    """Run one command; what it printed is shown."""
    folder = Path(systems.addresses.folder)
    command = [sys.executable, "-m", "connector", "--settings", str(folder / SETTINGS), *arguments]
    # What stands in the environment wins over the file, but the running system has a certificate authority of its own.
    environment = {name: value for name, value in os.environ.items() if name != "REQUESTS_CA_BUNDLE"}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, cwd=ROOT, env=environment | {"COLUMNS": "110", "NO_COLOR": "1"}, capture_output=True,
            text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Notice(f"{_spoken(arguments)} took more than {SECONDS} seconds and was ended.", "bad")
    output = "\n".join(filter(None, (done.stdout.rstrip(), done.stderr.rstrip())))
    tone = {0: "good", WARNINGS: "calm"}.get(done.returncode, "bad")
    return Notice(f"connector {_spoken(arguments)}", tone, output or "(no output)")


def _spoken(arguments: Sequence[str]) -> str:
    return " ".join(arguments)
