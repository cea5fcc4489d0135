"""`dev.py`: which Python, when to install, and what is passed on to whom. Nothing is installed here."""

import ast
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import dev


@pytest.fixture
def calls(monkeypatch):
    """The commands that would be run; each ends as `calls.codes` says, else well."""

    class Calls(list):
        codes: dict[str, int] = {}  # noqa: RUF012 - replaced by a test, never changed

    made = Calls()

    def call(*command):
        made.append([str(part) for part in command])
        return next((code for word, code in made.codes.items() if word in made[-1]), 0)

    monkeypatch.setattr(dev, "call", call)
    monkeypatch.setattr(dev, "install", lambda: made.append(["install"]))
    return made


@pytest.fixture
def run(calls, monkeypatch):
    # Set first, so that it is as it was after the test, whatever the command does to it.
    monkeypatch.setenv("TMPDIR", "")
    monkeypatch.delenv("TMPDIR")

    def _run(*arguments):
        before = len(calls)
        monkeypatch.setattr(sys, "argv", ["dev.py", *arguments])
        code = dev.main()
        assert calls.pop(before) == ["install"], "first what it needs is installed"
        return code

    return _run


PYTHON = str(dev.PYTHON)


#: Two processes per core.
PARALLEL = ("-n", str(2 * os.process_cpu_count()))


@pytest.mark.parametrize(
    ("arguments", "commands"),
    [
        (["run"], [["-m", "sandbox", "run"]]),
        (["run", "--once"], [["-m", "sandbox", "run", "--once"]]),
        (["test"], [["-m", "pytest", *PARALLEL, "-m", "not nightly"]]),
        (["test", "--nightly"], [["-m", "pytest", *PARALLEL]]),
        (["test", "-n0", "-k", "x"], [["-m", "pytest", "-m", "not nightly", "-n0", "-k", "x"]]),
        (["test", "tests/unit", "--nightly", "-x"], [["-m", "pytest", *PARALLEL, "tests/unit", "-x"]]),
        (["docs"], [["-m", "mkdocs", "build", "--quiet"]]),
        (["bench", "--jobs", "100"], [["-m", "tests.bench", "--jobs", "100"]]),
    ],
)  # fmt: skip
def test_arguments_are_passed_on(run, calls, arguments, commands):
    assert run(*arguments) == 0
    assert calls == [[PYTHON, *command] for command in commands]


def test_what_is_compiled_is_kept_for_the_other_processes(run, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    run("test")

    assert "PYTHONDONTWRITEBYTECODE" not in os.environ


@pytest.mark.parametrize(("free", "folder"), [(8 * 2**30, "memory"), (64 * 2**20, "disk")])
def test_the_files_of_tests_are_in_memory_where_it_has_room(run, monkeypatch, tmp_path, free, folder):
    monkeypatch.setattr(dev, "SHARED_MEMORY", tmp_path / "memory")
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(dev.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))

    run("test")

    assert Path(os.environ.get("TMPDIR", "disk")).name == folder


def test_a_machine_without_a_file_system_in_memory_uses_its_disk(run, monkeypatch, tmp_path):
    monkeypatch.setattr(dev, "SHARED_MEMORY", tmp_path / "missing")

    run("test")

    assert "TMPDIR" not in os.environ


@pytest.mark.parametrize("arguments", [["job", "list", "--top", "5"], ["--help"], ["message", "show", "-h"]])
def test_the_command_line_of_the_connector_gets_everything_and_the_settings_of_the_running_system(
    run, calls, monkeypatch, tmp_path, arguments
):
    monkeypatch.setattr(dev, "SETTINGS", tmp_path / "local.settings.json")
    (tmp_path / "local.settings.json").write_text("{}")
    run("connector", *arguments)

    assert calls == [[PYTHON, "-m", "connector", "--settings", str(dev.SETTINGS), *arguments]]


ALL_THERE = {"components": [{"component": "table dh_spotlerjob", "action": "leave alone"}], "refusals": ["x"]}


@pytest.mark.parametrize(("command", "hinted"), [("setup", True), ("doctor", False)])
def test_a_set_up_that_the_running_system_refuses_says_that_there_is_nothing_to_set_up(
    run, calls, monkeypatch, tmp_path, capsys, command, hinted
):
    monkeypatch.setattr(dev, "SETTINGS", tmp_path / "local.settings.json")
    (tmp_path / "local.settings.json").write_text("{}")
    monkeypatch.setattr(dev, "plan_of_system", lambda: json.dumps(ALL_THERE))
    monkeypatch.delenv("DATAVERSE_URL", raising=False)
    calls.codes = {"plan": 1}

    assert run("connector", command, "plan") == 1
    assert ("has all of it already" in capsys.readouterr().err) is hinted


NEW = {"component": "table dh_spotlerinfo", "action": "create"}


@pytest.mark.parametrize(
    ("code", "plan", "url"),
    [
        pytest.param(2, ALL_THERE, "", id="a wrong option, or something is to be done"),
        pytest.param(1, {"components": [*ALL_THERE["components"], NEW]}, "", id="a table is missing"),
        pytest.param(1, {"components": []}, "", id="no table"),
        pytest.param(1, None, "", id="no plan could be made"),
        pytest.param(1, ALL_THERE, "https://contoso.crm4.dynamics.com", id="another environment"),
    ],
)
def test_a_set_up_that_fails_otherwise_does_not_say_that_all_is_there(
    run, calls, monkeypatch, tmp_path, capsys, code, plan, url
):
    monkeypatch.setattr(dev, "SETTINGS", tmp_path / "local.settings.json")
    (tmp_path / "local.settings.json").write_text("{}")
    monkeypatch.setattr(dev, "plan_of_system", lambda: json.dumps(plan) if plan else "")
    monkeypatch.delenv("DATAVERSE_URL", raising=False)
    if url:
        monkeypatch.setenv("DATAVERSE_URL", url)
    calls.codes = {"plan": code}

    assert run("connector", "setup", "plan") == code
    assert "has all of it already" not in capsys.readouterr().err


def test_a_timer_runs_with_the_settings_of_the_running_system(run, calls, monkeypatch, tmp_path):
    monkeypatch.setattr(dev, "SETTINGS", tmp_path / "local.settings.json")
    monkeypatch.setenv("SPOTLER_KEY", "of this machine")
    (tmp_path / "local.settings.json").write_text('{"Values": {"SPOTLER_KEY": "of the running system"}}')
    calls.codes = {"no_such_timer": 1}

    assert run("run-timer", "sweep_jobs") == 0
    assert os.environ["SPOTLER_KEY"] == "of the running system"
    assert run("run-timer", "no_such_timer") == 1
    command = [PYTHON, "-m", "sandbox.functions", "--app", str(dev.ROOT), "--run-timer"]
    assert calls == [[*command, "sweep_jobs"], [*command, "no_such_timer"]]


@pytest.mark.parametrize("command", [("run-timer", "sweep_jobs"), ("connector", "job", "list")])
def test_without_a_running_system_nothing_else_is_asked(run, calls, monkeypatch, tmp_path, capsys, command):
    monkeypatch.setattr(dev, "SETTINGS", tmp_path / "local.settings.json")

    assert run(*command) == 1
    assert calls == []
    assert "python3 dev.py run" in capsys.readouterr().err


def test_the_exit_code_is_that_of_the_command(run, calls):
    calls.codes = {"pytest": 3}

    assert run("test") == 3


@pytest.mark.parametrize("code", [1, 2, -9])
@pytest.mark.parametrize("failing", ["format", "check", "mypy"])
def test_lint_runs_everything_and_fails_if_one_fails_or_is_killed(run, calls, failing, code):
    calls.codes = {failing: code}

    assert run("lint") == 1
    assert [command[2] for command in calls] == ["ruff", "ruff", "mypy"]


@pytest.mark.parametrize("system", ["posix", "nt"])
def test_the_package_is_built_everywhere_and_needs_no_virtual_environment(calls, monkeypatch, system):
    monkeypatch.setattr(dev, "os", SimpleNamespace(name=system, environ={}))
    monkeypatch.setattr(sys, "argv", ["dev.py", "package"])

    assert dev.main() == 0
    assert calls == [[sys.executable, str(dev.ROOT / "infra" / "package.py")]]


@pytest.mark.parametrize("arguments", [["run", "--twice"], ["lint", "connector"], ["deploy"], []])
def test_what_nobody_understands_is_refused_before_anything_is_installed(calls, monkeypatch, capsys, arguments):
    monkeypatch.setattr(sys, "argv", ["dev.py", *arguments])

    with pytest.raises(SystemExit) as ended:
        dev.main()

    assert ended.value.code == 2
    assert calls == []
    assert "usage: dev.py" in capsys.readouterr().err


def test_every_command_is_explained_at_the_top():
    assert all(f"python3 dev.py {command}" in dev.__doc__ for command in dev.COMMANDS)


def test_windows_gets_a_hint_what_to_use_instead(calls, monkeypatch):
    monkeypatch.setattr(dev, "os", SimpleNamespace(name="nt"))

    with pytest.raises(SystemExit, match="WSL"):
        dev.main()

    assert calls == []


# Which Python


def test_a_python_that_is_new_enough_is_taken_as_it_is():
    assert dev.find_python() == sys.executable


@pytest.fixture
def too_old(monkeypatch, tmp_path):
    """This Python is too old, and there is no other."""

    class Version(tuple):
        __slots__ = ()

    monkeypatch.setattr(dev.sys, "version_info", Version((3, 8, 0)))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(dev.shutil, "which", lambda _: None)
    monkeypatch.setattr(dev, "_version", lambda _: (0, 0))
    return tmp_path


@pytest.mark.usefixtures("too_old")
def test_one_on_the_path_is_taken_if_it_is_new_enough(monkeypatch):
    on_the_path = {"python3": "/usr/bin/python3", "python3.14": "/opt/python3.14"}
    versions = {"/usr/bin/python3": (3, 11), "/opt/python3.14": (3, 14)}
    monkeypatch.setattr(dev.shutil, "which", on_the_path.get)
    monkeypatch.setattr(dev, "_version", versions.get)

    assert dev.find_python() == "/opt/python3.14"


def test_else_one_of_pyenv_the_newest_first(too_old, monkeypatch):
    for name in ("3.9.1", "3.13.0", "3.13.2"):
        (too_old / "versions" / name).mkdir(parents=True)
    monkeypatch.setattr(dev, "_version", lambda python: tuple(map(int, Path(python).parts[-3].split(".")[:2])))

    assert dev.find_python() == str(too_old / "versions" / "3.13.2" / "bin" / "python")


@pytest.mark.usefixtures("too_old")
def test_without_one_it_says_where_to_get_it():
    with pytest.raises(SystemExit) as ended:
        dev.find_python()

    assert "needs Python 3.13 or newer" in ended.value.code
    assert "https://www.python.org/downloads/" in ended.value.code


def test_the_version_of_another_python_is_asked_of_itself(tmp_path):
    broken, talking = tmp_path / "broken", tmp_path / "talking"
    broken.write_text("#!/bin/sh\nexit 1\n")
    talking.write_text("#!/bin/sh\necho Python for ever\n")
    for each in (broken, talking):
        each.chmod(0o755)

    assert dev._version(sys.executable) == sys.version_info[:2]
    assert [dev._version(str(each)) for each in (broken, talking, tmp_path / "missing")] == [(0, 0)] * 3


def test_an_old_python_can_read_the_file():
    """Enough to find a newer one: nothing in it is newer than Python 3.8."""
    ast.parse(Path(dev.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))


# When to install


@pytest.fixture
def home(monkeypatch, tmp_path):
    """A repository without a virtual environment."""
    requirements = (tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt")
    for each in requirements:
        each.write_text("a==1\n")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "PYTHON", tmp_path / ".venv" / "python")
    monkeypatch.setattr(dev, "STAMP", tmp_path / ".venv" / "installed")
    monkeypatch.setattr(dev, "REQUIREMENTS", requirements)
    return tmp_path


@pytest.fixture
def installs(home, monkeypatch):
    """What an installation would run; the Python of the virtual environment says what pip says."""
    made = []
    python = f"""#!/bin/sh
echo "$*" >> {home / "ran"}
seq -f 'Collecting package-%g' 30
echo Installing collected packages: a, b
exit $(cat {home / "code"} 2>/dev/null || echo 0)
"""

    def make(command):
        made.append("venv")
        assert command[1:] == ["-m", "venv", "--clear", str(dev.VENV)]
        dev.VENV.mkdir(exist_ok=True)
        dev.PYTHON.write_text(python)
        dev.PYTHON.chmod(0o755)

    monkeypatch.setattr(dev.subprocess, "check_call", make)
    return made


def test_it_is_installed_once(installs, home, capsys):
    dev.install()
    dev.install()

    (ran,) = (home / "ran").read_text().splitlines()
    assert installs == ["venv"]
    assert ran.startswith("-m pip install")
    assert ran.endswith(f"-r {home / 'requirements-dev.txt'}")
    reported = capsys.readouterr()
    assert (reported.out, reported.err.startswith("Installing")) == ("", True), (
        "what a command prints may go into a file"
    )


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_other_pins_install_again(installs, home, name):
    dev.install()
    (home / name).write_text("a==2\n")
    dev.install()

    assert installs.count("venv") == 2


def test_an_environment_that_was_removed_or_moved_is_installed_again(installs, home, monkeypatch):
    dev.install()
    dev.PYTHON.unlink()
    dev.install()
    before = dev._fingerprint()
    monkeypatch.setattr(dev, "VENV", home / "elsewhere")

    assert installs.count("venv") == 2
    assert dev._fingerprint() != before


@pytest.mark.usefixtures("installs")
def test_an_installation_says_how_far_it_is(capsys):
    dev.install()

    assert capsys.readouterr().err.splitlines()[1:] == [
        "  25 packages found", "  30 packages found; unpacking them",
    ]  # fmt: skip


@pytest.mark.usefixtures("installs")
def test_an_installation_that_failed_is_not_taken_for_done(home):
    (home / "code").write_text("1")

    with pytest.raises(SystemExit, match="could not be installed"):
        dev.install()

    assert not dev.STAMP.exists()


def test_a_command_ends_with_its_code_and_runs_in_the_root():
    code = "import os, sys; sys.exit(7 if os.path.exists('dev.py') else 1)"

    assert dev.call(sys.executable, "-c", code) == 7
