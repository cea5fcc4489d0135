"""What a row says is short, however it is put together: two sentences at most, and 200 characters.

Most messages are one text of the catalogue. The others are made while the connector runs, of an outcome and what there
is to add to it: warnings of the mapping, figures of a list or of a comparison, the problem that lasted too long. Here
each of these is made in every combination, with figures as they are in a large environment.
"""

import re
from collections import Counter
from functools import cache
from itertools import chain, combinations

import pytest

from connector.dataverse.api.errors import refusal
from connector.errors import GivenUp, Misconfigured, Transient
from connector.mapping.findings import Finding, first_of, in_row
from connector.outcomes import MEANINGS
from connector.reconcile.certificate_text import sentence_of
from connector.reconcile.findings import FindingKind
from connector.sync.lists.result import outcome_of
from connector.sync.lists.run import ListRun
from connector.sync.results import SENT, with_warnings
from connector.telemetry import internal_error
from connector.words import Sentence, listed, wording_of
from infra.words.catalogue import collected
from tests.unit.words.test_catalogue import LONGEST, REALISTIC

LANGUAGES = {language: wording_of(language) for language in ("en", "nl")}
COLUMN = "new_customernumber"


@cache
def problems():
    """What is not right with a value, as a warning quotes it."""
    return [
        Sentence(each.text, **{name: REALISTIC[name] for name in re.findall(r"\{(\w+)\}", each.text)})
        for each in collected().messages
        if each.place.startswith(("connector/mapping/values/", "connector/spotler/conversions.py"))
    ]


def too_long(message):
    """What is wrong with a message in one of the languages; empty if nothing is."""
    # The code has a column of its own; here it stands in front.
    texts = {name: re.sub(r"^\[\w+\] ", "", wording.text(message)) for name, wording in LANGUAGES.items()}
    return [
        (language, len(text), text)
        for language, text in texts.items()
        if len(text) > LONGEST or len(re.findall(r"[.?!](?= [A-Z]|$)", text)) > 2
    ]


def wrong(messages):
    return list(chain.from_iterable(map(too_long, messages)))


def warnings():
    """Every warning of the mapping, with every problem that it can quote."""
    for each in collected().messages:
        if not each.place.startswith(("connector/mapping/draft.py", "connector/mapping/steps.py")):
            continue
        names = re.findall(r"\{(\w+)\}", each.text)
        values = {name: COLUMN if name == "column" else REALISTIC[name] for name in names}
        for problem in problems() if "problem" in names else [""]:
            yield Sentence(each.text, **({**values, "problem": problem} if problem else values))


def test_there_are_warnings_and_problems_to_quote():
    assert len(problems()) > 20
    assert len(list(warnings())) > len(problems())


@pytest.mark.parametrize("number", [0, 1, 2, 12])
def test_a_record_that_was_sent_says_its_first_warning(number):
    every = list(warnings())

    assert wrong(with_warnings(SENT, [each] * number) for each in (every if number else every[:1])) == []


def test_several_warnings_are_counted_and_one_is_not():
    first, second = Sentence("One was not sent."), Sentence("Another was not sent.")

    assert with_warnings(SENT, [first]) == "Sent to Spotler. One was not sent."
    assert with_warnings(SENT, [first, second]) == "Sent to Spotler. Warning 1 of 2: One was not sent."


def test_a_contact_that_was_lost_and_has_warnings_too_says_both_in_two_sentences():
    lost = next(
        each for each in collected().messages if each.text.startswith("Spotler had lost the contact, so it was")
    )
    told = Sentence(lost.text, plural=lost.plural, count=3)
    short = Sentence("The field {name} does not exist in Spotler or is not visible, so it was not sent.", name="Code")

    assert wrong([told, with_warnings(told, [short])]) == []


FLAGS = ("left out", "refused", "emptied", "lost", "kept", "held")


@pytest.mark.parametrize("flags", [each for size in range(len(FLAGS) + 1) for each in combinations(FLAGS, size)])
def test_the_outcome_of_a_list_is_short_whatever_came_together(flags):
    run = a_run(flags)
    outcome = outcome_of(run)

    assert too_long(outcome.message) == []
    assert ("plan 20260101t000000-000000" in outcome.message) is ("held" in flags)


def a_run(flags):
    reasons = Counter({"do not email": 12_345, "no address": 1234, "excluded by the mapping": 12, "deleted": 3})
    run = ListRun(
        job="",
        touched="",
        counts=Counter(members=123_456, added=1234, removed=1234, held=1234 if "kept" in flags else 0),
        left_out=reasons if "left out" in flags else Counter(),
        refused=Counter(PROPERTY_INVALID=1234, CONTACT_OPTOUT=12, NO_ACTIVE_CHANNEL=3)
        if "refused" in flags
        else Counter(),
        refused_ids=["1a2b3c4d-0000-4000-8000-000000000000"] * 20 if "refused" in flags else [],
        held="20260101t000000-000000" if "held" in flags else "",
    )
    run.is_emptied, run.is_lost = "emptied" in flags, "lost" in flags
    return run


@pytest.mark.parametrize("records", [{}, {"repaired"}, {"excluded"}, {"quarantined"}, {"repaired", "quarantined"}])
@pytest.mark.parametrize("contacts", [{}, {"repaired", "quarantined"}])
@pytest.mark.parametrize("lists", [{}, {"equal": 3}, {"equal": 1, "LIST_QUERY_NOT_SUPPORTED": 12}])
@pytest.mark.parametrize("settled", [True, False])
def test_a_certificate_is_short_whatever_was_found(records, contacts, lists, settled):
    def side(kinds):
        found = {kind.value: 1234 if kind.value in kinds else 0 for kind in FindingKind} | {"equal": 123_456}
        return {"total": sum(found.values()), **{kind: {"total": number} for kind, number in found.items()}}

    certificate = {
        "records": side(records),
        "contacts": side(contacts),
        "lists": {"total": sum(lists.values()), **lists},
        "contacts_settled": settled,
    }

    assert too_long(sentence_of(certificate)) == []


def errors():
    """Every error of the connector with its own sentence."""
    from connector.cli.codes import _error_classes

    for kind in _error_classes():
        try:
            yield kind()
        except TypeError:
            continue  # it is never raised without what it is about


def test_an_error_and_its_advice_are_short():
    assert len(list(errors())) > 30
    assert wrong(error.for_people for error in errors()) == []


def test_a_problem_that_lasted_too_long_is_quoted_in_one_sentence():
    problems = [error for error in errors() if isinstance(error, Transient | Misconfigured)]

    assert len(problems) > 10
    assert wrong(GivenUp.after(3.0, error).for_people for error in problems) == []


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "0x80040220", "SecLib::AccessCheckEx failed. Missing prvWriteContact privilege."),
        (400, "0x80040265", "A plug-in stopped it."),
        (400, "0x80060891", "emailaddress1 and lastname are wrong"),
        (412, "0x80060882", "The row version does not match."),
        (404, "0x80040217", "contact does not exist"),
        (503, "0x80071151", "Cannot start the requested operation [Publish] because there is another"),
    ],
)
def test_a_refusal_of_dataverse_is_short_on_a_row_and_has_all_details_in_the_log(status, code, message):
    body = {"error": {"code": code, "message": message}}
    error = refusal(status, {}, body, "PATCH contacts", columns=("emailaddress1", "lastname"))

    assert too_long(error.for_people) == []
    assert str(status) in error.sentence


def test_a_mapping_that_does_not_fit_names_its_first_problem():
    finding = Finding(
        in_row(12, "contact"),
        Sentence("the Marketing List {name} is dynamic, so nobody can be added to it or removed from it", name="News"),
        Sentence("Unlock it."),
    )
    error = Misconfigured(
        "Everything.",
        advice="Correct the mapping or what it names; the work waits.",
        on_row=Sentence("The mapping does not fit: {why}.", why=first_of([finding] * 4)),
    )

    assert too_long(error.for_people) == []
    assert "(1 of 4 problems)" in error.for_people


def test_an_internal_error_says_its_fingerprint_and_what_to_do():
    assert too_long(internal_error(ZeroDivisionError()).for_people) == []


def test_names_are_listed_as_far_as_there_is_room():
    assert listed(["a", "b"]) == "a, b"
    assert listed([f"field{number:02}" for number in range(12)]) == (
        "field00, field01, field02, field03, field04, field05 and 6 more"
    )
    assert wording_of("nl").text(listed(["x" * 50, "y" * 50])) == f"{'x' * 50} en nog 1"


def test_what_ended_well_is_one_sentence_with_one_of_advice():
    assert wrong(Sentence.joined(each.sentence, each.advice) for each in MEANINGS.values()) == []
