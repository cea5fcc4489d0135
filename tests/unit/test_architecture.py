"""Who may use whom, read from the import statements.

triggers, cli → gauges, setup → jobs → operations → pulls → plans → sync → routing → services → mapping → consent
              → dataverse, spotler, servicebus, state → http → settings, telemetry, due
              → errors, outcomes, problem_log, threads → words

* `routing` is below `jobs`, `operations` and `sync`, because all of them name subscriptions, and what waits goes back
  as an item.
* `pulls` are above `sync`, because what they read changes records, and below `operations`, because Refresh Automations
  and Refresh Permissions do at once what the timers do.
* `mapping` is above `consent`, because what is sent of a record depends on the decision about it.
* `services` are the clients and the mapping of a process. They are above what they hold and below who uses them.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Each part of the connector and its height; a part uses what is lower, and itself.
HEIGHTS = {
    part: height
    for height, parts in enumerate(
        (
            ("words",),
            ("errors", "outcomes", "problem_log", "threads"),
            ("settings", "telemetry", "due"),
            ("http",),
            ("dataverse", "spotler", "servicebus", "state"),
            ("consent",),
            ("mapping",),
            ("services",),
            ("routing", "health"),
            ("sync",),
            ("plans",),
            ("pulls", "reconcile"),
            ("operations",),
            ("jobs",),
            ("gauges", "setup"),
            ("doctor",),
            ("triggers", "cli"),
        )
    )
    for part in parts
}
#: All that the sandbox may know of the connector: names of tables and columns.
CONSTANTS = ("connector.dataverse.names", "connector.dataverse.choices", "connector.dataverse.schema")
#: What a stand-in imitates is talked to over the wire, never through another stand-in.
STAND_INS = {"servicebus", "functions", "dataverse", "spotler", "leads", "telemetry"}
LONGEST = 300


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def syntax(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    """All that a file consists of."""
    return tuple(ast.walk(syntax(file)))


@cache
def imports(file: Path) -> tuple[str, ...]:
    """The modules that a file imports anywhere, inside functions and for type checking too."""
    module = module_of(file)
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found: list[str] = []
    for node in nodes(file):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            found += (f"{origin}.{alias.name}" for alias in node.names)
    return tuple(found)


def part_of(module: str) -> str:
    """The part below `connector` or `sandbox`; empty for the package itself."""
    return module.partition(".")[2].partition(".")[0]


def is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def breaches(files: list[Path], breach: Callable[[Path], Collection[str]]) -> dict[str, Collection[str]]:
    """The files that break a rule, with what they should not use."""
    return {module_of(file): found for file in files if (found := breach(file))}


CONNECTOR, SANDBOX = files("connector"), files("sandbox")


def test_every_part_of_the_connector_has_its_height():
    parts = {part_of(module_of(file)) for file in CONNECTOR} - {"", "__main__"}

    assert parts <= HEIGHTS.keys()


def test_the_connector_uses_only_what_is_lower():
    def higher(file: Path) -> set[str]:
        own = part_of(module_of(file))
        height = HEIGHTS.get(own, len(HEIGHTS))  # `connector/__main__.py` is above all
        used = {part_of(each) for each in imports(file) if is_in(each, ("connector",))} - {"", own}
        return {part for part in used if HEIGHTS[part] >= height}

    assert breaches(CONNECTOR, higher) == {}


def test_the_connector_never_uses_the_sandbox_or_the_tests():
    assert breaches(CONNECTOR, lambda file: [each for each in imports(file) if is_in(each, ("sandbox", "tests"))]) == {}


def test_the_sandbox_uses_only_constants_of_the_connector():
    def more(file: Path) -> list[str]:
        ours = [each for each in imports(file) if is_in(each, ("connector", "tests"))]
        return [each for each in ours if not is_in(each, CONSTANTS)]

    assert breaches(SANDBOX, more) == {}


def test_stand_ins_do_not_know_each_other():
    def others(file: Path) -> set[str]:
        own = part_of(module_of(file))
        known = {part_of(each) for each in imports(file) if is_in(each, ("sandbox",))}
        return known & (STAND_INS - {own}) if own in STAND_INS else set()

    assert breaches(SANDBOX, others) == {}


def test_the_console_reaches_the_stand_ins_only_from_outside():
    files = [file for file in SANDBOX if part_of(module_of(file)) == "console"]
    known = {part_of(each) for file in files for each in imports(file) if is_in(each, ("sandbox",))}

    assert files
    assert known & STAND_INS == set()


def test_what_azure_loads_registers_triggers_and_nothing_else():
    used = [each for each in imports(ROOT / "function_app.py") if is_in(each, ("connector",))]

    assert {part_of(each) for each in used} == {"triggers"}


def test_dev_py_needs_nothing_but_the_standard_library():
    assert {each.partition(".")[0] for each in imports(ROOT / "dev.py")} <= sys.stdlib_module_names


def test_a_module_is_one_idea_and_says_which():
    modules = [*CONNECTOR, *SANDBOX, ROOT / "dev.py", ROOT / "function_app.py"]

    assert [str(file) for file in modules if len(file.read_text(encoding="utf-8").splitlines()) > LONGEST] == []
    assert [str(file) for file in modules if not ast.get_docstring(syntax(file))] == []


def test_a_name_means_one_class_in_the_whole_connector():
    """Whoever reads a name need not look at the imports to know which class it is."""
    homes = defaultdict(list)
    for file in CONNECTOR:
        for node in nodes(file):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(module_of(file))

    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_no_modules_of_the_connector_need_each_other():
    """Of two modules that import each other when they are loaded, one would see only a part of the other."""
    known = {module_of(file) for file in CONNECTOR}
    needs = {
        module_of(file): {
            each if each in known else each.rpartition(".")[0] for each in imports_when_loaded(file)
        } & known - {module_of(file)}
        for file in CONNECTOR
    }  # fmt: skip
    while free := {module for module, needed in needs.items() if not needed & needs.keys()}:
        needs = {module: needed for module, needed in needs.items() if module not in free}

    assert needs == {}


def imports_when_loaded(file: Path) -> Iterator[str]:
    """The modules that a file imports at its top, other than for type checking."""
    for node in syntax(file).body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


# The reading of imports itself


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import connector.servicebus.bus", ["connector.servicebus.bus"]),
        ("from connector import state, http", ["connector.state", "connector.http"]),
        ("def f():\n    from connector.operations.tags import AddTag", ["connector.operations.tags.AddTag"]),
        ("from . import rows", ["connector.dataverse.rows"]),
        ("from ..jobs import tags", ["connector.jobs.tags"]),
        ("if TYPE_CHECKING:\n    import sandbox", ["sandbox"]),
        ("x = 1", []),
    ],
)
def test_imports_are_found_wherever_they_stand(tmp_path, monkeypatch, text, found):
    file = tmp_path / "connector" / "dataverse" / "invented.py"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)

    assert list(imports(file)) == found


def test_texts_are_cut_for_dataverse_as_it_counts():
    """A slice counts an emoji as one; Dataverse counts two, and refuses the row (`connector.dataverse.texts.cut`)."""
    found = {
        file.name: slices
        for file in files("connector")
        if (slices := re.findall(r"\[:\s?\w*LENGTH.*", file.read_text(encoding="utf-8")))
    }

    assert found.keys() == {"export.py"}, "telemetry is no row"
