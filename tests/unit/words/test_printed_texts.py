"""What the command line and the set-up print for people comes from the catalogue, and is not written beside it.

A text is printed by `say`, `put`, `refuse`, `headed` or `add_row` of `connector.cli.output`; one that is made elsewhere
is a `Sentence`. A text that is none of these, and is no exception below, would stay English for Dutch readers.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from infra.words.catalogue import ROOT, collected

FOLDERS = ("connector/cli", "connector/setup")
#: Two words side by side, as a text for people has them.
WORDS = re.compile(r"[A-Za-z]{2,}[,;:.]? [A-Za-z]{2,}")
#: What prints its arguments as they are: they must not be text.
PRINTERS = {"typer.echo", "Table", "table.add_row", "shown.add_row", "console().print", "out.print"}
#: The help of commands and options is English, as their names are; docs/command-line.md shows it.
HELP = {"typer.Option", "typer.Argument", "typer.Typer", "_commands"}

#: Files that write a page or a file in a fixed language.
PAGES = {
    "connector/cli/codes.py": "docs/codes.md, which is English; its sentences come from the errors",
    "connector/cli/results_page.py": "docs/marketers/results.md, which has both languages side by side",
    "connector/cli/setup_contents.py": "docs/administrators/dataverse-contents.md, which is English",
    "connector/setup/interface/definitions.py": "a script for Dataverse",
}
#: Texts for machines, by what they look like.
FOR_MACHINES = {
    r"^\n<fetch |\$(select|filter)=| (eq|and) |^_": "queries of Dataverse",
    r"^\| |^union ": "queries of the log, to be pasted as they are",
    r"^dict\[": "a type",
    r"^saskey has not|^(could )?not (be )?found$": "what Dataverse says in a system job",
}
#: Texts that are names, by the place where they stand.
NAMES = {
    "web resource {}": "the name of a component",
    "default view {}": "what an app shows, in a plan",
    "no errors": "what Dataverse should find in an app, in a plan beside what it found",
    "Record Id": "the heading of a sheet, by which it is recognised when it is read",
    "Spotler Connector": "the name of the application user in Dataverse",
    "{} is not made as a column": "an error that only a developer sees",
    "navigation to {}": "a property of a lookup in a plan, as Dataverse calls it",
    "cascade of {}: {}": "a property of a relationship in a plan, as Dataverse calls it",
    "state of {}": "a property of a status reason in a plan, as Dataverse calls it",
}


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    files = (file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py")))
    return tuple(_module(file) for file in files)


def _module(file: Path) -> tuple[str, ast.Module]:
    return file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text of a module that is no docstring, no help and no name of a kind, with its line."""
    left_out = {id(part) for node in ast.walk(tree) for part in _not_printed(node)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
            yield node.lineno, "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _not_printed(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Module() | ast.ClassDef() | ast.FunctionDef() if ast.get_docstring(node) is not None:
            yield node.body[0].value
        case ast.Call() if ast.unparse(node.func) in HELP:
            yield from ast.walk(node)
        case ast.Assign(targets=[ast.Name("kind")]):  # what people name a component by: setup remove --also
            yield node.value


def is_exception(file: str, text: str) -> bool:
    return file in PAGES or text in NAMES or any(re.search(pattern, text) for pattern in FOR_MACHINES)


def test_every_text_of_several_words_is_in_the_catalogue():
    known = {text for each in collected().messages for text in (each.text, each.plural)}
    unknown = [
        f"{file}:{line}: {text[:80]}"
        for file, tree in modules()
        for line, text in texts(tree)
        if WORDS.search(text) and text not in known and not is_exception(file, text)
    ]

    assert unknown == [], "make each a Sentence, or an exception with its reason"


def test_nothing_is_printed_that_was_not_put_into_the_language():
    printed = [
        f"{file}:{node.lineno}: {ast.unparse(node)[:80]}"
        for file, tree in modules()
        if file not in PAGES
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PRINTERS
        for argument in node.args
        if any(map(str.isalpha, _literal(argument)))
    ]

    assert printed == []


def _literal(node: ast.expr) -> str:
    """The text of an argument itself; what a function makes of a text is not meant."""
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr():
            return "".join(part.value for part in node.values if isinstance(part, ast.Constant))
        case ast.BinOp():
            return _literal(node.left) + _literal(node.right)
        case ast.IfExp():
            return _literal(node.body) + _literal(node.orelse)
        case _:
            return ""


@pytest.mark.parametrize(
    ("kind", "exceptions"),
    [("file", PAGES), ("text", NAMES), ("pattern", FOR_MACHINES)],
    ids=lambda each: str(each)[:7],
)
def test_every_exception_is_still_needed(kind, exceptions):
    seen = [(file, text) for file, tree in modules() for _, text in texts(tree) if WORDS.search(text)]
    needed = {
        "file": {file for file, _ in seen},
        "text": {text for _, text in seen},
        "pattern": {pattern for pattern in FOR_MACHINES if any(re.search(pattern, text) for _, text in seen)},
    }

    assert exceptions.keys() - needed[kind] == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('typer.echo(f"{count} records")', ["{} records"]),
        ('say("Nothing was found.")', ["Nothing was found."]),
        ('def f():\n    """Help of it."""', []),
        ('x = typer.Option(help="Print it.")', []),
    ],
)
def test_texts_are_found_wherever_they_stand(source, found):
    assert [text for _, text in texts(ast.parse(source))] == found
