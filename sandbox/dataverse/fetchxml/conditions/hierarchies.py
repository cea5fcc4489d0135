"""Operators on tables with a hierarchy: what is above and below a row."""

from collections.abc import Callable, Collection
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.fetchxml.conditions.operator import Operator, Subject, Test, Values, is_in
from sandbox.dataverse.fetchxml.refusals import INCORRECT_CONDITION, NO_HIERARCHY, TOO_DEEP, refuse
from sandbox.dataverse.model import property_name

#: The self-relationships that are marked as hierarchical: table and lookup.
HIERARCHIES: Final = {"account": "parentaccountid"}
#: How many levels are followed.
MOST_LEVELS: Final = 100


def _parent(subject: Subject) -> str:
    """The property with the parent.

    Raises:
        ApiError: 400 when the column is not the id of a table with a hierarchy.
    """
    name = HIERARCHIES.get(subject.model.name)
    if name is None:
        message = (
            "This query uses a hierarchical operator, but the "
            f"{subject.model.name} entity doesn't have a hierarchical relationship."
        )
        raise refuse(NO_HIERARCHY, message)
    if subject.field.name != subject.model.id_column:
        raise refuse(INCORRECT_CONDITION, f"A hierarchical operator is about '{subject.model.id_column}'.")
    return property_name(subject.model.columns[name])


def _follow(first: str, further: Callable[[Collection[str]], Collection[str]]) -> frozenset[str]:
    """All rows that are reached from one, without it."""
    found: set[str] = set()
    newest: Collection[str] = (first,)
    for _ in range(MOST_LEVELS):
        newest = set(further(newest)) - found
        if not newest:
            return frozenset(found)
        found |= newest
    raise refuse(TOO_DEEP, f"The hierarchy has more than {MOST_LEVELS} levels.")


def _below(subject: Subject, row_id: str) -> frozenset[str]:
    data, parent = subject.store.tables[subject.model.name], _parent(subject)
    return _follow(row_id, lambda newest: data.where(parent, newest))


def _above(subject: Subject, row_id: str) -> frozenset[str]:
    rows, parent = subject.store.tables[subject.model.name].rows, _parent(subject)

    def parents(newest: Collection[str]) -> set[str]:
        values = (rows[each].values.get(parent) for each in newest if each in rows)
        return {str(value) for value in values if value is not None}

    return _follow(row_id, parents)


def _related(follow: Callable[[Subject, str], frozenset[str]], *, itself: bool) -> Operator:
    def build(subject: Subject, values: tuple[str, ...]) -> Test:
        row_id = str(subject.field.value(values[0]))
        found = follow(subject, row_id) - {row_id}
        return is_in(found | {row_id} if itself else found)

    return Operator(Values.ONE, frozenset({Kind.ID}), build)


def _not_under(subject: Subject, values: tuple[str, ...]) -> Test:
    row_id = str(subject.field.value(values[0]))
    found = _below(subject, row_id) - {row_id}
    if not subject.assumptions.not_under_matches_itself:
        found |= {row_id}
    return lambda mine: mine not in found


HIERARCHY: Final = {
    "under": _related(_below, itself=False),
    "eq-or-under": _related(_below, itself=True),
    "above": _related(_above, itself=False),
    "eq-or-above": _related(_above, itself=True),
    "not-under": Operator(Values.ONE, frozenset({Kind.ID}), _not_under, lambda _: True),
}
