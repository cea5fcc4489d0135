"""A Bicep file as declarations and expressions.

File ─ Parameter, Variable, Resource, Module, Output
expression ─ Literal, Text, Array, Object, Loop, Conditional, Name, Member, Index, Call, Lambda, Unary, Binary, Choice
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.infra.lexer import BicepError, Token, tokens
from tests.infra.tree import (
    Array,
    Binary,
    Call,
    Choice,
    Conditional,
    Declaration,
    Expression,
    Index,
    Lambda,
    Literal,
    Loop,
    Member,
    Module,
    Name,
    Object,
    Output,
    Parameter,
    Resource,
    Text,
    Unary,
    Variable,
)

#: How strongly operators bind; 1 is the weakest.
BINDING: Final = {
    **dict.fromkeys(("??",), 1),
    **dict.fromkeys(("||",), 2),
    **dict.fromkeys(("&&",), 3),
    **dict.fromkeys(("==", "!=", "=~", "!~"), 4),
    **dict.fromkeys(("<", "<=", ">", ">="), 5),
    **dict.fromkeys(("+", "-"), 6),
    **dict.fromkeys(("*", "/", "%"), 7),
}
WORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read."""

    path: Path
    scope: str
    declarations: tuple[Declaration, ...]

    def of_kind[K: Declaration](self, kind: type[K]) -> tuple[K, ...]:
        """Its declarations of one kind."""
        return tuple(each for each in self.declarations if isinstance(each, kind))


def read(path: Path) -> File:
    """Read a file.

    Raises:
        BicepError: it is not valid Bicep, or uses what this reader does not know.
    """
    return parse(path.read_text(encoding="utf-8"), path)


@cache
def parse(text: str, path: Path) -> File:
    """As `read`, for a text; each text is parsed once."""
    scope, declarations = "resourceGroup", []
    for declaration in _Parser(tokens(text, path.name), path.name).declarations():
        if isinstance(declaration, str):
            scope = declaration
        else:
            declarations.append(declaration)
    return File(path, scope, tuple(declarations))


def names_in(node: object) -> Iterator[Name]:
    """Every name that an expression or a declaration reads, those of its own parameters included."""
    if isinstance(node, Name):
        yield node
    elif is_dataclass(node):
        for each in fields(node):
            yield from names_in(getattr(node, each.name))
    elif isinstance(node, tuple):
        for each in node:
            yield from names_in(each)


class _Parser:
    def __init__(self, found: Sequence[Token], file: str) -> None:
        self.tokens, self.file, self.at = found, file, 0

    # Tokens

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def fail(self, wanted: str) -> BicepError:
        return BicepError(
            f"{self.file}:{self.next.line}: expected {wanted}, found {self.next.value or self.next.kind!r}"
        )

    def take(self, kind: str) -> Token:
        if self.next.kind != kind:
            raise self.fail(kind)
        self.at += 1
        return self.tokens[self.at - 1]

    def skip(self, kind: str) -> bool:
        if self.next.kind == kind:
            self.at += 1
            return True
        return False

    def skip_lines(self) -> None:
        while self.skip("newline"):
            pass

    def word(self) -> str:
        return str(self.take("name").value)

    def skip_word(self, word: str) -> bool:
        if self.next.kind == "name" and self.next.value == word:
            self.at += 1
            return True
        return False

    # Declarations

    def declarations(self) -> Iterator[Declaration | str]:
        self.skip_lines()
        while self.next.kind != "end":
            yield self._declaration()
            if self.next.kind != "end":
                self.take("newline")
            self.skip_lines()

    def _declaration(self) -> Declaration | str:
        decorators: list[Call] = []
        while self.skip("@"):
            decorator = self.expression()
            if not isinstance(decorator, Call):
                raise self.fail("a decorator")
            decorators.append(decorator)
            self.skip_lines()
        line, keyword = self.next.line, self.word()
        if keyword == "targetScope":
            self.take("=")
            return self._plain_text()
        name = self.word()
        match keyword:
            case "param":
                kind = self._type()
                default = self.expression() if self.skip("=") else None
                return Parameter(name, kind, default, tuple(decorators))
            case "var":
                self.take("=")
                return Variable(name, self.expression())
            case "output":
                kind = self._type()
                self.take("=")
                return Output(name, kind, self.expression(), tuple(decorators))
            case "resource":
                kind = self._plain_text()
                existing = self.skip_word("existing")
                self.take("=")
                return Resource(name, kind, existing, self._body(), line)
            case "module":
                file = self._plain_text()
                self.take("=")
                return Module(name, file, self._body(), line)
        raise BicepError(f"{self.file}:{line}: unknown declaration {keyword}")

    def _type(self) -> str:
        kind = self.word()
        while self.next.kind in ("[", "]", "?"):
            kind += str(self.take(self.next.kind).value)
        return kind

    def _plain_text(self) -> str:
        match self.take("text").value:
            case (str(text),):
                return text
        raise self.fail("a text without insertions")

    def _body(self) -> Expression:
        if self.skip_word("if"):
            return self._if()
        return self.expression()

    def _if(self) -> Conditional:
        self.take("(")
        condition = self.expression()
        self.take(")")
        return Conditional(condition, self.expression())

    # Expressions

    def expression(self) -> Expression:
        condition = self._binary(1)
        before = self.at
        self.skip_lines()
        if not self.skip("?"):
            self.at = before
            return condition
        self.skip_lines()
        yes = self.expression()
        self.skip_lines()
        self.take(":")
        self.skip_lines()
        return Choice(condition, yes, self.expression())

    def _binary(self, binding: int) -> Expression:
        left = self._unary()
        while (strength := BINDING.get(self.next.kind, 0)) >= binding:
            sign = self.take(self.next.kind).kind
            self.skip_lines()
            left = Binary(sign, left, self._binary(strength + 1))
        return left

    def _unary(self) -> Expression:
        for sign in ("!", "-"):
            if self.skip(sign):
                return Unary(sign, self._unary())
        return self._suffixes(self._primary())

    def _suffixes(self, of: Expression) -> Expression:
        while True:
            if self.next.kind in (".", ".?"):
                optional = self.take(self.next.kind).kind == ".?"
                of = Member(of, self.word(), optional)
            elif self.next.kind in ("[", "[?"):
                optional = self.take(self.next.kind).kind == "[?"
                of = Index(of, self.expression(), optional)
                self.take("]")
            elif self.next.kind == "(":
                of = Call(of, self._list("(", ")"))
            elif not self.skip("!"):  # "not null" says nothing to us
                return of

    def _primary(self) -> Expression:  # noqa: PLR0911 - one case for each kind of expression
        match self.next.kind:
            case "number":
                return Literal(self.take("number").value)
            case "text":
                return self._text(self.take("text"))
            case "{":
                return self._object()
            case "[":
                return self._array()
            case "(":
                return self._parenthesis()
            case "name":
                token = self.take("name")
                if token.value in WORDS:
                    return Literal(WORDS[str(token.value)])
                if self.skip("=>"):
                    return Lambda((str(token.value),), self.expression())
                return Name(str(token.value), token.line)
        raise self.fail("an expression")

    def _text(self, token: Token) -> Expression:
        parts = tuple(
            Literal(part) if isinstance(part, str) else _Parser(part, self.file).whole()
            for part in token.value  # type: ignore[attr-defined]
            if part != ""
        )
        if not parts:
            return Literal("")
        return parts[0] if len(parts) == 1 and isinstance(parts[0], Literal) else Text(parts)

    def whole(self) -> Expression:
        """The one expression that all tokens make."""
        found = self.expression()
        self.take("end")
        return found

    def _parenthesis(self) -> Expression:
        start = self.at
        items = self._list("(", ")")
        if self.skip("=>"):
            if not all(isinstance(item, Name) for item in items):
                raise self.fail("names of parameters")
            return Lambda(tuple(item.name for item in items if isinstance(item, Name)), self.expression())
        if len(items) != 1:
            self.at = start
            raise self.fail("one expression in parentheses")
        return items[0]

    def _list(self, opening: str, closing: str) -> tuple[Expression, ...]:
        self.take(opening)
        items = []
        self.skip_lines()
        while not self.skip(closing):
            items.append(self.expression())
            separated = self.skip(",") or self.next.kind == "newline"
            self.skip_lines()
            if not separated and self.next.kind != closing:
                raise self.fail(f"a separator or {closing}")
        return tuple(items)

    def _array(self) -> Expression:
        start = self.at
        self.take("[")
        self.skip_lines()
        if not self.skip_word("for"):
            self.at = start
            return Array(self._list("[", "]"))
        if self.skip("("):
            item = self.word()
            self.take(",")
            number = self.word()
            self.take(")")
        else:
            item, number = self.word(), None
        if not self.skip_word("in"):
            raise self.fail("in")
        over = self.expression()
        self.take(":")
        body = self._body()
        self.skip_lines()
        self.take("]")
        return Loop(item, number, over, body)

    def _object(self) -> Object:
        self.take("{")
        entries: list[tuple[Expression, Expression]] = []
        self.skip_lines()
        while not self.skip("}"):
            key = Literal(self.word()) if self.next.kind == "name" else self._text(self.take("text"))
            if any(key == other for other, _ in entries):
                raise self.fail(f"one property {key}, not two")
            self.take(":")
            entries.append((key, self.expression()))
            separated = self.skip(",") or self.next.kind == "newline"
            self.skip_lines()
            if not separated and self.next.kind != "}":
                raise self.fail("a separator or }")
        return Object(tuple(entries))
