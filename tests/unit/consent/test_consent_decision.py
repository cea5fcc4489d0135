"""The decision about a person, over all combinations of its inputs, against rules that are written another way."""

from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from connector.consent import Facts, Fate, PermissionReport, Presence, Reason, SpotlerReport, State, decide
from connector.spotler import Option

from .people import BIT, EARLY, LATE, NAME, PLAIN, REPORTS, ROWS, SECOND_ROWS, people, row

#: What the combinations about a person have of permissions: none, one that is on, one that is off, two, a reported one.
SOME_ROWS = ((), (row(),), (row(subscribed=False),), (row(), row(key="two", name="Events", bit=2, is_active=False)))
SOME_REPORTS = ((), (PermissionReport("Offers", 4, on=True, at=LATE),))


def may_not_be_there(facts):
    inactive = facts.state is not State.ACTIVE and not facts.stays_when_deactivated
    return not facts.exists or inactive or facts.keep_out or facts.do_not_email or not facts.has_address


def takes_no_part(facts):
    return facts.is_excluded or (facts.state is not State.ACTIVE and facts.stays_when_deactivated)


def consents(facts):
    """The dated, named statements that a permission of the person is on: who may outlive an opt-out."""
    rows = [each.at for each in facts.rows if not each.refuses and each.source and each.at]
    return [*rows, *(each.at for each in facts.spotler.permissions if each.on and each.at)]


@cache
def every_person():
    """All facts about a person with some permissions, and what is decided; whether Spotler has the contact is apart."""
    found = people(presence=(Presence.KNOWN,), rows=SOME_ROWS, reports=SOME_REPORTS)
    return [(facts, decide(facts)) for facts in found]


@cache
def every_permission():
    """All statements about one permission of somebody who may be mailed, and what is decided."""
    rows = [first + second for first, second in product(ROWS, SECOND_ROWS)]
    found = people(**PLAIN | {"do_not_bulk_email": (False, True), "rows": rows, "reports": REPORTS})
    return [(facts, decide(facts)) for facts in found]


def is_on(decision):
    """Whether the permission that all statements are about is switched on in Spotler."""
    return decision.by_bit([Option(BIT, NAME)]).bits.get(BIT, False)


def test_who_may_not_be_in_spotler_is_removed_and_nobody_else():
    for facts, decision in every_person():
        assert (decision.fate is Fate.REMOVED) is may_not_be_there(facts), facts


def test_who_takes_no_part_is_silenced_unless_removed():
    for facts, decision in every_person():
        silenced = takes_no_part(facts) and not may_not_be_there(facts)

        assert (decision.fate is Fate.SILENCED) is silenced, facts


def test_who_is_not_sent_may_not_be_mailed_and_has_a_reason():
    for facts, decision in every_person():
        assert (decision.reason is None) is (decision.fate is Fate.SENT), facts
        assert not (decision.reason and decision.may_be_mailed), facts


def test_who_is_sent_may_be_mailed_unless_opted_out_in_spotler_with_no_newer_consent():
    for facts, decision in every_person():
        if decision.fate is not Fate.SENT:
            continue
        on = any(each.on for each in decision.permissions)

        assert decision.may_be_mailed is (on or not facts.spotler.opted_out), facts


def test_whether_spotler_has_the_contact_changes_nothing_of_the_decision():
    for facts in people(presence=(Presence.KNOWN,), rows=SOME_ROWS, reports=SOME_REPORTS):
        others = [replace(facts, spotler=replace(facts.spotler, presence=each)) for each in Presence]

        assert [decide(each) for each in others] == [decide(facts)] * len(others), facts


def test_every_permission_is_off_for_who_is_not_sent_or_refuses_bulk_mail():
    for facts, decision in every_person():
        must = may_not_be_there(facts) or takes_no_part(facts) or facts.do_not_bulk_email

        assert (decision.all_off is not None) is must, facts
        assert not (must and any(each.on for each in decision.permissions)), facts


def test_rows_are_switched_off_with_bulk_mail_and_for_who_takes_no_part_and_stay_when_somebody_is_only_removed():
    for facts, decision in every_person():
        withdrawn = set(decision.withdrawals)
        subscribed = {each.id for each in facts.rows if each.subscribed}

        if facts.do_not_bulk_email or takes_no_part(facts):
            assert withdrawn == subscribed, facts
        elif not facts.spotler.opted_out:
            assert withdrawn == set(), facts
        else:
            assert withdrawn <= subscribed, facts


def test_nothing_is_on_without_a_dated_consent_that_nobody_has_withdrawn():
    for facts, decision in every_permission():
        if is_on(decision):
            spotler = facts.spotler
            refusals = [each.at for each in facts.rows if each.refuses]
            opt_outs = [each.at for each in spotler.permissions if not each.on]
            opt_outs += [spotler.opted_out_at] if spotler.opted_out else []
            by_row = [each.at for each in facts.rows if not each.refuses and each.source and each.at]
            by_report = [each.at for each in spotler.permissions if each.on and each.at]
            row_consents = not refusals and any(all(each and each < at for each in opt_outs) for at in by_row)
            spotler_consents = any(all(each and each < at for each in [*refusals, *opt_outs]) for at in by_report)

            assert not facts.do_not_bulk_email, facts
            assert row_consents or spotler_consents, facts


def test_an_opt_out_that_is_not_older_than_every_consent_is_never_lost():
    for facts, decision in every_permission():
        opt_outs = [each.at for each in facts.rows if each.refuses]
        opt_outs += [each.at for each in facts.spotler.permissions if not each.on]
        opt_outs += [facts.spotler.opted_out_at] if facts.spotler.opted_out else []
        newest = max(consents(facts), default=None)
        if opt_outs and (newest is None or any(each is None or each >= newest for each in opt_outs)):
            assert not is_on(decision), facts


def test_a_subscribed_dated_row_that_nobody_contradicts_is_on():
    for facts, decision in every_permission():
        uncontradicted = (
            facts.rows
            and not facts.do_not_bulk_email
            and not facts.spotler.opted_out
            and all(each.on for each in facts.spotler.permissions)
            and all(not each.refuses and each.source and each.at for each in facts.rows)
        )
        if uncontradicted:
            assert is_on(decision), facts


def test_every_row_has_its_verdict_and_every_verdict_its_reason():
    for facts, decision in every_permission():
        assert {each.row for each in decision.permissions if each.row} == {each.id for each in facts.rows}
        assert all(
            each.on is (each.reason in (Reason.ROW_SUBSCRIBED, Reason.ON_IN_SPOTLER)) for each in decision.permissions
        )


def test_what_spotler_reports_as_on_without_a_time_is_left_as_it_is():
    facts = Facts(spotler=SpotlerReport(permissions=(PermissionReport(NAME, BIT, on=True),)))

    assert decide(facts).permissions == ()


# The reasons people read


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts(), None),
        (Facts(exists=False, keep_out=True), Reason.DELETED),
        (Facts(state=State.MERGED, do_not_email=True), Reason.MERGED),
        (Facts(state=State.DEACTIVATED), Reason.DEACTIVATED),
        (Facts(keep_out=True, do_not_email=True), Reason.KEEP_OUT),
        (Facts(do_not_email=True, has_address=False), Reason.DO_NOT_EMAIL),
        (Facts(has_address=False, is_excluded=True), Reason.NO_ADDRESS),
        (Facts(state=State.DEACTIVATED, stays_when_deactivated=True), Reason.DEACTIVATED),
        (Facts(is_excluded=True, do_not_bulk_email=True), Reason.EXCLUDED),
        (Facts(do_not_bulk_email=True), None),
        (Facts(spotler=SpotlerReport(Presence.GONE)), None),
    ],
)
def test_the_reason_is_the_first_that_applies(facts, reason):
    assert decide(facts).reason is reason


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (row(), Reason.ROW_SUBSCRIBED),
        (row(subscribed=False), Reason.NOT_SUBSCRIBED),
        (row(is_active=False), Reason.ROW_DEACTIVATED),
        (row(source=None), Reason.NO_SOURCE),
        (row(at=None), Reason.NO_SOURCE),
    ],
)
def test_the_reason_of_a_permission_is_what_its_row_says(given, reason):
    (verdict,) = decide(Facts(rows=(given,))).permissions

    assert verdict.reason is reason


def test_an_opt_out_in_spotler_switches_the_row_off_too_and_a_newer_consent_outlives_it():
    def after(at):
        return decide(
            Facts(rows=(row(),), spotler=SpotlerReport(permissions=(PermissionReport(NAME, BIT, False, at),)))
        )

    lost, kept = after(LATE), after(EARLY)

    assert ([each.reason for each in lost.permissions], lost.withdrawals) == (
        [Reason.OPTED_OUT_IN_SPOTLER],
        {"one": Reason.OPTED_OUT_IN_SPOTLER},
    )
    assert ([each.on for each in kept.permissions], kept.withdrawals) == ([True], {})


def test_an_opt_out_is_found_by_way_of_a_third_statement():
    by_name, by_bit = row(subscribed=False, bit=None, at=LATE), row(key="two", name="News")
    report = PermissionReport(NAME, BIT, on=True, at=EARLY)

    decision = decide(Facts(rows=(by_name, by_bit), spotler=SpotlerReport(permissions=(report,))))

    assert [each.reason for each in decision.permissions] == [Reason.NOT_SUBSCRIBED, Reason.OTHER_ROW_REFUSES]
