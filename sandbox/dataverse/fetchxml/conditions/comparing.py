"""Comparison with values, ranges and lists of values, and whether there is a value at all."""

import operator as compare
from collections.abc import Callable
from typing import Any, Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.fetchxml.conditions.choices import whole_set
from sandbox.dataverse.fetchxml.conditions.operator import (
    EVERY,
    ORDERED,
    SINGLE,
    Operator,
    Subject,
    Test,
    Values,
    is_in,
    negated,
)
from sandbox.dataverse.fetchxml.fields import DATES
from sandbox.dataverse.fetchxml.refusals import TEXT_TOO_LARGE, refuse
from sandbox.dataverse.literals import IDS, NUMBERS

#: How two values of one column are compared, by their sort keys; these operators take `valueof` too.
COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": compare.eq,
    "ne": compare.ne,
    "gt": compare.gt,
    "ge": compare.ge,
    "lt": compare.lt,
    "le": compare.le,
}


def _equal(subject: Subject, values: tuple[str, ...]) -> Test:
    if subject.field.kind is Kind.CHOICES:
        return whole_set(subject, values)
    wanted = subject.field.value(values[0])
    return lambda mine: mine == wanted


def _ordered(name: str) -> Operator:
    def build(subject: Subject, values: tuple[str, ...]) -> Test:
        key, test = subject.field.key, COMPARISONS[name]
        wanted = key(subject.field.value(values[0]))
        return lambda mine: test(key(mine), wanted)

    return Operator(Values.ONE, ORDERED | IDS, build)


def _between(subject: Subject, values: tuple[str, ...]) -> Test:
    key = subject.field.key
    low, high = (key(subject.field.value(each)) for each in values)
    return lambda mine: low <= key(mine) <= high


def _in(subject: Subject, values: tuple[str, ...]) -> Test:
    _refuse_memo(subject)
    if subject.field.kind is Kind.CHOICES and subject.assumptions.choices_in_is_whole_set:
        return whole_set(subject, values)
    if subject.field.kind is Kind.CHOICES:
        sets = [whole_set(subject, (each,)) for each in values]
        return lambda mine: any(test(mine) for test in sets)
    return is_in(subject.field.value(each) for each in values)


def _refuse_memo(subject: Subject) -> None:
    if subject.field.kind is Kind.MEMO:
        message = f"The attribute '{subject.field.name}' is a memo, which has no lists of values."
        raise refuse(TEXT_TOO_LARGE, message)


_EQUAL: Final = Operator(Values.ONE, EVERY, _equal)
_IN: Final = Operator(Values.SOME, EVERY, _in)
_BETWEEN: Final = Operator(Values.TWO, NUMBERS | DATES, _between)

COMPARING: Final = {
    "eq": _EQUAL,
    "ne": negated(_EQUAL),
    "neq": negated(_EQUAL),
    **{name: _ordered(name) for name in ("gt", "ge", "lt", "le")},
    "in": _IN,
    "not-in": negated(_IN, lambda assumptions: assumptions.not_in_matches_nulls),
    "between": _BETWEEN,
    "not-between": negated(_BETWEEN, lambda assumptions: assumptions.not_between_matches_nulls),
    "null": Operator(Values.NONE, EVERY, lambda _subject, _values: lambda _: False, lambda _: True),
    "not-null": Operator(Values.NONE, EVERY, lambda _subject, _values: lambda _: True),
}
#: Operators whose rows an index finds.
INDEXED: Final = frozenset({"eq", "in"})
#: Types whose values an index has as they are compared.
INDEXABLE: Final = SINGLE - DATES
