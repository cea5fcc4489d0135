"""Microsoft's JavaScript client for Service Bus as a witness: a client by others, driven from here.

The client comes from npm, at the versions of javascript/package-lock.json.
"""

import json
import os
import subprocess
from pathlib import Path

from tests.contract import npm

SOURCE = Path(__file__).parent / "javascript"


class WitnessError(Exception):
    """What the client raised; `code` is the client's own name for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Witness:
    """The client in a process of its own. Sources are `{"queue": name}` or `{"topic": name, "subscription": name}`."""

    def __init__(self, modules: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [npm.NODE, SOURCE / "client.cjs"],
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
    """The folder node_modules with the client."""
    return npm.installed(SOURCE, "The JavaScript client for Service Bus")
