#!/usr/bin/env python3
"""Everything a developer does, on a fresh machine: run, test, lint, bench. Standard library only.

    python3 dev.py run             the whole system with its console in the browser, until Ctrl-C
    python3 dev.py run --once      the sample jobs, and a table of what became of them
    python3 dev.py test [...]      the tests; further arguments go to pytest
    python3 dev.py lint            formatting, lint and types
    python3 dev.py bench [...]     speed and calls, beside a naive connector
    python3 dev.py connector ...   the connector's command line, against the running system
    python3 dev.py run-timer NAME  one timer of the app now, against the running system
    python3 dev.py words           the catalogue of Dutch messages, with what is new in the source
    python3 dev.py workbook        the workbook of Azure Monitor, from its parts
    python3 dev.py screenshots     the pictures of the console in docs/images
    python3 dev.py package         the package that Azure runs, in build/app and build/app.zip
    python3 dev.py docs            the documentation as a site, in build/site

The first start makes `.venv` and installs into it what requirements-dev.txt pins. A Python from 3.8 on can read this
file, so that one that is too old for the rest finds a newer one or says where to get it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
OLDEST = (3, 13)
#: A file system in memory, as Linux has it. The files of a test run take 1 GB at most.
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
PLENTY = 4 * 2**30
SETTINGS = ROOT / ".sandbox" / "local.settings.json"


def main() -> int:
    """Run a command in the virtual environment and return its exit code."""
    if os.name == "nt" and sys.argv[1:2] != ["package"]:
        sys.exit("The system on one machine needs Linux or macOS; on Windows use WSL (wsl --install).")
    parser = _parser()
    options, rest = parser.parse_known_args()
    if rest and options.command not in ("test", "bench", "connector"):
        parser.error(f"unknown arguments: {' '.join(rest)}")
    if options.command != "package":  # which needs nothing but Python and its pip
        install()
    # Else each of the many processes would compile all modules anew, and pytest all tests; Git ignores what is kept.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return COMMANDS[options.command](options, rest)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    run = commands.add_parser("run", help="start the whole system")
    run.add_argument("--once", action="store_true", help="run the sample jobs and end")
    run.add_argument("--no-browser", action="store_true", help="do not open the console in a browser")
    test = commands.add_parser("test", help="run the tests")
    test.add_argument("--nightly", action="store_true", help="with the long forms of the fault tests")
    commands.add_parser("lint", help="check formatting, lint and types")
    commands.add_parser("bench", help="measure, beside a naive connector", add_help=False)
    commands.add_parser("connector", help="the connector's command line, against the running system", add_help=False)
    timer = commands.add_parser("run-timer", help="run a timer now, against the running system")
    timer.add_argument("name", help="its function, for example sweep_jobs")
    commands.add_parser("words", help="bring the catalogue of Dutch messages up to date")
    workbook = commands.add_parser("workbook", help="make the workbook of Azure Monitor from its parts")
    workbook.add_argument("--picture", action="store_true", help="also draw it, with figures of an example")
    commands.add_parser("screenshots", help="take the pictures of the console anew")
    commands.add_parser("package", help="build the package that Azure runs")
    commands.add_parser("docs", help="build the documentation as a site")
    return parser


def run_system(options: argparse.Namespace, _: list[str]) -> int:
    """Start the whole system."""
    wanted = {"--once": options.once, "--no-browser": options.no_browser}
    return call(PYTHON, "-m", "sandbox", "run", *(flag for flag, is_on in wanted.items() if is_on))


def run_tests(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the tests, in two processes per core unless a number is asked for: many tests wait for other processes."""
    wanted = str(2 * (os.process_cpu_count() or 1))
    processes = [] if any(argument.startswith("-n") for argument in rest) else ["-n", wanted]
    selection = [] if options.nightly else ["-m", "not nightly"]
    keep_files_in_memory()
    return call(PYTHON, "-m", "pytest", *processes, *selection, *rest)


def keep_files_in_memory() -> None:
    """Let tests write to memory where there is plenty: the state is flushed to its disk thousands of times."""
    with contextlib.suppress(OSError):
        if os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > PLENTY:
            os.environ.setdefault("TMPDIR", str(SHARED_MEMORY))


def lint(_: argparse.Namespace, __: list[str]) -> int:
    """Check formatting, lint and types; all three, even if one fails. The code of one that was killed is negative."""
    codes = [
        call(PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."),
        call(PYTHON, "-m", "ruff", "check", "--quiet", "."),
        call(PYTHON, "-m", "mypy", "--no-error-summary"),
    ]
    return int(any(codes))


def bench(_: argparse.Namespace, rest: list[str]) -> int:
    """Measure."""
    return call(PYTHON, "-m", "tests.bench", *rest)


def connector(_: argparse.Namespace, rest: list[str]) -> int:
    """The command line of the connector, with the settings of the running system."""
    if not SETTINGS.exists():
        return no_system()
    # What stands in the environment wins over the file, but the running system has a certificate authority of its own.
    os.environ.pop("REQUESTS_CA_BUNDLE", None)
    code = call(PYTHON, "-m", "connector", "--settings", str(SETTINGS), *rest)
    # With 2 ends what was typed wrong, and a check that found something to do.
    if code == 1 and rest[:1] == ["setup"] and "DATAVERSE_URL" not in os.environ and has_all_tables(plan_of_system()):
        print("The running system has all of it already. Setup is for a Dataverse of your own:", file=sys.stderr)
        print("docs/administrators/dataverse.md", file=sys.stderr)
    return code


def plan_of_system() -> str:
    """What a set-up would do with the running system, as JSON; empty where that cannot be told."""
    command = [str(PYTHON), "-m", "connector", "--settings", str(SETTINGS), "setup", "plan", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode("utf-8", "replace")


def has_all_tables(plan: str) -> bool:
    """Whether a plan finds every table of the connector there already."""
    try:
        components = json.loads(plan)["components"]
    except (ValueError, KeyError, TypeError):  # an error instead of a plan
        return False
    actions = [each["action"] for each in components if each["component"].startswith("table ")]
    return bool(actions) and set(actions) == {"leave alone"}


def run_timer(options: argparse.Namespace, _: list[str]) -> int:
    """Run a timer of the app once, in a host of its own, with the settings of the running system."""
    if not SETTINGS.exists():
        return no_system()
    os.environ.update(json.loads(SETTINGS.read_text(encoding="utf-8"))["Values"])
    return call(PYTHON, "-m", "sandbox.functions", "--app", str(ROOT), "--run-timer", options.name)


def words(_: argparse.Namespace, __: list[str]) -> int:
    """Bring the catalogue of Dutch messages up to date, and list what is left to translate."""
    return call(PYTHON, "-m", "infra.words")


def workbook(options: argparse.Namespace, _: list[str]) -> int:
    """Make the workbook, and the picture of it for the documentation."""
    if code := call(PYTHON, "-m", "infra.workbook.build"):
        return code
    return call(PYTHON, "-m", "infra.workbook.picture") if options.picture else 0


def screenshots(_: argparse.Namespace, __: list[str]) -> int:
    """Take the pictures of the console."""
    return call(PYTHON, "-m", "sandbox.console.pictures")


def package(_: argparse.Namespace, __: list[str]) -> int:
    """Build the package that Azure runs."""
    return call(find_python(), ROOT / "infra" / "package.py")


def docs(_: argparse.Namespace, __: list[str]) -> int:
    """Build the site; every warning, such as a link that leads nowhere, is an error."""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"  # of the theme, about its successor
    code = call(PYTHON, "-m", "mkdocs", "build", "--quiet")
    print(
        "Open build/site/index.html" if code == 0 else "The site has warnings: python -m mkdocs build", file=sys.stderr
    )
    return code


def no_system() -> int:
    """Say what is missing: the settings are there as long as the system runs."""
    print("No system runs; start one with: python3 dev.py run", file=sys.stderr)
    return 1


COMMANDS = {
    "run": run_system,
    "test": run_tests,
    "lint": lint,
    "bench": bench,
    "connector": connector,
    "run-timer": run_timer,
    "words": words,
    "workbook": workbook,
    "screenshots": screenshots,
    "package": package,
    "docs": docs,
}


def install() -> None:
    """Make the virtual environment and install into it, unless what is there is what is pinned."""
    wanted = _fingerprint()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    print("Installing into .venv, once; this takes some minutes.", file=sys.stderr, flush=True)
    subprocess.check_call([find_python(), "-m", "venv", "--clear", str(VENV)])
    pip = (PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-color", "--progress-bar", "off")
    command = [str(part) for part in (*pip, "-r", ROOT / "requirements-dev.txt")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            _show_progress(process.stdout or ())
        except KeyboardInterrupt:  # pip was told too
            sys.exit("Interrupted; the next start installs again.")
    if process.returncode:
        sys.exit("The packages could not be installed; see the lines above.")
    STAMP.write_text(wanted, encoding="utf-8")


def _show_progress(lines: Iterable[str]) -> None:
    """Say in a few lines how far pip is: on a busy machine it takes minutes, and each part of it is silent for long."""
    found = 0
    for line in lines:
        if line.startswith("Collecting "):
            found += 1
            if found % 25 == 0:
                print(f"  {found} packages found", file=sys.stderr, flush=True)
        elif line.startswith("Installing collected packages"):
            print(f"  {found} packages found; unpacking them", file=sys.stderr, flush=True)


def find_python() -> str:
    """A Python that is new enough: this one, one on the PATH, or one of pyenv."""
    if sys.version_info >= OLDEST:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(OLDEST[1] + 2, OLDEST[1] - 1, -1)] + ["python3", "python"]
    found = [path for path in map(shutil.which, names) if path]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    if versions.is_dir():
        found += [str(version / "bin" / "python") for version in sorted(versions.iterdir(), reverse=True)]
    for python in found:
        if _version(python) >= OLDEST:
            return python
    return sys.exit(
        f"This project needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.\n"
        f"Get one from https://www.python.org/downloads/, or with: pyenv install {OLDEST[0]}.{OLDEST[1]}"
    )


def _version(python: str) -> tuple[int, ...]:
    """The version of another Python; (0, 0) where it does not run."""
    code = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        return tuple(int(part) for part in done.stdout.split())
    except (OSError, subprocess.CalledProcessError, ValueError):
        return (0, 0)


def _fingerprint() -> str:
    """What the virtual environment depends on: the pinned packages, and where it lies."""
    digest = hashlib.sha256(str(VENV).encode())
    for requirements in REQUIREMENTS:
        digest.update(requirements.read_bytes())
    return digest.hexdigest()


def call(*command: str | Path) -> int:
    """Run a command in the root of the repository; Ctrl-C is its business, and SIGTERM is passed on to it."""
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT)
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
