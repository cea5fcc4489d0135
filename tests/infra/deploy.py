"""What a Bicep file deploys: its resources with their values, modules included, as Azure would be asked for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.infra import functions
from tests.infra.deployment import Deployed, Deployment, Value
from tests.infra.functions import SUBSCRIPTION, Later, later
from tests.infra.lexer import BicepError
from tests.infra.syntax import File, names_in, read
from tests.infra.tree import (
    Array,
    Binary,
    Call,
    Choice,
    Conditional,
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

#: Properties of a declaration that are about the deployment, and not sent to the resource.
META: Final = ("parent", "scope", "dependsOn")
TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "int": (int,),
    "bool": (bool,),
    "array": (list,),
    "object": (dict,),
}


def deploy(path: Path, parameters: Mapping[str, Value]) -> Deployment:
    """Work out what a file deploys.

    Raises:
        BicepError: a name, function, parameter or output that does not exist, a value of the wrong type or that is not
            allowed, or a cycle.
    """
    file = read(path)
    return _Scope(file, parameters, SUBSCRIPTION).run()


class _Scope:
    """Evaluates one file; a declaration is evaluated when it is first read, so that their order does not matter."""

    def __init__(self, file: File, parameters: Mapping[str, Value], scope: str) -> None:
        self.file, self.parameters, self.scope = file, parameters, scope
        self.deployment = Deployment(file)
        self.values: dict[str, Value] = {}
        self.running: list[str] = []
        self.declarations = {each.name: each for each in file.declarations if not isinstance(each, Output)}
        self.functions = {**functions.PURE, **functions.loaders(file.path.parent)}

    def fail(self, what: str) -> BicepError:
        return BicepError(f"{self.file.path.name}: {what}")

    def run(self) -> Deployment:
        unknown = set(self.parameters) - {each.name for each in self.file.of_kind(Parameter)}
        if unknown:
            raise self.fail(f"unknown parameters: {', '.join(sorted(unknown))}")
        for name in self.declarations:
            self.value(name)
        for output in self.file.of_kind(Output):
            value = self.evaluate(output.value, {})
            self.check_type(f"output {output.name}", output.type, value)
            self.deployment.outputs[output.name] = value
        return self.deployment

    # Declarations

    def value(self, name: str, line: int = 0) -> Value:
        if name not in self.values:
            if name not in self.declarations:
                raise self.fail(f"line {line}: unknown name {name}")
            if name in self.running:
                raise self.fail(f"{' → '.join(self.running)} → {name} is a cycle")
            self.running.append(name)
            self.values[name] = self.declare(self.declarations[name])
            self.running.pop()
        return self.values[name]

    def declare(self, declaration: object) -> Value:
        match declaration:
            case Parameter():
                return self.parameter(declaration)
            case Variable(_, value):
                return self.evaluate(value, {})
            case Resource():
                return self.each(declaration.body, {}, lambda body, local: self.resource(declaration, body, local))
            case Module():
                self.deployment.modules[declaration.name] = []
                return self.each(declaration.body, {}, lambda body, local: self.module(declaration, body, local))
        raise self.fail(f"unknown declaration {declaration}")

    def each(
        self, body: Expression, local: dict[str, Value], make: Callable[[Object, dict[str, Value]], Value]
    ) -> Value:
        """What a body makes: one thing, a list of them in a loop, or None where its condition is false."""
        match body:
            case Loop(item, number, over, inner):
                items = self.evaluate(over, local)
                assert isinstance(items, list)
                places = ({item: value, **({number: at} if number else {})} for at, value in enumerate(items))
                return [self.each(inner, {**local, **place}, make) for place in places]
            case Conditional(condition, inner):
                return self.each(inner, local, make) if self.evaluate(condition, local) else None
            case Object():
                return make(body, local)
        raise self.fail("the body of a declaration is an object")

    def parameter(self, parameter: Parameter) -> Value:
        if parameter.name in self.parameters:
            value = self.parameters[parameter.name]
        elif parameter.default is not None:
            value = self.evaluate(parameter.default, {})
        else:
            raise self.fail(f"parameter {parameter.name} is missing")
        self.check_type(f"parameter {parameter.name}", parameter.type, value)
        for decorator in parameter.decorators:
            assert isinstance(decorator.function, Name)
            limits = [self.evaluate(argument, {}) for argument in decorator.arguments]
            self.check_limit(f"parameter {parameter.name}", decorator.function.name, limits, value)
        return value

    def check_type(self, what: str, kind: str, value: Value) -> None:
        fits = TYPES.get(kind)
        if fits is None:
            raise self.fail(f"{what} has the unknown type {kind}")
        if not isinstance(value, fits) or (kind == "int" and isinstance(value, bool)):
            raise self.fail(f"{what} must be of type {kind}")

    def check_limit(self, what: str, name: str, limits: list[Value], value: Value) -> None:
        if isinstance(value, Later):
            return
        size = value if isinstance(value, int) else len(value) if isinstance(value, (str, list)) else 0
        match name, limits:
            case "allowed", [list(allowed)]:
                fits = value in allowed
            case "minValue" | "minLength", [int(least)]:
                fits = size >= least
            case "maxValue" | "maxLength", [int(most)]:
                fits = size <= most
            case "description" | "metadata" | "secure", _:
                fits = True
            case _:
                raise self.fail(f"{what} has the unknown decorator {name}")
        if not fits:
            raise self.fail(f"{what} does not fit @{name}")

    def resource(self, resource: Resource, body: Object, local: dict[str, Value]) -> Deployed:
        parent = self.property(body, "parent", local)
        scope = self.property(body, "scope", local)
        self.property(body, "dependsOn", local)
        sent = {
            str(self.evaluate(key, local)): self.evaluate(value, local)
            for key, value in body.entries
            if key not in [Literal(name) for name in META]
        }
        if "name" not in sent:
            raise self.fail(f"resource {resource.name} has no name")
        where = self.place(resource, str(sent["name"]), parent, scope)
        made = Deployed(resource.name, resource.type, where, sent, resource.existing)
        self.deployment.resources.append(made)
        return made

    def place(self, resource: Resource, name: str, parent: Value, scope: Value) -> str:
        """Its id: below its parent, on the resource that it extends, or in the group of the file."""
        kind = resource.type.partition("@")[0]
        if isinstance(parent, Deployed):
            below, _, last = kind.rpartition("/")
            if parent.kind.lower() != below.lower():
                raise self.fail(f"resource {resource.name} is no child of {parent.kind}")
            return f"{parent.id}/{last}/{name}"
        if kind == "Microsoft.Resources/resourceGroups":
            return f"{SUBSCRIPTION}/resourceGroups/{name}"
        if len(kind.split("/")) != len(name.split("/")) + 1:
            raise self.fail(f"resource {resource.name} needs a parent, or the names of all its parents")
        base = scope.id if isinstance(scope, Deployed) else self.scope
        return base + functions.resource_id(kind, *name.split("/"))

    def module(self, module: Module, body: Object, local: dict[str, Value]) -> Deployment:
        scope = self.property(body, "scope", local)
        self.property(body, "dependsOn", local)
        self.property(body, "name", local)
        unknown = {str(key) for key, _ in body.entries} - {
            str(Literal(name)) for name in ("name", "scope", "params", "dependsOn")
        }
        if unknown:
            raise self.fail(f"module {module.name} has unknown properties: {unknown}")
        parameters = self.property(body, "params", local) or {}
        assert isinstance(parameters, dict)
        where = scope.id if isinstance(scope, Deployed) else self.scope
        made = _Scope(read(self.file.path.parent / module.file), parameters, where).run()
        self.deployment.modules[module.name].append(made)
        return made

    def property(self, body: Object, name: str, local: dict[str, Value]) -> Value:
        found = body.entry(name)
        return None if found is None else self.evaluate(found, local)

    # Expressions

    def evaluate(self, node: Expression, local: Mapping[str, Value]) -> Value:  # noqa: C901, PLR0911, PLR0912 - by kind
        match node:
            case Literal(value):
                return value
            case Text(parts):
                inserted = [self.evaluate(part, local) for part in parts]
                joined = "".join(map(functions.text, inserted))
                return Later(joined) if any(isinstance(part, Later) for part in inserted) else joined
            case Array(items):
                return [self.evaluate(item, local) for item in items]
            case Object(entries):
                return {str(self.evaluate(key, local)): self.evaluate(value, local) for key, value in entries}
            case Loop() | Conditional():
                return self.loop(node, dict(local))
            case Name(name, line):
                return local[name] if name in local else self.value(name, line)
            case Member(of, name, optional):
                return self.member(self.evaluate(of, local), name, optional)
            case Index(of, at, optional):
                return self.index(self.evaluate(of, local), self.evaluate(at, local), optional)
            case Call(function, arguments):
                return self.call(function, [self.evaluate(argument, local) for argument in arguments], local)
            case Lambda(names, body):
                return _Function(
                    names, lambda *values: self.evaluate(body, {**local, **dict(zip(names, values, strict=True))})
                )
            case Unary(sign, of):
                value = self.evaluate(of, local)
                return not value if sign == "!" else -value  # type: ignore[operator]
            case Binary(sign, left, right):
                return self.binary(sign, left, right, local)
            case Choice(condition, yes, no):
                return self.evaluate(yes if self.evaluate(condition, local) else no, local)
        raise self.fail(f"unknown expression {node}")

    def loop(self, node: Expression, local: dict[str, Value]) -> Value:
        match node:
            case Loop(item, number, over, body):
                items = self.evaluate(over, local)
                assert isinstance(items, list)
                places = ({item: value, **({number: at} if number else {})} for at, value in enumerate(items))
                return [self.loop(body, {**local, **place}) for place in places]
            case Conditional(condition, body):
                return self.loop(body, local) if self.evaluate(condition, local) else None
        return self.evaluate(node, local)

    def member(self, value: Value, name: str, optional: bool) -> Value:
        if value is None and optional:
            return None
        if isinstance(value, (Deployed, Deployment, Later)):
            return value.member(name)
        if isinstance(value, dict) and (name in value or optional):
            return value.get(name)
        raise self.fail(f"{name} is no property of {_shown(value)}")

    def index(self, value: Value, at: Value, optional: bool) -> Value:
        if isinstance(value, Later):
            return value.member(str(at))
        if isinstance(value, list) and isinstance(at, int) and at < len(value):
            return value[at]
        if isinstance(value, dict) and at in value:
            return value[at]
        if optional:
            return None
        raise self.fail(f"{at!r} is not in {_shown(value)}")

    def call(self, function: Expression, arguments: list[Value], local: Mapping[str, Value]) -> Value:
        match function:
            case Name("resourceGroup"):
                return {"id": self.scope, "name": self.scope.rpartition("/")[2], "location": later("location")}
            case Name("deployment"):
                return {"name": "deployment"}
            case Name(name, line) if name in self.functions:
                return self.apply(name, line, arguments)
            case Member(of, name):  # a function of a resource, such as listKeys
                value = self.evaluate(of, local)
                if isinstance(value, Deployed):
                    return later(f"{value.symbol}.{name}()")
            case Name(name, line):
                raise self.fail(f"line {line}: unknown function {name}")
        raise self.fail(f"{function} is no function")

    def apply(self, name: str, line: int, arguments: list[Value]) -> Value:
        try:
            value = self.functions[name](*arguments)
        except BicepError:
            raise
        except Exception as error:
            raise self.fail(f"line {line}: {name} cannot be called so ({type(error).__name__}: {error})") from error
        made_later = isinstance(value, str) and any(isinstance(each, Later) for each in arguments)
        return Later(value) if made_later and name not in ("guid", "uniqueString") else value

    def binary(self, sign: str, left: Expression, right: Expression, local: Mapping[str, Value]) -> Value:
        one = self.evaluate(left, local)
        match sign:
            case "&&":
                return bool(one) and bool(self.evaluate(right, local))
            case "||":
                return bool(one) or bool(self.evaluate(right, local))
            case "??":
                return self.evaluate(right, local) if one is None else one
        return _BINARY[sign](one, self.evaluate(right, local))


@dataclass(frozen=True, slots=True)
class _Function:
    """A lambda of Bicep."""

    names: tuple[str, ...]
    run: Callable[..., Value]

    @property
    def count(self) -> int:
        return len(self.names)

    def __call__(self, *values: Value) -> Value:
        return self.run(*values)


_BINARY: Final[Mapping[str, Callable[..., Value]]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "=~": lambda a, b: a.lower() == b.lower(),
    "!~": lambda a, b: a.lower() != b.lower(),
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


def _shown(value: Value) -> str:
    return f"an object with {', '.join(value)}" if isinstance(value, dict) else str(value)[:80]


def needs(file: File, name: str) -> set[str]:
    """The declarations that one waits for, directly or through others."""
    declarations = {each.name: each for each in file.declarations}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        read_names = {each.name for each in names_in(declarations[waiting.pop()])}
        new = read_names & declarations.keys() - found - {name}
        found |= new
        waiting += new
    return found
