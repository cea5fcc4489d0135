"""Columns of several choices: which of the values are chosen."""

from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.fetchxml.conditions.operator import Operator, Subject, Test, Values, negated
from sandbox.dataverse.fetchxml.refusals import INVALID_VALUE, refuse
from sandbox.dataverse.values import Scalar


def _chosen(value: Scalar) -> frozenset[str]:
    return frozenset(str(value).split(","))


def _wanted(subject: Subject, values: tuple[str, ...]) -> frozenset[str]:
    for each in values:
        if not each.isdigit():
            raise refuse(INVALID_VALUE, f"The value '{each}' is no choice of '{subject.field.name}'.")
    return frozenset(values)


def whole_set(subject: Subject, values: tuple[str, ...]) -> Test:
    """Whether exactly these values are chosen."""
    wanted = _wanted(subject, values)
    return lambda mine: _chosen(mine) == wanted


def _contains(subject: Subject, values: tuple[str, ...]) -> Test:
    wanted = _wanted(subject, values)
    return lambda mine: not wanted.isdisjoint(_chosen(mine))


_CONTAINS: Final = Operator(Values.SOME, frozenset({Kind.CHOICES}), _contains)

CHOICES: Final = {
    "contain-values": _CONTAINS,
    "not-contain-values": negated(_CONTAINS, lambda assumptions: assumptions.not_contain_values_matches_nulls),
}
