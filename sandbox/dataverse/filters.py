"""`$filter`: from the text to a predicate over rows, and the ids that an index can offer instead of a full scan.

The literals are cut out of the text first, so that the same filter with other values is parsed only once; odata-query
parses what is left. Comparison of text ignores case, as the database's collation does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from connector.dataverse.schema import Kind
from sandbox.dataverse.errors import bad_query, unknown_property
from sandbox.dataverse.literals import Literal, convert, cut
from sandbox.dataverse.store import Candidates
from sandbox.dataverse.values import Scalar, fold

type Values = Mapping[str, Scalar]
type Predicate = Callable[[Values], bool]

#: Different filters to remember; the connector has a few dozen.
PARSED_FILTERS: Final = 512


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter, ready to use.

    Attributes:
        matches: whether a row's values satisfy it.
        candidates: a property and the folded values, one of which every matching row has; None when nothing is known.
    """

    matches: Predicate
    candidates: Candidates | None = None


class Fields:
    """The properties that a filter may name, and what lies behind a navigation property."""

    def __init__(
        self, table: str, kinds: Mapping[str, Kind], related: "Mapping[str, RelatedFields] | None" = None
    ) -> None:
        self.table = table
        self.kinds = kinds
        self.related = related or {}

    def kind(self, name: str) -> Kind:
        """The type of a property.

        Raises:
            ApiError: 400 when there is no such property.
        """
        kind = self.kinds.get(name)
        if kind is None:
            raise unknown_property(name, self.table)
        return kind


@dataclass(frozen=True, slots=True)
class RelatedFields:
    """What a filter may say about the row behind a lookup.

    Attributes:
        fields: the properties of the other table.
        follow: the values of the other row, or None when the lookup is empty.
    """

    fields: Fields
    follow: Callable[[Values], Values | None]


def compile_filter(text: str, fields: Fields) -> Condition:
    """Read a `$filter`.

    Raises:
        ApiError: 400 when it cannot be understood, names an unknown property or compares different types.
    """
    shape, literals = cut(text)
    return _Builder(fields, literals).build(_parse(shape))


@lru_cache(maxsize=PARSED_FILTERS)
def _parse(shape: str) -> ast._Node:
    try:
        node: ast._Node | None = ODataParser().parse(ODataLexer().tokenize(shape))
    except (ODataException, NotImplementedError) as error:  # the second: a path it cannot take apart
        raise bad_query(f"Syntax error in '$filter': {error}") from None
    if node is None:
        raise bad_query("An expression was expected in '$filter'.")
    return node


def _less(left: Scalar, right: Scalar) -> bool:
    return left < right  # type: ignore[operator]


def _less_or_equal(left: Scalar, right: Scalar) -> bool:
    return left <= right  # type: ignore[operator]


_ORDERINGS: Final[dict[type, Callable[[Scalar, Scalar], bool]]] = {
    ast.Lt: _less,
    ast.LtE: _less_or_equal,
    ast.Gt: lambda left, right: _less(right, left),
    ast.GtE: lambda left, right: _less_or_equal(right, left),
}

_TEXT_FUNCTIONS: Final[dict[str, Callable[[str, str], bool]]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}

_MIRRORED: Final = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}


class _Builder:
    """Turns a parsed filter into closures, with the literals of this request."""

    def __init__(self, fields: Fields, literals: list[Literal]) -> None:
        self._fields = fields
        self._literals = literals

    def build(self, node: ast._Node) -> Condition:
        match node:
            case ast.BoolOp(op=ast.And()):
                return self._both(node)
            case ast.BoolOp():
                return self._any_of(node)
            case ast.UnaryOp(op=ast.Not()):
                matches = self.build(node.operand).matches
                return Condition(lambda values: not matches(values))
            case ast.Compare():
                return self._compare(node)
            case ast.Call():
                return self._text_function(node)
            case ast.Identifier() if self._fields.kind(_name(node)) is Kind.YES_NO:
                return _in_set(_name(node), frozenset((True,)))
        raise bad_query("The '$filter' expression must evaluate to a single boolean value.")

    def _both(self, node: ast.BoolOp) -> Condition:
        left, right = self.build(node.left), self.build(node.right)
        first, second = left.matches, right.matches
        offers = [c.candidates for c in (left, right) if c.candidates is not None]
        best = min(offers, key=_selectivity) if offers else None
        return Condition(lambda values: first(values) and second(values), best)

    def _any_of(self, node: ast.BoolOp) -> Condition:
        """A chain of `or`; a chain over one property becomes one look-up in a set."""
        parts = [self.build(part) for part in _flatten(node)]
        offers = [part.candidates for part in parts]
        names = {offer[0] for offer in offers if offer is not None}
        candidates = None
        if len(names) == 1 and None not in offers:
            candidates = (names.pop(), frozenset().union(*(offer[1] for offer in offers if offer is not None)))
        if candidates is not None and all(isinstance(part, ast.Compare) for part in _flatten(node)):
            return _in_set(*candidates)
        predicates = [part.matches for part in parts]
        return Condition(lambda values: any(matches(values) for matches in predicates), candidates)

    def _compare(self, node: ast.Compare) -> Condition:
        left, comparator, right = node.left, type(node.comparator), node.right
        if isinstance(right, (ast.Identifier, ast.Attribute)) and not isinstance(left, (ast.Identifier, ast.Attribute)):
            left, right, comparator = right, left, _MIRRORED.get(comparator, comparator)
        if isinstance(left, ast.Attribute):
            return self._through_lookup(left, ast.Compare(comparator(), ast.Identifier(left.attr), right))
        if not isinstance(left, ast.Identifier):
            raise bad_query("A comparison in '$filter' needs a property on one side.")
        name = _name(left)
        if comparator is ast.In:
            name = self._property_of(name)
            return _in_set(name, frozenset(self._list(right, self._fields.kind(name), name)))
        kind = self._fields.kind(name)
        value = self._literal(right, kind, name)
        if comparator is ast.Eq:
            return _in_set(name, frozenset((value,)))
        if comparator is ast.NotEq:
            return Condition(lambda values: fold(values.get(name)) != value)
        ordering = _ORDERINGS[comparator]
        if value is None:
            return Condition(lambda _: False)

        def matches(values: Values) -> bool:
            mine = fold(values.get(name))
            return mine is not None and ordering(mine, value)

        return Condition(matches)

    def _property_of(self, attribute: str) -> str:
        """The property of an attribute: `Microsoft.Dynamics.CRM.In` knows attributes, so a lookup without `_value`.

        Raises:
            ApiError: 400 when it is given a property that is no attribute.
        """
        lookup = f"_{attribute}_value"
        if lookup in self._fields.kinds:
            return lookup
        if attribute.startswith("_"):
            raise bad_query(f"'{self._fields.table}' entity doesn't contain attribute with Name = '{attribute}'.")
        return attribute

    def _through_lookup(self, path: ast.Attribute, inner: ast._Node) -> Condition:
        if not isinstance(path.owner, ast.Identifier):
            raise bad_query("A '$filter' can follow one navigation property only.")
        related = self._fields.related.get(path.owner.name)
        if related is None:
            raise unknown_property(path.owner.name, self._fields.table)
        matches = _Builder(related.fields, self._literals).build(inner).matches
        follow = related.follow

        def through(values: Values) -> bool:
            other = follow(values)
            return matches(other if other is not None else {})

        return Condition(through)

    def _text_function(self, node: ast.Call) -> Condition:
        name = _name(node.func)
        function = _TEXT_FUNCTIONS.get(name)
        if function is None:
            raise bad_query(f"The function '{name}' is not supported.")
        subject, argument = node.args
        if isinstance(subject, ast.Attribute):
            return self._through_lookup(subject, ast.Call(node.func, [ast.Identifier(subject.attr), argument]))
        if not isinstance(subject, ast.Identifier):
            raise bad_query(f"The first argument of '{name}' must be a property.")
        column = _name(subject)
        part = self._literal(argument, self._fields.kind(column), column)
        if not isinstance(part, str) or self._fields.kind(column) not in (Kind.TEXT, Kind.MEMO):
            raise bad_query(
                f"No function signature for the function with name '{name}' matches the specified arguments."
            )

        def matches(values: Values) -> bool:
            text = fold(values.get(column))
            return isinstance(text, str) and function(text, part)

        return Condition(matches)

    def _literal(self, node: ast._Node, kind: Kind, name: str) -> Scalar:
        if isinstance(node, ast.Null):
            return None
        if isinstance(node, ast.Boolean) and kind is Kind.YES_NO:
            return bool(node.py_val)
        if isinstance(node, ast.String):
            literal = self._literals[int(node.py_val)]
            if literal.items is None:
                return fold(convert(literal, kind, name))
        raise bad_query(f"A value of type '{kind}' was expected for '{name}' in '$filter'.")

    def _list(self, node: ast._Node, kind: Kind, name: str) -> list[Scalar]:
        if isinstance(node, ast.List) and len(node.val) == 1 and isinstance(node.val[0], ast.String):
            literal = self._literals[int(node.val[0].py_val)]
            if literal.items is not None:
                return [fold(convert(item, kind, name)) for item in literal.items]
        raise bad_query("The operator 'in' is not supported; use Microsoft.Dynamics.CRM.In.")


def _name(identifier: ast.Identifier) -> str:
    return ".".join((*identifier.namespace, identifier.name))


def _in_set(name: str, wanted: frozenset[Scalar]) -> Condition:
    if len(wanted) == 1:
        (single,) = wanted
        return Condition(lambda values: fold(values.get(name)) == single, (name, wanted))
    return Condition(lambda values: fold(values.get(name)) in wanted, (name, wanted))


def _selectivity(offer: Candidates) -> tuple[bool, int]:
    """Text and ids single out rows better than numbers and flags do; then the fewer values the better."""
    _, wanted = offer
    return not all(isinstance(value, str) for value in wanted), len(wanted)


def _flatten(node: ast._Node) -> list[ast._Node]:
    """The operands of a chain of `or`, without recursion: such a chain may have hundreds."""
    parts: list[ast._Node] = []
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, ast.BoolOp) and isinstance(current.op, ast.Or):
            waiting.extend((current.right, current.left))
        else:
            parts.append(current)
    return parts
