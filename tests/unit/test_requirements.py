"""What Azure installs is pinned to the last package, and nothing is pinned that nobody asks for."""

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNTIME, DEVELOPMENT = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
#: The line below which requirements.txt lists what its direct packages bring along.
BROUGHT_ALONG = "# What these bring along"
PIN = re.compile(r"([A-Za-z0-9._-]+)==([0-9][0-9A-Za-z.+!-]*)")


def lines(text: str) -> list[str]:
    """The requirements, without comments, blanks and the line that includes the other file."""
    bare = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in bare if line and not line.startswith("-r ")]


def pins(text: str) -> dict[str, str]:
    found = {}
    for line in lines(text):
        match = PIN.fullmatch(line)
        assert match, f"{line} is not an exact pin"
        name = canonicalize_name(match[1])
        assert name not in found, f"{name} is pinned twice"
        found[name] = match[2]
    return found


def closure(names: set[str]) -> set[str]:
    """These packages and all that they require on this platform, as the installed ones say."""
    found: set[str] = set()
    waiting = [(canonicalize_name(name), "") for name in names]
    seen = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found.add(name)
        for text in distribution(name).requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                wanted = canonicalize_name(requirement.name)
                waiting += [(wanted, each) for each in ("", *requirement.extras)]
    return found


DIRECT, _, TRANSITIVE = RUNTIME.read_text().partition(BROUGHT_ALONG)


def test_the_direct_packages_and_what_they_bring_along_are_pinned_and_nothing_else_is():
    assert set(pins(RUNTIME.read_text())) == closure(set(pins(DIRECT)))


def test_every_direct_package_says_what_it_is_for():
    bare = [line for line in DIRECT.splitlines() if line and not line.startswith("#") and "#" not in line]

    assert bare == []


@pytest.mark.parametrize("file", [RUNTIME, DEVELOPMENT], ids=lambda file: file.name)
def test_the_tests_run_on_exactly_what_is_pinned(file):
    installed = {}
    for name in pins(file.read_text()):
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            installed[name] = None

    assert installed == pins(file.read_text())


def test_development_adds_to_the_runtime_and_pins_nothing_twice():
    text = DEVELOPMENT.read_text()

    assert "-r requirements.txt" in text.splitlines()
    assert set(pins(text)).isdisjoint(pins(RUNTIME.read_text()))


#: Modules of the namespace package `azure`, by the package that brings each.
AZURE = {
    "azure.functions": "azure-functions",
    "azure.servicebus": "azure-servicebus",
    "azure.identity": "azure-identity",
    "azure.core": "azure-core",
    "azure.monitor": "azure-monitor-opentelemetry-exporter",
    "azure.storage": "azure-storage-blob",
}
#: What others load: Azure the engine, azure-identity msal, zoneinfo tzdata.
LOADED_BY_OTHERS = {"azure-functions-runtime", "msal", "tzdata"}


def packages_of(module: str, distributions: dict[str, list[str]]) -> set[str]:
    """The packages that may have brought a module; none for the standard library, its types and the connector."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("connector", "_typeshed"):
        return set()
    if top == "azure":
        return {AZURE[".".join(module.split(".")[:2])]}
    return {canonicalize_name(each) for each in distributions[top]}


@pytest.fixture(scope="module")
def imported() -> dict[str, set[str]]:
    """What the connector imports: modules, and the packages that may have brought each."""
    modules = set()
    for file in [ROOT / "function_app.py", *(ROOT / "connector").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules.add(node.module)
    distributions = packages_distributions()
    return {module: found for module in modules if (found := packages_of(module, distributions))}


def test_every_package_that_the_connector_imports_is_a_direct_one(imported):
    """A package that only comes along may go away with the next version of the one that brought it."""
    direct = set(pins(DIRECT))

    assert {module for module, packages in imported.items() if not packages & direct} == set()


def test_every_direct_package_is_used(imported):
    used = set().union(*imported.values())

    assert set(pins(DIRECT)) - used == LOADED_BY_OTHERS
