"""Rows that a record gets, over all combinations of its circumstances."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import product

import pytest

from connector.consent import Facts, KnownState, Latest, PermissionReport, Presence, SpotlerReport, State, decide
from connector.consent.creation import Circumstances, Origin, Variables, rows_to_create
from connector.dataverse.choices import ConsentCause
from connector.spotler import Option

from .people import BOTH, EARLY, LATE, MIDDLE, row

NEWS, EVENTS = Option(1, "Newsletter"), Option(2, "Events")
NOW = LATE + timedelta(days=1)
VARIABLES = tuple(
    Variables(names, frozenset(enabled), enables_all=every)
    for names, enabled, every in product(
        (None, ("newsletter",), ("Newsletter", "Fax")), ((), ("newsletter",), ("events",)), BOTH
    )
)
REPORTS = (
    SpotlerReport(),
    SpotlerReport(Presence.GONE),
    *(
        SpotlerReport(Presence.KNOWN, (PermissionReport("Newsletter", 1, on, at, MIDDLE),), opted_out, at)
        for on, at, opted_out in product(BOTH, (None, EARLY, LATE), BOTH)
    ),
)
KNOWN = ({}, {1: KnownState(on=True, at=EARLY)}, {1: KnownState(on=False, at=EARLY)})
HISTORIES = ({}, {"newsletter": Latest(on=True, at=MIDDLE)}, {"newsletter": Latest(on=False, at=MIDDLE)})
PEOPLE = (
    Facts(),
    Facts(do_not_bulk_email=True),
    Facts(do_not_email=True),
    Facts(has_address=False),
    Facts(keep_out=True),
    Facts(is_excluded=True),
    Facts(state=State.DEACTIVATED),
    Facts(exists=False),
)


def cases():
    for origin, variables, report, known, history, facts in product(
        Origin, VARIABLES, REPORTS, KNOWN, HISTORIES, PEOPLE
    ):
        told = replace(facts, spotler=report)
        given = Circumstances(origin, (NEWS, EVENTS), variables, NOW, known, history)
        yield told, given, rows_to_create(told, decide(told), given)


@cache
def every():
    return list(cases())


def shows(facts, given):
    """What is known of the state of the permission in Spotler."""
    report = next(iter(facts.spotler.permissions), None)
    if report:
        return report.on
    return given.known[1].on if given.known else None


def test_without_names_in_the_variable_nothing_is_created_but_for_records_made_from_spotler():
    for facts, given, rows in every():
        if given.variables.names is None and given.origin is not Origin.SPOTLER:
            assert rows == [], (facts, given)


def test_a_new_record_gets_the_names_of_the_variable_that_spotler_has():
    for facts, given, rows in every():
        kept = facts.exists and facts.state is State.ACTIVE and not facts.is_excluded
        if given.origin is Origin.NEW and given.variables.names:
            assert [each.name for each in rows] == ["Newsletter"] * kept, (facts, given)
            assert {each.cause for each in rows} <= {ConsentCause.CREATION}


def test_a_new_record_starts_as_subscribed_only_where_the_second_variable_says_so_and_nothing_forbids_it():
    for facts, given, rows in every():
        if given.origin is Origin.NEW:
            enabled = given.variables.enables_all or "newsletter" in given.variables.enabled
            withdrawn = given.history.get("newsletter") == Latest(on=False, at=MIDDLE)
            forbidden = facts.do_not_bulk_email or facts.do_not_email or facts.keep_out

            assert [each.on for each in rows] == [enabled and not withdrawn and not forbidden] * len(rows), given


def test_an_older_record_gets_rows_as_spotler_has_it_and_none_where_that_is_not_known():
    for facts, given, rows in every():
        if given.origin is not Origin.OLDER or facts.spotler.presence is Presence.GONE:
            continue
        on = any(each.on for each in rows)

        assert not rows or shows(facts, given) is not None, (facts, given)
        assert not on or shows(facts, given), (facts, given)


def test_an_older_record_that_spotler_does_not_have_starts_unsubscribed():
    for facts, given, rows in every():
        if given.origin is Origin.OLDER and facts.spotler.presence is Presence.GONE:
            assert not any(each.on for each in rows)
            assert bool(rows) is (decide(facts).fate == "sent" and bool(given.variables.names))


def test_a_record_made_from_spotler_is_as_spotler_has_it_whatever_the_variables_say():
    found = {}
    for facts, given, rows in every():
        if given.origin is Origin.SPOTLER:
            key = repr((facts, replace(given, variables=Variables())))
            assert found.setdefault(key, rows) == rows
            assert {each.cause for each in rows} <= {ConsentCause.FEED, ConsentCause.FIRST_SYNC}
            assert not any(each.on for each in rows) or shows(facts, given)


def test_nothing_starts_as_subscribed_after_a_withdrawal_unless_spotler_reports_a_newer_opt_in():
    for facts, given, rows in every():
        latest = given.history.get("newsletter")
        if latest and not latest.on and any(each.on for each in rows):
            (opt_in,) = facts.spotler.permissions

            assert opt_in.on and opt_in.at > latest.at, (facts, given)  # noqa: PT018


def test_nothing_starts_as_subscribed_where_all_permissions_are_off_or_the_person_opted_out_of_everything():
    for facts, given, rows in every():
        if any(each.on for each in rows):
            assert not facts.do_not_bulk_email
            assert given.origin is Origin.NEW or not facts.spotler.opted_out


def test_every_row_that_starts_as_subscribed_has_a_cause_and_a_time_that_is_not_in_the_future():
    for _, _, rows in every():
        assert all(each.cause and each.at <= NOW for each in rows)


@pytest.mark.parametrize("has", [row(name=" NEWSLETTER ", bit=None), row(name="News", bit=1), row(is_active=False)])
def test_a_permission_that_has_a_row_by_name_or_bit_gets_no_second_one(has):
    facts = Facts(rows=(has,))
    given = Circumstances(Origin.NEW, (NEWS, EVENTS), Variables(("Newsletter", "Events")), NOW)

    assert [each.name for each in rows_to_create(facts, decide(facts), given)] == ["Events"]
