"""The messages that are in the source, read from its syntax: no module is loaded.

A message is what is given to something that makes one:

    Sentence("{count} tags", ...)        explicitly, the only way for one with values
    Invalid("The job has no tag.")      an error: its sentence, its advice, and those of its class
    Done("It was stopped.", post=...)   and the others of `MAKERS`

An f-string there, or text that is put together, cannot be translated: that is a mistake, which is reported.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

#: Which positions of a call are messages, and which keywords.
type Maker = tuple[tuple[int, ...], tuple[str, ...]]

#: What a class of errors is called where a variable holds it.
_VARIABLES: Final = frozenset({"cls", "family", "fault", "kind", "lost"})
_OF_ERRORS: Final[Maker] = ((0,), ("sentence", "advice", "on_row"))
#: What makes messages besides errors.
MAKERS: Final[dict[str, Maker]] = {
    "Sentence": ((0,), ("plural",)),
    "Sentence.of": ((0,), ()),
    "marked": ((0,), ()),
    "Sentence.joined": ((0, 1, 2, 3, 4), ()),
    "error.with_advice": ((0,), ()),
    "Meaning": ((0, 1), ("sentence", "advice")),
    "Done": ((0,), ("message", "post")),
    "Continue": ((0,), ("progress",)),
    "put": ((0,), ()),
    "headed": (tuple(range(12)), ()),
    "progress": ((0,), ()),
    "Ignore": ((0,), ()),
    "Told": ((0, 1), ()),
    "Finding": ((0, 1, 2), ("where", "why", "remedy")),
    "Problem": ((1,), ()),
    "StoredValueUnreadable.of": ((1,), ()),
    "Malformed.member": ((1,), ()),
    "problem": ((1,), ()),
    "say": ((0,), ()),
    "refuse": ((0,), ()),
    "ok": ((0,), ()),
    "failed": ((0, 1), ()),
    "warning": ((0, 1), ()),
    "not_checked": ((0,), ()),
    "self.warn": ((0,), ()),
    "draft.warn": ((0,), ()),
    "Sent": ((1,), ("message",)),
    "Sent.of": ((1,), ("message",)),
}
#: Enums whose values people read.
ENUMS: Final = frozenset(
    {
        "Applied",
        "AudienceState",
        "Becomes",
        "DoctorVerdict",
        "Effect",
        "FindingKind",
        "Reason",
        "RemovalAction",
        "SetupAction",
        "Undone",
    }
)
#: Base of all errors; what is derived from it, by name, makes messages too.
ERROR: Final = "ConnectorError"


@dataclass(frozen=True, slots=True)
class Found:
    """A message of the source.

    Attributes:
        text: in English; with names in braces where it has values.
        plural: the same for several; empty if there is one form.
        place: file and line.
        advice: what is said after it in the same place; empty if nothing is.
    """

    text: str
    place: str
    plural: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found.

    Attributes:
        messages: in the order of the source.
        mistakes: what cannot be translated, a sentence each.
    """

    messages: tuple[Found, ...]
    mistakes: tuple[str, ...]


def collect(files: Iterable[tuple[str, str]]) -> Collected:
    """The messages of some modules: the name and the text of each."""
    trees = {name: ast.parse(text) for name, text in files}
    errors = _advices(trees.values())
    messages: list[Found] = []
    mistakes: list[str] = []
    for name, tree in trees.items():
        reader = _Reader(name, tree, errors)
        messages += reader.read()
        mistakes += reader.mistakes
    return Collected(tuple(messages), tuple(mistakes))


def source_files(root: Path, folders: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The modules of some folders or files, by name from the root."""
    for folder in folders:
        place = root / folder
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")


def _advices(trees: Iterable[ast.Module]) -> Mapping[str, str]:
    """The usual advice of every error, by the name of its class: its own, or that of its base."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {ERROR: ""}
    while more := {
        each.name: _own_advice(each) or next(found[base] for base in map(_name, each.bases) if base in found)
        for each in classes
        if each.name not in found and any(_name(base) in found for base in each.bases)
    }:
        found |= more
    return found


def _own_advice(node: ast.ClassDef) -> str:
    for each in node.body:
        match each:
            case ast.Assign(targets=[ast.Name("advice")], value=ast.Constant(str(text))):
                return text
    return ""


class _Reader:
    """Reads one module."""

    def __init__(self, name: str, tree: ast.Module, errors: Mapping[str, str]) -> None:
        self._name, self._tree, self._errors = name, tree, errors
        self._assigned: dict[str, list[ast.expr]] = {}
        self.mistakes: list[str] = []
        for node in ast.walk(tree):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(name)], value=value)
                    | ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value)
                ):
                    self._assigned.setdefault(name, []).append(value)

    def read(self) -> Iterator[Found]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ClassDef) and node.name in self._errors:
                yield from self._of_class(node)
            elif isinstance(node, ast.ClassDef) and node.name in ENUMS:
                for each in node.body:
                    yield from self._texts(each.value) if isinstance(each, ast.Assign) else ()
            elif isinstance(node, ast.Call):
                yield from self._of_call(node)
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _name(node.exc.func) in _VARIABLES:
                yield from (found for value in node.exc.args[:1] for found in self._texts(value))

    def _of_class(self, node: ast.ClassDef) -> Iterator[Found]:
        sentence = (ast.get_docstring(node) or "").split("\n", maxsplit=1)[0]
        yield Found(sentence, self._place(node), advice=self._errors[node.name])
        yield Found(_own_advice(node), self._place(node))

    def _of_call(self, node: ast.Call) -> Iterator[Found]:
        name = _name(node.func)
        maker = _OF_ERRORS if name.rpartition(".")[2] in self._errors else MAKERS.get(name)
        if maker is None:
            return
        positions, keywords = maker
        given = [node.args[place] for place in positions if place < len(node.args)]
        named = {each.arg: each.value for each in node.keywords if each.arg in keywords}
        if name == "Sentence":
            yield from self._of_message(node, named.get("plural"))
            return
        advice = self._errors.get(name.rpartition(".")[2], "")
        if "advice" in named:
            advice = "".join(found.text for found in self._texts(named["advice"]))
        if "on_row" in named:
            for value in given:
                yield from self._texts(value)
            given = [named.pop("on_row")]
        for value in given:
            inner = value.args[0] if isinstance(value, ast.Call) and _name(value.func) == "Sentence" else value
            yield from (replace(found, advice=advice) for found in self._texts(inner))
        for value in named.values():
            yield from self._texts(value)

    def _of_message(self, node: ast.Call, plural: ast.expr | None) -> Iterator[Found]:
        several = "".join(found.text for found in self._texts(plural)) if plural else ""
        for value in node.args[:1]:
            yield from (replace(found, plural=several) for found in self._texts(value))

    def _texts(self, value: ast.expr, *, follow: bool = True) -> Iterator[Found]:
        """The texts that an expression can be."""
        match value:
            case ast.Constant(str(text)):
                if text:
                    yield Found(text, self._place(value))
            case ast.JoinedStr() | ast.BinOp() if _has_words(value):
                self.mistakes.append(
                    f"{self._place(value)}: {ast.unparse(value)[:80]} cannot be translated; write "
                    'Sentence("... {name} ...", name=value), or Sentence.joined(one, other)'
                )
            case ast.Name(name) | ast.Attribute(value=ast.Name("self"), attr=name) if follow:
                for each in self._assigned.get(name, ()):
                    yield from self._texts(each, follow=False)
            case ast.IfExp() | ast.BoolOp() | ast.Dict():
                for each in (value.body, value.orelse) if isinstance(value, ast.IfExp) else value.values:
                    yield from self._texts(each)
            case _:
                return

    def _place(self, node: ast.expr | ast.ClassDef) -> str:
        return f"{self._name}:{node.lineno}"


def _has_words(value: ast.expr) -> bool:
    """Whether an expression has text of its own, and not only marks between values."""
    texts = (node.value for node in ast.walk(value) if isinstance(node, ast.Constant))
    return any(isinstance(text, str) and any(map(str.isalpha, text)) for text in texts)


def _name(node: ast.expr) -> str:
    """The dotted name of an expression; empty if it has none."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{_name(value)}.{attribute}".lstrip(".")
        case _:
            return ""
