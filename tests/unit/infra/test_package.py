"""What Azure is given: the app and its packages for its Python, whole, and nothing else."""

import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from connector.servicebus.entities import subscriptions
from sandbox.functions import engines
from tests.infra.ours import INFRA, ROOT

pytestmark = pytest.mark.xdist_group("package")

SPECIFICATION = spec_from_file_location("package_script", INFRA / "package.py")
assert SPECIFICATION
assert SPECIFICATION.loader
package = module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(package)


def pinned():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line]


def installed_packages(target):
    """The pinned packages as they are installed here: the same wheels that Azure gets, where this is Linux."""
    for name in pinned():
        for file in distribution(name).files or ():
            if not file.parts[0].startswith("..") and file.suffix != ".pyc":
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                package.link(str(file.locate()), str(target / file))


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    """The staged folder, with packages that were not fetched but are installed here."""
    build = tmp_path_factory.mktemp("build")
    installed_packages(build / "packages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "vendored", lambda build: build / "packages")
        return package.stage(build)


@pytest.fixture(scope="module")
def archive(staged):
    return package.pack(staged, staged.parent / "app.zip")


def names(staged):
    return {path.relative_to(staged).as_posix() for path in package.contents(staged)}


def test_the_package_is_usable(staged, archive):
    assert package.problems_of(staged, archive) == []


def test_the_app_is_there_whole_and_nothing_else(staged):
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *package.FILES, *package.FOLDERS]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    ours = {name for name in names(staged) if not name.startswith(f"{package.PACKAGES}/")}

    assert ours == {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}


def test_no_ignore_rule_takes_anything_away(staged):
    ignored = GitIgnoreSpec.from_lines((staged / ".funcignore").read_text(encoding="utf-8").splitlines())

    assert {name for name in names(staged) if ignored.match_file(name)} == {".funcignore"}


def test_the_archive_is_small_and_has_the_files_at_its_root(staged, archive):
    with zipfile.ZipFile(archive) as opened:
        inside = set(opened.namelist())

    assert archive.stat().st_size < package.LARGEST
    assert inside == names(staged) - {".funcignore"}
    assert {"host.json", "function_app.py", f"{package.PACKAGES}/azure/functions/__init__.py"} <= inside


def test_the_same_content_makes_the_same_archive(staged, tmp_path):
    once, twice = (package.pack(staged / "connector", tmp_path / name).read_bytes() for name in ("a.zip", "b.zip"))

    assert once == twice


def test_every_function_is_indexed_with_an_empty_environment(staged):
    code = (
        "import json, sys, function_app\n"
        "names = [f.get_function_name() for f in function_app.app.get_functions()]\n"
        "files = [getattr(m, '__file__', None) or '' for m in list(sys.modules.values())]\n"
        "print(json.dumps([names, [f for f in files if 'site-packages' in f and '.python_packages' not in f]]))\n"
    )
    # Without site, so that no package of this machine is found; with the folders in which Azure's worker looks.
    path = os.pathsep.join((str(staged), str(staged / package.PACKAGES)))
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-S", "-B", "-c", code],
        cwd=staged,
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    functions, elsewhere = json.loads(done.stdout)

    assert sorted(functions) == sorted(engines.index(ROOT))
    assert len(functions) > len(subscriptions())
    assert elsewhere == []


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("x/pyvenv.cfg", "marks a virtual environment"),
        ("x/fast.cpython-312-x86_64-linux-gnu.so", "not for Python 3.13 on Linux"),
        ("x/fast.cpython-313-aarch64-linux-gnu.so", "not for Python 3.13 on Linux"),
        ("x/fast.cpython-313-darwin.so", "not for Python 3.13 on Linux"),
        ("x/fast.pyd", "not for Python 3.13 on Linux"),
        ("x/libfast.dylib", "not for Python 3.13 on Linux"),
    ],
)
def test_what_would_not_run_in_azure_is_found(tmp_path, file, sentence):
    for name in (*package.FILES, f"{package.PACKAGES}/x.py", *(f"{folder}/x" for folder in package.FOLDERS), file):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    (problem,) = package.problems_of(tmp_path, tmp_path / "host.json")

    assert file in problem
    assert sentence in problem


def test_a_package_without_its_packages_or_that_is_too_large_is_found(tmp_path, monkeypatch):
    (tmp_path / "app").mkdir()
    archive = package.pack(tmp_path / "app", tmp_path / "app.zip")
    monkeypatch.setattr(package, "LARGEST", 10)

    lacks, large = package.problems_of(tmp_path / "app", archive)

    assert package.PACKAGES in lacks
    assert "larger than" in large


def test_what_people_leave_in_the_folders_does_not_go_along(tmp_path, monkeypatch):
    root, build = tmp_path / "root", tmp_path / "build"
    secret = tmp_path / "secret.json"
    mine = (
        "own.xlsx",
        "~$own.xlsx",
        ".env",
        ".DS_Store",
        "live.py.orig",
        "live.py~",
        "key.pem",
        ".hidden/a.py",
        ".a.json",
    )
    for file in (*package.FILES, *(f"{folder}/{name}" for folder in package.FOLDERS for name in (*mine, "in/a.py"))):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("", encoding="utf-8")
    secret.write_text("", encoding="utf-8")
    (root / "mappings/linked.json").symlink_to(secret)
    (root / "connector/linked").symlink_to(tmp_path)
    (build / "packages").mkdir(parents=True)
    monkeypatch.setattr(package, "ROOT", root)
    monkeypatch.setattr(package, "vendored", lambda build: build / "packages")

    staged = package.stage(build)

    assert names(staged) == {*package.FILES, "connector/in/a.py", "mappings/in/a.py"}


def test_what_was_staged_before_is_gone_but_for_the_file_that_keeps_the_folder(tmp_path, monkeypatch):
    staged = tmp_path / "app"
    (staged / "old").mkdir(parents=True)
    for name in ("old/left.py", "local.settings.json", package.KEEP):
        (staged / name).write_text("", encoding="utf-8")
    (tmp_path / "packages").mkdir()
    monkeypatch.setattr(package, "vendored", lambda build: build / "packages")

    package.stage(tmp_path)

    assert {path.name for path in staged.iterdir()} == {
        *package.FILES,
        *package.FOLDERS,
        ".python_packages",
        package.KEEP,
    }


def test_packages_are_fetched_for_azure_and_once_for_each_version_of_the_requirements(tmp_path, monkeypatch):
    calls = []

    def fetch(command):
        calls.append(command)
        (tmp_path / "packages" / "bin").mkdir(parents=True)
        return 0

    monkeypatch.setattr(package.subprocess, "call", fetch)
    packages = package.vendored(tmp_path)
    assert package.vendored(tmp_path) == packages

    (command,) = calls
    assert {"--no-deps", "--only-binary=:all:", "--no-compile"} <= set(command)
    assert command[command.index("--python-version") + 1] == "3.13"
    assert command[command.index("--target") + 1] == str(packages)
    assert not (packages / "bin").exists()


def test_packages_that_cannot_be_fetched_end_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr(package.subprocess, "call", lambda _: 1)

    with pytest.raises(SystemExit, match="could not be fetched"):
        package.vendored(tmp_path)
    assert not (tmp_path / "packages.stamp").exists()


@pytest.mark.nightly
def test_the_packages_that_are_fetched_are_those_that_are_installed_here(tmp_path):
    """Fetches every package: minutes, where the index is slow."""
    packages = package.vendored(tmp_path)
    fetched = {path.name.partition("-")[0].lower() for path in packages.glob("*.dist-info")}

    assert fetched == {name.replace("-", "_").replace(".", "_").lower() for name in pinned()}
    assert not [path for path in packages.rglob("*.so") if not package.LOADABLE.search(path.name)]
    assert Path(packages / "azure/functions/__init__.py").exists()
