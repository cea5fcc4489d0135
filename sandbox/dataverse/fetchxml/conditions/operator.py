"""What an operator is: how many values it takes, which types it is for, and the test that it makes of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.fetchxml.assumptions import Assumptions
from sandbox.dataverse.fetchxml.fields import DATES, TEXTS, Field
from sandbox.dataverse.fetchxml.perspective import Perspective
from sandbox.dataverse.literals import IDS, NUMBERS, OPTIONS
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.store import Store
from sandbox.dataverse.values import Scalar

#: What a condition asks of a value that is not null.
type Test = Callable[[Scalar], bool]

#: Types whose values have an order.
ORDERED: Final = TEXTS | NUMBERS | DATES
#: Types with single values.
SINGLE: Final = ORDERED | OPTIONS | IDS | {Kind.YES_NO}
EVERY: Final = SINGLE | {Kind.CHOICES}


class Values(Enum):
    """How many values an operator takes: the least and the most."""

    NONE = (0, 0)
    ONE = (1, 1)
    TWO = (2, 2)
    SOME = (1, None)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a condition is about.

    Attributes:
        field: the column.
        model: its table.
        store: the rows.
        who: the caller.
        assumptions: what no source settles.
    """

    field: Field
    model: TableModel
    store: Store
    who: Perspective
    assumptions: Assumptions


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    Attributes:
        values: how many it takes.
        kinds: the types of columns that it is for.
        build: makes the test; `values` are texts as the query has them.
        of_null: whether it is true of a null.
    """

    values: Values
    kinds: frozenset[Kind]
    build: Callable[[Subject, tuple[str, ...]], Test]
    of_null: Callable[[Assumptions], bool] = lambda _: False


def negated(operator: Operator, of_null: Callable[[Assumptions], bool] = lambda _: True) -> Operator:
    """The opposite of an operator; unlike in SQL, a null satisfies it, unless `of_null` says otherwise."""

    def build(subject: Subject, values: tuple[str, ...]) -> Test:
        test = operator.build(subject, values)
        return lambda mine: not test(mine)

    return replace(operator, build=build, of_null=of_null)


def is_in(wanted: Iterable[Scalar]) -> Test:
    """Whether a value is one of these."""
    found = frozenset(wanted)
    return lambda mine: mine in found
