"""The tokens of a Bicep file."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: Longest first, because a token is the first that fits.
PUNCTUATION: Final = (
    *("...", "=>", "==", "!=", "=~", "!~", "<=", ">=", "&&", "||", "??", ".?", "[?", "::"),
    *"{}[]():,.?!=<>+-*/%@|",
)
_SPACE = re.compile(r"[ \t\r]+|//[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"\d+")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "'": "'", "\\": "\\", "$": "$"}


class BicepError(Exception):
    """A file of Bicep that is wrong; the text names the file and the line."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token; the parts of a text are texts, and the tokens of what is inserted."""

    kind: str  # name, number, text, newline, end, or the punctuation itself
    value: object
    line: int


def tokens(text: str, file: str) -> list[Token]:
    """All tokens of a file, the last of kind `end`.

    Raises:
        BicepError: a character that no token begins with, or a text without an end.
    """
    return [*_Lexer(text, file).read(), Token("end", "", text.count("\n") + 1)]


class _Lexer:
    def __init__(self, text: str, file: str) -> None:
        self.text, self.file, self.at = text, file, 0
        self.ends = [found.start() for found in re.finditer("\n", text)]

    def fail(self, what: str) -> BicepError:
        return BicepError(f"{self.file}:{self.line}: {what}")

    @property
    def line(self) -> int:
        return bisect_left(self.ends, self.at) + 1

    def read(self, closing: str = "") -> Iterator[Token]:
        """Tokens up to the end, or up to the brace that closes what is inserted into a text."""
        depth = 0
        while self.at < len(self.text):
            line = self.line
            if space := _SPACE.match(self.text, self.at):
                self.at = space.end()
            elif self.text[self.at] == "\n":
                self.at += 1
                yield Token("newline", "", line)
            elif self.text.startswith("'", self.at):
                yield Token("text", tuple(self._text()), line)
            elif word := _WORD.match(self.text, self.at):
                self.at = word.end()
                yield Token("name", word[0], line)
            elif number := _NUMBER.match(self.text, self.at):
                self.at = number.end()
                yield Token("number", int(number[0]), line)
            else:
                sign = next((sign for sign in PUNCTUATION if self.text.startswith(sign, self.at)), None)
                if sign is None:
                    raise self.fail(f"unexpected character {self.text[self.at]!r}")
                self.at += len(sign)
                depth += {"{": 1, "}": -1}.get(sign, 0)
                if closing and depth < 0:
                    return
                yield Token(sign, sign, line)
        if closing:
            raise self.fail("an insertion into a text has no end")

    def _text(self) -> Iterator[object]:
        """The parts of a text: texts, and lists of tokens for what is inserted."""
        if self.text.startswith("'''", self.at):
            end = self.text.find("'''", self.at + 3)
            if end < 0:
                raise self.fail("a text has no end")
            yield self.text[self.at + 3 : end].removeprefix("\n")
            self.at = end + 3
            return
        self.at += 1
        part = ""
        while True:
            here = self.text[self.at : self.at + 1]
            if here in ("", "\n"):
                raise self.fail("a text has no end")
            self.at += 1
            if here == "'":
                yield part
                return
            if here == "$" and self.text.startswith("{", self.at):
                self.at += 1
                yield part
                part = ""
                yield [*self.read(closing="}"), Token("end", "", self.line)]
            elif here == "\\":
                escape = self.text[self.at : self.at + 1]
                if escape not in _ESCAPES:
                    raise self.fail(f"unknown escape \\{escape}")
                part += _ESCAPES[escape]
                self.at += 1
            else:
                part += here
