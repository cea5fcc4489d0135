"""Conditions and filters, put together into predicates over combinations of rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sandbox.dataverse.fetchxml.assumptions import Assumptions
from sandbox.dataverse.fetchxml.conditions import COMPARISONS, INDEXABLE, INDEXED, OPERATORS, Operator, Subject, Values
from sandbox.dataverse.fetchxml.fields import Field, find_field
from sandbox.dataverse.fetchxml.links import Combination, Joined, Predicate
from sandbox.dataverse.fetchxml.perspective import Perspective
from sandbox.dataverse.fetchxml.query import FetchCondition, FetchFilter, FetchLink
from sandbox.dataverse.fetchxml.refusals import (
    INCORRECT_CONDITION,
    QUICK_FIND_LIMIT,
    TOO_MANY_CONDITIONS,
    UNKNOWN_ALIAS,
    UNKNOWN_OPERATOR,
    refuse,
)
from sandbox.dataverse.store import Candidates, Store

#: How the SDK calls operators in the message about a value that is missing.
_SDK_NAMES: Final = {"eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "lt": "LessThan", "like": "Like", "in": "In"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A filter, ready to use.

    Attributes:
        matches: whether a combination satisfies it.
        places: the tables that it looks at.
        candidates: a property of the filter's table and values, one of which every matching row has; or None.
    """

    matches: Predicate
    places: frozenset[int]
    candidates: Candidates | None = None


@dataclass(frozen=True, slots=True)
class FilterCompiler:
    """Makes predicates of the filters of one query.

    Attributes:
        store: the rows.
        who: the caller.
        assumptions: what no source settles.
        find_link: the table of an alias that a condition in this table may name.
        join: takes up a link that stands within a filter of a table.
    """

    store: Store
    who: Perspective
    assumptions: Assumptions
    find_link: Callable[[Joined, str], Joined | None]
    join: Callable[[FetchLink, Joined], Joined]

    def parts(self, filters: Iterable[FetchFilter], table: Joined) -> list[Compiled]:
        """What must all hold, in parts that can be checked at different times.

        Raises:
            ApiError: 400 for a column, an operator or a value that is not possible.
        """
        found: list[Compiled] = []
        for each in filters:
            if each.any_of or each.quick_find:
                found.append(self._filter(each, table))
            else:
                found += [self._part(part, table) for part in each.parts]
        return found

    def _filter(self, fetch_filter: FetchFilter, table: Joined) -> Compiled:
        parts = [self._part(part, table) for part in fetch_filter.parts]
        compiled = either(parts) if fetch_filter.any_of and parts else both(parts)
        if fetch_filter.quick_find:
            self._check_quick_find(compiled, table)
        return compiled

    def _check_quick_find(self, compiled: Compiled, table: Joined) -> None:
        nothing: Combination = (None,) * (table.place + 1)
        found = sum(compiled.matches((*nothing[:-1], row)) for row in table.data.rows.values())
        if found > self.assumptions.quick_find_limit:
            raise refuse(QUICK_FIND_LIMIT, "The number of records for this search exceeds the Quick Find record limit.")

    def _part(self, part: FetchCondition | FetchFilter | FetchLink, table: Joined) -> Compiled:
        if isinstance(part, FetchFilter):
            return self._filter(part, table)
        if isinstance(part, FetchLink):
            link = self.join(part, table)
            return Compiled(link.holds, frozenset((table.place,)))
        return self._condition(part, table)

    def _condition(self, condition: FetchCondition, table: Joined) -> Compiled:
        owner = self._owner(condition.link, table)
        field = find_field(self.store, owner.model, condition.attribute, self.who)
        operator = OPERATORS.get(condition.operator)
        if operator is None:
            raise refuse(UNKNOWN_OPERATOR, f"The condition operator '{condition.operator}' is not supported.")
        if field.kind not in operator.kinds:
            message = f"The condition operator '{condition.operator}' is not for attributes of type '{field.kind}'."
            raise refuse(INCORRECT_CONDITION, f"{message} Attribute: '{field.name}'.")
        if condition.value_of:
            return self._value_of(condition, field, owner, table)
        _check_values(condition, operator, self.assumptions.most_values)
        subject = Subject(field, owner.model, self.store, self.who, self.assumptions)
        test, of_null = operator.build(subject, condition.values), operator.of_null(self.assumptions)
        place, read = owner.place, field.read

        def matches(combination: Combination) -> bool:
            row = combination[place]
            value = None if row is None else read(row)
            return of_null if value is None else test(value)

        candidates = None
        if condition.operator in INDEXED and field.kind in INDEXABLE and field.property and owner is table:
            candidates = (field.property, frozenset(field.value(each) for each in condition.values))
        return Compiled(matches, frozenset((place,)), candidates)

    def _value_of(self, condition: FetchCondition, field: Field, owner: Joined, table: Joined) -> Compiled:
        """A comparison of two columns; with a value besides, it is never true."""
        compare = COMPARISONS.get(condition.operator)
        if compare is None:
            raise refuse(INCORRECT_CONDITION, f"The operator '{condition.operator}' does not take valueof.")
        alias, _, name = condition.value_of.rpartition(".")
        other = self._owner(alias, table) if alias else owner
        second = find_field(self.store, other.model, name, self.who)
        if second.kind is not field.kind:
            message = f"The attributes '{field.name}' and '{second.name}' are of different types."
            raise refuse(INCORRECT_CONDITION, message)
        places = frozenset((owner.place, other.place))
        if condition.has_value:
            return Compiled(lambda _: False, places)
        first_place, second_place, of_null = owner.place, other.place, condition.operator == "ne"

        def matches(combination: Combination) -> bool:
            row, other_row = combination[first_place], combination[second_place]
            left = None if row is None else field.read(row)
            right = None if other_row is None else second.read(other_row)
            if left is None or right is None:
                return of_null and left is None
            return compare(field.key(left), second.key(right))

        return Compiled(matches, places)

    def _owner(self, alias: str, table: Joined) -> Joined:
        owner = self.find_link(table, alias) if alias else table
        if owner is None:
            raise refuse(UNKNOWN_ALIAS, f"The alias '{alias}' does not exist in this query.")
        return owner


def both(parts: list[Compiled]) -> Compiled:
    """All of these."""
    if len(parts) == 1:
        return parts[0]
    tests = [each.matches for each in parts]
    offers = [each.candidates for each in parts if each.candidates is not None]
    return Compiled(
        lambda combination: all(test(combination) for test in tests),
        _places(parts),
        min(offers, key=lambda offer: len(offer[1])) if offers else None,
    )


def either(parts: list[Compiled]) -> Compiled:
    """At least one of these."""
    tests = [each.matches for each in parts]
    return Compiled(lambda combination: any(test(combination) for test in tests), _places(parts))


def _places(parts: list[Compiled]) -> frozenset[int]:
    return frozenset().union(*(each.places for each in parts))


def _check_values(condition: FetchCondition, operator: Operator, most: int) -> None:
    least, largest = operator.values.value
    given = len(condition.values)
    if given < least and operator.values is Values.ONE:
        name = _SDK_NAMES.get(condition.operator, condition.operator)
        message = f"Attribute 'value' or 'valueof' must be specified for condition operator: {name}"
        raise refuse(INCORRECT_CONDITION, message)
    if given < least or (largest is not None and given > largest):
        message = f"The condition operator '{condition.operator}' on '{condition.attribute}' takes"
        words = {Values.NONE: "no value", Values.ONE: "one value", Values.TWO: "two values", Values.SOME: "values"}
        raise refuse(INCORRECT_CONDITION, f"{message} {words[operator.values]}.")
    if given > most:
        raise refuse(TOO_MANY_CONDITIONS, f"A condition can have {most} values; '{condition.attribute}' has {given}.")
