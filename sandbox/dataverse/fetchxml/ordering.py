"""In which order rows come: by columns of the query's table, then of its links, and at last by the primary id."""

from collections.abc import Iterable
from dataclasses import dataclass

from connector.dataverse.schema import Kind
from sandbox.dataverse.fetchxml.fields import LABELLED, Field, find_field, label_of
from sandbox.dataverse.fetchxml.links import Combination, Joined
from sandbox.dataverse.fetchxml.perspective import Perspective
from sandbox.dataverse.fetchxml.planning import Plan
from sandbox.dataverse.fetchxml.query import FetchOrder
from sandbox.dataverse.fetchxml.refusals import (
    CHOICES_NOT_HERE,
    PLAIN_ORDER_BY_ALIAS,
    PLAIN_ORDER_NEEDS_ATTRIBUTE,
    UNKNOWN_ORDER_LINK,
    refuse,
)
from sandbox.dataverse.model import LOOKUP_KINDS
from sandbox.dataverse.store import Store
from sandbox.dataverse.values import Scalar, SortKey


@dataclass(frozen=True, slots=True)
class Term:
    """One sort term.

    Attributes:
        table: whose column it is.
        field: what rows are sorted by: the name behind a lookup, the label of a choice, or the column itself.
        name: what a paging cookie calls it.
        descending: whether the largest comes first.
    """

    table: Joined
    field: Field
    name: str
    descending: bool

    def shown(self, combination: Combination) -> Scalar:
        """What the combination is sorted by, as people read it."""
        row = combination[self.table.place]
        return None if row is None else self.field.show(row)

    def key(self, combination: Combination) -> SortKey:
        """Likewise, in a form that has an order."""
        row = combination[self.table.place]
        return self.field.key(None if row is None else self.field.read(row))


def read_terms(store: Store, plan: Plan, who: Perspective) -> tuple[Term, ...]:
    """The sort terms of a query; the primary id of its table is the last.

    Raises:
        ApiError: 400 for an order that is not possible.
    """
    given: list[Term] = []
    for table, entity in zip(plan.tables, plan.entities, strict=True):
        if entity.orders and not table.is_shown:
            raise refuse(UNKNOWN_ORDER_LINK, f"The link '{table.alias}' has no rows to order by.")
        given += [_term(store, plan, order, table, who) for order in entity.orders]
    root = plan.root
    last = Term(root, find_field(store, root.model, root.model.id_column, who), root.model.id_column, False)
    if any(term.table is root and term.field.name == last.name for term in given):
        return tuple(given)
    return (*given, last)


def ordered(rows: Iterable[Combination], terms: Iterable[Term]) -> list[Combination]:
    """The rows in their order."""
    found = list(rows)
    for term in reversed(tuple(terms)):
        found.sort(key=term.key, reverse=term.descending)
    return found


def is_after(keys: Iterable[SortKey], position: Iterable[SortKey], terms: Iterable[Term]) -> bool:
    """Whether a row comes after a position, both given by the keys of the terms."""
    for mine, other, term in zip(keys, position, terms, strict=True):
        if mine != other:
            less: bool = mine < other
            return less is term.descending
    return False


def _term(store: Store, plan: Plan, order: FetchOrder, table: Joined, who: Perspective) -> Term:
    if order.alias:
        raise refuse(PLAIN_ORDER_BY_ALIAS, "A query that is no aggregate is not ordered by an alias.")
    if not order.attribute:
        raise refuse(PLAIN_ORDER_NEEDS_ATTRIBUTE, "An order needs an attribute.")
    if order.link:
        found = plan.find(order.link)
        if found is None:
            raise refuse(UNKNOWN_ORDER_LINK, f"The order names the link '{order.link}', which does not exist.")
        table = found
    field = find_field(store, table.model, order.attribute, who)
    if field.kind is Kind.CHOICES:
        raise refuse(CHOICES_NOT_HERE, f"To order by '{field.name}', a column of several choices, is not possible.")
    is_lookup = field.kind in LOOKUP_KINDS
    if is_lookup or (field.kind in LABELLED and not plan.fetch.raw_order):
        labelled = label_of(store, table.model, field.name, who)
        return Term(table, labelled, labelled.name if is_lookup else field.name, order.descending)
    return Term(table, field, field.name, order.descending)
