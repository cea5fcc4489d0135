"""What a Bicep file consists of: declarations, and the expressions in them."""

from __future__ import annotations

from dataclasses import dataclass, field

type Expression = (
    Literal
    | Text
    | Array
    | Object
    | Loop
    | Conditional
    | Name
    | Member
    | Index
    | Call
    | Lambda
    | Unary
    | Binary
    | Choice
)


@dataclass(frozen=True, slots=True)
class Literal:
    value: object


@dataclass(frozen=True, slots=True)
class Text:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Array:
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Object:
    entries: tuple[tuple[Expression, Expression], ...]

    def entry(self, name: str) -> Expression | None:
        """The value of a property whose name is written out."""
        return next((value for key, value in self.entries if key == Literal(name)), None)


@dataclass(frozen=True, slots=True)
class Loop:
    item: str
    number: str | None
    over: Expression
    body: Expression


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Expression
    body: Expression


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    line: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Member:
    of: Expression
    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    of: Expression
    at: Expression
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    function: Expression
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Lambda:
    parameters: tuple[str, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Unary:
    sign: str
    of: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Choice:
    condition: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str
    default: Expression | None
    decorators: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    type: str  # Microsoft.Web/sites@2025-03-01
    existing: bool
    body: Expression
    line: int


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    file: str
    body: Expression
    line: int


@dataclass(frozen=True, slots=True)
class Output:
    name: str
    type: str
    value: Expression
    decorators: tuple[Call, ...]


type Declaration = Parameter | Variable | Resource | Module | Output
