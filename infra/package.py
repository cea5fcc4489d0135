"""Builds the package that Azure runs, in build/app and build/app.zip: the app and its packages.

    python3 dev.py package

The packages are wheels for Linux and Python 3.13, whatever machine this is, so Azure builds nothing. Only what is
listed here goes into the package. Standard library only.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"

#: What the app consists of. The ignore file goes along because azd, without one, would use rules of its own.
FILES = ("function_app.py", "host.json", "requirements.txt", ".funcignore")
FOLDERS = ("connector", "mappings")
#: What these folders consist of. Whatever else lies there is of the person who works on them: a workbook of a mapping,
#: a file of secrets, a copy of an editor.
KINDS = (".py", ".json", ".po", ".js", ".svg")
#: Where the worker of Azure looks for packages.
PACKAGES = ".python_packages/lib/site-packages"
#: The folder must exist before azd reads azure.yaml, so the repository has it with this file.
KEEP = ".gitkeep"

PYTHON = "3.13"
#: Newest first. The images of Azure Functions for Python 3.13 are Debian 12, which has glibc 2.36.
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
#: A module in C that Python 3.13 loads on Linux.
LOADABLE = re.compile(r"\.(cpython-313-x86_64-linux-gnu|abi3)\.so$")
#: Larger packages start more slowly; this one has 16 MB.
LARGEST = 25_000_000
#: Of every entry in the archive, so that the same content makes the same archive.
DATE = (2020, 1, 1, 0, 0, 0)


def main() -> int:
    """Build the package and say what it holds."""
    staged = stage(BUILD)
    archive = pack(staged, BUILD / "app.zip")
    problems = problems_of(staged, archive)
    for problem in problems:
        print(f"The package is not usable: {problem}", file=sys.stderr)
    if not problems:
        count = sum(1 for _ in contents(staged))
        print(f"{staged.relative_to(ROOT)}: {count} files; {archive.name}: {archive.stat().st_size / 1e6:.1f} MB")
    return int(bool(problems))


def stage(build: Path) -> Path:
    """Copy the app and its packages into the folder `app` of `build`, and nothing else; what was there is removed."""
    staged = build / "app"
    staged.mkdir(parents=True, exist_ok=True)
    for old in staged.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
        elif old.name != KEEP:
            old.unlink()
    for name in FILES:
        shutil.copyfile(ROOT / name, staged / name)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, staged / name, ignore=strangers)
    shutil.copytree(vendored(build), staged / PACKAGES, copy_function=link)
    return staged


def strangers(folder: str, names: "list[str]") -> "set[str]":
    """What is not of the app: links, hidden files, compiled ones, and those of other kinds."""
    found = set()
    for name in names:
        path = Path(folder, name)
        is_ours = path.is_dir() or path.suffix in KINDS
        if path.is_symlink() or name.startswith((".", "~", "__pycache__")) or not is_ours:
            found.add(name)
    return found


def link(source: str, target: str) -> None:
    """Give a file a second name, which costs no space; where that is not possible, copy it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def vendored(build: Path) -> Path:
    """The packages of requirements.txt for Azure; they are fetched once for each version of that file."""
    requirements = ROOT / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    packages, stamp = build / "packages", build / "packages.stamp"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return packages
    stamp.unlink(missing_ok=True)
    shutil.rmtree(packages, ignore_errors=True)
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    # The file pins everything, so no dependency is looked up: pip would do that for this machine and not for Azure.
    wheels = ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", PYTHON, *platforms]
    if subprocess.call([*pip, *wheels, "--target", str(packages), "--requirement", str(requirements)]):
        sys.exit("The packages could not be fetched; see the lines above.")
    shutil.rmtree(packages / "bin", ignore_errors=True)  # commands, which nobody runs in Azure
    stamp.write_text(wanted, encoding="utf-8")
    return packages


def contents(staged: Path) -> "list[Path]":
    """The files of the package, in order."""
    return sorted(path for path in staged.rglob("*") if path.is_file() and path.name != KEEP)


def pack(staged: Path, archive: Path) -> Path:
    """Make the archive that the Azure CLI deploys; the ignore file is not in it."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for path in contents(staged):
            name = path.relative_to(staged).as_posix()
            if name != ".funcignore":
                entry = zipfile.ZipInfo(name, DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                made.writestr(entry, path.read_bytes())
    return archive


def problems_of(staged: Path, archive: Path) -> "list[str]":
    """What would keep the package from running in Azure, a sentence each."""
    problems = []
    for path in contents(staged):
        name = path.relative_to(staged).as_posix()
        if path.name == "pyvenv.cfg":
            problems.append(f"{name} marks a virtual environment, which azd leaves out")
        if path.suffix in (".pyd", ".dylib") or (".so" in path.suffixes and not LOADABLE.search(name)):
            problems.append(f"{name} is not for Python {PYTHON} on Linux")
    missing = [name for name in (*FILES, *FOLDERS, PACKAGES) if not (staged / name).exists()]
    if missing:
        problems.append(f"it lacks {', '.join(missing)}")
    if archive.stat().st_size > LARGEST:
        problems.append(f"the archive is larger than {LARGEST / 1e6:.0f} MB")
    return problems


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
