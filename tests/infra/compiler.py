"""What the compiler of Bicep refuses although the values are right.

* Names, scopes, conditions and what loops run over must be known when a deployment starts, so they cannot read what
  Azure makes during it (BCP120, BCP177, BCP178).
* A loop is the whole value of a declaration or property, never a part of an expression (BCP138).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Final

from tests.infra.syntax import File
from tests.infra.tree import (
    Array,
    Binary,
    Call,
    Choice,
    Conditional,
    Index,
    Lambda,
    Loop,
    Member,
    Module,
    Name,
    Object,
    Resource,
    Text,
    Unary,
    Variable,
)

#: What is known of a resource before it is made.
KNOWN: Final = frozenset({"id", "name", "type", "apiVersion"})


def refusals(file: File) -> list[str]:
    """What the compiler would refuse in a file, a sentence each."""
    late = [
        f"{file.path.name}: {each.name} needs {what} too early"
        for each in (*file.of_kind(Resource), *file.of_kind(Module))
        for needed in _at_the_start(each.body)
        for what in _late(needed, file)
    ]
    loops = [f"{file.path.name}: a loop is a part of an expression" for _ in _misplaced(file.declarations)]
    return late + loops


def _at_the_start(body: object) -> Iterator[object]:
    """The expressions of a declaration that must be known at the start."""
    match body:
        case Loop(_, _, over, inner):
            yield over
            yield from _at_the_start(inner)
        case Conditional(condition, inner):
            yield condition
            yield from _at_the_start(inner)
        case Object():
            yield from filter(None, (body.entry(name) for name in ("name", "scope")))


def _late(node: object, file: File) -> Iterator[str]:
    """What an expression reads that only the deployment makes, also by way of variables."""
    declarations = {each.name: each for each in file.declarations}
    match node:
        case Member(Name(name), member) | Member(Index(Name(name), _), member):
            of = declarations.get(name)
            if (isinstance(of, Resource) and member not in KNOWN) or (isinstance(of, Module) and member == "outputs"):
                yield f"{name}.{member}"
            elif isinstance(of, Variable):
                yield from _late(of.value, file)
        case Name(name) if isinstance(variable := declarations.get(name), Variable):
            yield from _late(variable.value, file)
        case _:
            for part in _parts(node):
                yield from _late(part, file)


def _misplaced(node: object, *, inside: bool = False) -> Iterator[Loop]:
    if isinstance(node, Loop) and inside:
        yield node
    deeper = inside or isinstance(node, (Call, Choice, Binary, Unary, Lambda, Text, Member, Index, Array))
    for part in _parts(node):
        yield from _misplaced(part, inside=deeper)


def _parts(node: object) -> Iterator[object]:
    if isinstance(node, tuple):
        yield from node
    elif is_dataclass(node):
        yield from (getattr(node, each.name) for each in fields(node))
