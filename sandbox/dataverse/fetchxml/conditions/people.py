"""Operators about the caller: the user, the user's business unit, teams, reports and language."""

from collections.abc import Callable, Iterable
from typing import Final

from sandbox.dataverse.fetchxml.conditions.operator import Operator, Values, is_in, negated
from sandbox.dataverse.fetchxml.perspective import Perspective
from sandbox.dataverse.literals import IDS, NUMBERS
from sandbox.dataverse.values import Scalar


def _one_of(found: Callable[[Perspective], Iterable[Scalar]]) -> Operator:
    return Operator(Values.NONE, IDS, lambda subject, _: is_in(found(subject.who)))


_USER: Final = _one_of(lambda who: (who.user_id,))
_BUSINESS_UNIT: Final = _one_of(lambda who: (who.business_unit,))

PEOPLE: Final = {
    "eq-userid": _USER,
    "ne-userid": negated(_USER),
    "eq-businessid": _BUSINESS_UNIT,
    "ne-businessid": negated(_BUSINESS_UNIT),
    "eq-userteams": _one_of(lambda who: who.teams),
    "eq-useroruserteams": _one_of(lambda who: (who.user_id, *who.teams)),
    "eq-useroruserhierarchy": _one_of(lambda who: who.hierarchy),
    "eq-useroruserhierarchyandteams": _one_of(lambda who: who.hierarchy | who.teams_of(who.hierarchy)),
    "eq-userlanguage": Operator(Values.NONE, NUMBERS, lambda subject, _: is_in((subject.who.language,))),
}
