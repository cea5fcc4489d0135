"""A stand-in for the Azure CLI: commands of a page run in a shell, and what they hand to it is recorded."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Between the words of a call, and between calls: characters that no command has.
WORD, CALL = "\x1f", "\x1e"
#: Reads what `--file /dev/stdin` reads, else prints a word, as a query would.
SCRIPT = f"""#!/usr/bin/env bash
INPUT=""
case " $* " in *" /dev/stdin "*) INPUT=$(cat; printf .);; *) echo printed;; esac
for WORD in "$@"; do printf '%s{WORD}' "$WORD" >> "$LOG"; done
printf '%s{CALL}' "${{INPUT%.}}" >> "$LOG"
"""


@dataclass(frozen=True)
class AzCall:
    """A call of the Azure CLI: its words, and its standard input where it read it."""

    words: list[str]
    given: str

    def option(self, name: str) -> str:
        """The value of an option."""
        return self.words[self.words.index(name) + 1]


def run(script: str, folder: Path, typed: str = "", **variables: str) -> tuple[list[AzCall], str]:
    """Run commands of a page with the stand-in as `az`: its calls, and all that is shown."""
    log, stand_in = folder / "calls", folder / "az"
    log.touch()
    stand_in.write_text(SCRIPT, encoding="utf-8")
    stand_in.chmod(0o755)
    done = subprocess.run(  # noqa: S603
        ["bash", "-eu", "-o", "pipefail", "-c", script],  # noqa: S607
        input=typed,
        env={"PATH": f"{folder}:{os.environ['PATH']}", "LOG": str(log), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    calls = [each.split(WORD) for each in log.read_text(encoding="utf-8").split(CALL)[:-1]]
    return [AzCall(words, given) for *words, given in calls], done.stdout + done.stderr
