"""Which jobs consent refuses: over all combinations of facts and intents."""

from functools import cache

import pytest

from connector.consent import Facts, Intent, PermissionReport, SpotlerReport, State, decide, objection
from connector.errors import Invalid, Refused
from connector.outcomes import MEANINGS

from .people import LATE, people, row

FORBIDDEN = (Intent.CONTACT, Intent.SWITCH_ON)
ALLOWED = tuple(intent for intent in Intent if intent not in FORBIDDEN)


@cache
def every_decision():
    return [(facts, decide(facts)) for facts in people(rows=((), (row(),)))]


def test_a_removal_a_sync_and_an_anonymisation_are_never_refused():
    for facts, decision in every_decision():
        for intent in ALLOWED:
            assert objection(decision, intent, permission="Events") is None, facts


def test_contacting_is_refused_exactly_where_the_person_may_not_be_mailed():
    for facts, decision in every_decision():
        assert (objection(decision, Intent.CONTACT) is None) is decision.may_be_mailed, facts


def test_switching_on_is_refused_where_contacting_is_and_with_do_not_bulk_email():
    for facts, decision in every_decision():
        allowed = decision.may_be_mailed and not facts.do_not_bulk_email

        assert (objection(decision, Intent.SWITCH_ON) is None) is allowed, facts


def test_every_refusal_is_for_good_and_says_what_to_do():
    for facts, decision in every_decision():
        for intent in FORBIDDEN:
            error = objection(decision, intent)

            assert error is None or (isinstance(error, Invalid | Refused) and error.sentence and error.what_to_do), (
                facts
            )


@pytest.mark.parametrize(
    ("facts", "code", "words"),
    [
        (Facts(exists=False), "JOB_NOT_VALID", "deleted"),
        (Facts(state=State.DEACTIVATED), "JOB_NOT_VALID", "deactivated"),
        (Facts(state=State.MERGED), "JOB_NOT_VALID", "merged"),
        (Facts(keep_out=True), "SKIPPED_KEEP_OUT", "Clear Keep Out"),
        (Facts(do_not_email=True), "SKIPPED_DO_NOT_EMAIL", "Clear Do not allow Emails"),
        (Facts(has_address=False), "SKIPPED_NO_EMAIL", "Give the record an address"),
        (Facts(is_excluded=True), "SKIPPED_FILTER", "filter"),
        (Facts(spotler=SpotlerReport(opted_out=True)), "CONTACT_OPTOUT", "opted out"),
    ],
)
def test_each_reason_has_its_code_and_its_words(facts, code, words):
    error = objection(decide(facts), Intent.CONTACT)

    assert (error.result_code, words in error.for_people) == (code, True)
    assert not code.startswith("SKIPPED") or code in MEANINGS


def test_a_permission_that_may_not_be_switched_on_is_named():
    error = objection(decide(Facts(do_not_bulk_email=True)), Intent.SWITCH_ON, permission="Events")

    assert (error.result_code, "Events" in error.sentence) == ("DO_NOT_BULK_EMAIL", True)


def test_who_opted_out_in_spotler_and_subscribed_again_later_may_be_mailed():
    later = PermissionReport("Newsletter", 1, on=True, at=LATE)
    opted_out = SpotlerReport(permissions=(later,), opted_out=True, opted_out_at=LATE.replace(day=1))

    assert objection(decide(Facts(spotler=opted_out)), Intent.CONTACT) is None
