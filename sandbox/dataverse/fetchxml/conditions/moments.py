"""Relative dates, days and fiscal periods."""

from collections.abc import Callable
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.fetchxml.conditions.operator import Operator, Subject, Test, Values
from sandbox.dataverse.fetchxml.fields import DATES, Field
from sandbox.dataverse.fetchxml.refusals import INVALID_VALUE, refuse
from sandbox.dataverse.fetchxml.spans import COUNTED, COUNTED_HOURS, FIXED, OF_DAY, OF_PERIOD, Span, in_fiscal_year

_WITH_TIME: Final = DATES - {Kind.DATE}

type _MakeSpan = Callable[[Subject, tuple[str, ...]], Span | None]


def _within(field: Field, span: Span) -> Test:
    start = None if span.start is None else field.stored(span.start)
    end = None if span.end is None else field.stored(span.end)
    included, comparable = span.end_included, field.comparable

    def test(mine: object) -> bool:
        moment = comparable(str(mine))
        return (start is None or start <= moment) and (
            end is None or moment < end or (included and moment == end)
        )  # fmt: skip

    return test


def _spanning(values: Values, make: _MakeSpan, kinds: frozenset[Kind] = DATES) -> Operator:
    def build(subject: Subject, texts: tuple[str, ...]) -> Test:
        try:
            span = make(subject, texts)
        except (ValueError, OverflowError):
            message = f"The values {', '.join(texts)} are beyond the calendar."
            raise refuse(INVALID_VALUE, message) from None
        return (lambda _: False) if span is None else _within(subject.field, span)

    return Operator(values, kinds, build)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise refuse(INVALID_VALUE, f"The value '{text}' is not a whole number above zero.")
    return int(text)


def _period_and_year(subject: Subject, texts: tuple[str, ...]) -> tuple[int, int] | None:
    """The period and its year; None for a period that no year has."""
    period, year = map(_number, texts)
    return (period, year) if period <= subject.who.fiscal.periods else None


def _in_fiscal_period(subject: Subject, texts: tuple[str, ...]) -> Test:
    wanted, who, field = _number(texts[0]), subject.who, subject.field
    return lambda mine: who.fiscal.locate(field.local(mine).date())[1] == wanted


def _of_period(name: str) -> Operator:
    def make(subject: Subject, texts: tuple[str, ...]) -> Span | None:
        found = _period_and_year(subject, texts)
        return None if found is None else OF_PERIOD[name](subject.who, *found)

    return _spanning(Values.TWO, make)


def _of_day(name: str) -> Operator:
    def make(subject: Subject, texts: tuple[str, ...]) -> Span:
        # The time of day does not count.
        day = subject.field.moment(texts[0]).astimezone(subject.who.zone).date()
        return OF_DAY[name](subject.who, day)

    return _spanning(Values.ONE, make)


def _fixed(name: str) -> Operator:
    return _spanning(Values.NONE, lambda subject, _: FIXED[name](subject.who))


def _counted(name: str) -> Operator:
    make = {**COUNTED, **COUNTED_HOURS}[name]
    kinds = _WITH_TIME if name in COUNTED_HOURS else DATES
    return _spanning(
        Values.ONE, lambda subject, texts: make(subject.who, _number(texts[0]), subject.assumptions), kinds
    )  # fmt: skip


MOMENTS: Final = {
    **{name: _fixed(name) for name in FIXED},
    **{name: _counted(name) for name in (*COUNTED, *COUNTED_HOURS)},
    **{name: _of_day(name) for name in OF_DAY},
    **{name: _of_period(name) for name in OF_PERIOD},
    "in-fiscal-year": _spanning(
        Values.ONE, lambda subject, texts: in_fiscal_year(subject.who, _number(texts[0]))
    ),
    "in-fiscal-period": Operator(Values.ONE, DATES, _in_fiscal_period),
}  # fmt: skip
