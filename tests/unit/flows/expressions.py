"""Expressions of flows (Workflow Definition Language): parsed and evaluated, as far as our flows use them.

    @length(outputs('Find')?['body/value'])     a value
    text @{outputs('Settings')?['days']} text   a text with values in it

A function that is not in `FUNCTIONS`, an argument too many, a bracket too few: each is an error. So is a member that an
object does not have, where a flow would go on with null: a column that was not read, or is misspelt.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z]\w*)|(?P<sign>\?|\[|\]|\(|\)|,))"
)
CONSTANTS = {"true": True, "false": False, "null": None}


class NotAnExpression(Exception):
    """It cannot be read."""


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple


@dataclass(frozen=True)
class Member:
    of: object
    name: object


@dataclass(frozen=True)
class Literal:
    value: object


def parts_of(text: str) -> list:
    """The texts and expressions of a value, in their order; a lone expression keeps its type."""
    if text.startswith("@") and not text.startswith(("@@", "@{")):
        node, end = _expression(text, 1)
        if text[end:].strip():
            raise NotAnExpression(f"{text}: something follows the expression")
        return [node]
    parts: list = [Literal("")]
    at = 0
    while (found := text.find("@{", at)) >= 0:
        node, end = _expression(text, found + 2)
        if text[end : end + 1] != "}":
            raise NotAnExpression(f"{text}: no closing brace")
        parts += [Literal(text[at:found]), node]
        at = end + 1
    return [*parts, Literal(text[at:])]


def calls_in(text: str):
    """All calls of functions in a value."""

    def walk(node):
        match node:
            case Call(_, arguments):
                yield node
                for each in arguments:
                    yield from walk(each)
            case Member(of, name):
                yield from walk(of)
                yield from walk(name)

    for part in parts_of(text):
        yield from walk(part)


def _expression(text: str, at: int):
    node, at = _primary(text, at)
    while True:
        sign, after = _token(text, at)
        if sign == ("sign", "?"):
            sign, after = _token(text, after)
        if sign != ("sign", "["):
            return node, at
        name, after = _expression(text, after)
        closing, after = _token(text, after)
        if closing != ("sign", "]"):
            raise NotAnExpression(f"{text}: no closing bracket")
        node, at = Member(node, name), after


def _primary(text: str, at: int):
    (kind, value), at = _token(text, at)
    if kind == "text":
        return Literal(value[1:-1].replace("''", "'")), at
    if kind == "number":
        return Literal(float(value) if "." in value else int(value)), at
    if kind == "name":
        opening, after = _token(text, at)
        if opening != ("sign", "("):
            if value not in CONSTANTS:
                raise NotAnExpression(f"{text}: {value} is neither a function nor a constant")
            return Literal(CONSTANTS[value]), at
        return _call(text, value, after)
    raise NotAnExpression(f"{text}: a value is missing at {at}")


def _call(text: str, name: str, at: int):
    if name not in FUNCTIONS:
        raise NotAnExpression(f"{text}: no function is called {name}")
    arguments = []
    sign, after = _token(text, at)
    while sign != ("sign", ")"):
        node, at = _expression(text, at)
        arguments.append(node)
        sign, after = _token(text, at)
        if sign == ("sign", ","):
            at = after
        elif sign != ("sign", ")"):
            raise NotAnExpression(f"{text}: no closing bracket after {name}")
    least, most = FUNCTIONS[name][:2]
    if not least <= len(arguments) <= most:
        raise NotAnExpression(f"{text}: {name} takes {least} to {most} arguments")
    return Call(name, tuple(arguments)), after


def _token(text: str, at: int):
    found = TOKEN.match(text, at)
    if found is None:
        return ("end", ""), at
    return (found.lastgroup, found[found.lastgroup]), found.end()


def evaluate(text: str, scope: Mapping[str, Callable]) -> object:
    """The value of a text.

    Args:
        text: as it stands in the flow.
        scope: what the functions that know the run return: `outputs`, `items`, `triggerOutputs`, `utcNow`, …
    """
    parts = parts_of(text)
    values = [_value(part, scope) for part in parts]
    return values[0] if len(values) == 1 else "".join(_as_text(value) for value in values)


def _value(node, scope):
    match node:
        case Literal(value):
            return value
        case Member(of, name):
            return _member(_value(of, scope), _value(name, scope))
        case Call(name, arguments):
            function = scope.get(name) or FUNCTIONS[name][2]
            return function(*(_value(each, scope) for each in arguments))


def _member(value, name):
    """A member; `body/x` is the member x of the body."""
    if value is None:
        return None
    first, slash, rest = str(name).partition("/")
    if not isinstance(value, Mapping) or first not in value:
        raise NotAnExpression(f"there is no {name} here: {sorted(value) if isinstance(value, Mapping) else value!r}")
    return _member(value[first], rest) if slash else value[first]


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


_FORMATS = {"yyyy-MM-dd": "%Y-%m-%d", "yyyy-MM-ddTHH:mm:ssZ": "%Y-%m-%dT%H:%M:%SZ"}


def _formatted(moment: datetime, form: str = "yyyy-MM-ddTHH:mm:ssZ") -> str:
    return moment.strftime(_FORMATS[form])


def _of_the_run(*_: object) -> object:
    raise AssertionError("the scope knows this one")


#: The functions that our flows may use: fewest and most arguments, and what they do.
FUNCTIONS: dict[str, tuple[int, int, Callable]] = {
    **dict.fromkeys(("outputs", "body", "items", "parameters"), (1, 1, _of_the_run)),
    **dict.fromkeys(("triggerOutputs", "item"), (0, 0, _of_the_run)),
    "utcNow": (0, 1, _of_the_run),
    "add": (2, 2, lambda one, two: one + two),
    "addDays": (2, 3, lambda text, days, *form: _formatted(_moment(text) + timedelta(days=days), *form)),
    "addHours": (2, 3, lambda text, hours, *form: _formatted(_moment(text) + timedelta(hours=hours), *form)),
    "concat": (1, 99, lambda *texts: "".join(_as_text(text) for text in texts)),
    "decodeUriComponent": (1, 1, unquote),
    "first": (1, 1, lambda values: values[0] if values else None),
    "join": (2, 2, lambda values, between: between.join(values)),
    "length": (1, 1, len),
    "mul": (2, 2, lambda one, two: one * two),
    "replace": (3, 3, lambda text, old, new: text.replace(old, new)),
    "startOfDay": (1, 2, lambda text, *form: _formatted(_moment(text).replace(hour=0, minute=0, second=0), *form)),
}
