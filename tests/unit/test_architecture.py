"""Who may use whom, read from the import statements.

function_app → triggers, cli → jobs → sync, pulls → services → mapping → dataverse, spotler, bus, state
                                                                         → http → settings, telemetry, gate → errors
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Each part of the connector and its height; a part uses what is lower, and itself.
HEIGHTS = {
    part: height
    for height, parts in enumerate(
        (
            ("errors",),
            ("settings", "telemetry", "gate"),
            ("governor",),
            ("http",),
            ("dataverse", "spotler", "bus", "state"),
            ("mapping",),
            ("services",),
            ("sync",),
            ("pulls",),
            ("jobs",),
            ("triggers", "cli"),
        )
    )
    for part in parts
}
#: All that the sandbox may know of the connector: names of tables and columns.
CONSTANTS = ("connector.dataverse.names", "connector.dataverse.choices", "connector.dataverse.schema")
#: What a stand-in imitates is talked to over the wire, never through another stand-in.
STAND_INS = {"servicebus", "functions", "dataverse", "spotler", "leads"}
LONGEST = 400


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path) -> Iterator[str]:
    """The modules that a file imports anywhere, inside functions and for type checking too."""
    module = module_of(file)
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def part_of(module: str) -> str:
    """The part below `connector` or `sandbox`; empty for the package itself."""
    return module.partition(".")[2].partition(".")[0]


def is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


CONNECTOR, SANDBOX = files("connector"), files("sandbox")
EACH_OF_CONNECTOR = pytest.mark.parametrize("file", CONNECTOR, ids=module_of)
EACH_OF_SANDBOX = pytest.mark.parametrize("file", SANDBOX, ids=module_of)


def test_every_part_of_the_connector_has_its_height():
    parts = {part_of(module_of(file)) for file in CONNECTOR} - {"", "__main__"}

    assert parts <= HEIGHTS.keys()


@EACH_OF_CONNECTOR
def test_the_connector_uses_only_what_is_lower(file):
    own = part_of(module_of(file))
    top = max(HEIGHTS.values()) + 1  # `connector/__main__.py` is above all
    used = {part_of(each) for each in imports(file) if is_in(each, ("connector",))} - {"", own}

    assert {part for part in used if HEIGHTS[part] >= HEIGHTS.get(own, top)} == set()


@EACH_OF_CONNECTOR
def test_the_connector_never_uses_the_sandbox_or_the_tests(file):
    assert [each for each in imports(file) if is_in(each, ("sandbox", "tests"))] == []


@EACH_OF_SANDBOX
def test_the_sandbox_uses_only_constants_of_the_connector(file):
    assert [each for each in imports(file) if is_in(each, ("connector", "tests")) and not is_in(each, CONSTANTS)] == []


@EACH_OF_SANDBOX
def test_stand_ins_do_not_know_each_other(file):
    own = part_of(module_of(file))
    others = STAND_INS - {own} if own in STAND_INS else set()

    assert {part_of(each) for each in imports(file) if is_in(each, ("sandbox",))} & others == set()


def test_what_azure_loads_registers_triggers_and_nothing_else():
    used = [each for each in imports(ROOT / "function_app.py") if is_in(each, ("connector",))]

    assert {part_of(each) for each in used} == {"triggers"}


def test_dev_py_needs_nothing_but_the_standard_library():
    import sys

    assert {each.partition(".")[0] for each in imports(ROOT / "dev.py")} <= sys.stdlib_module_names


@pytest.mark.parametrize("file", [*CONNECTOR, *SANDBOX, ROOT / "dev.py", ROOT / "function_app.py"], ids=module_of)
def test_a_module_is_one_idea(file):
    text = file.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "it does not say what it is for"


def test_no_modules_of_the_connector_need_each_other():
    """Of two modules that import each other when they are loaded, one would be loaded half."""
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
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


# The reading of imports itself


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import connector.bus", ["connector.bus"]),
        ("from connector import bus, http", ["connector.bus", "connector.http"]),
        ("def f():\n    from connector.jobs.tags import AddTag", ["connector.jobs.tags.AddTag"]),
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
