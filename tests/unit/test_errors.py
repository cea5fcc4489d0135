"""Error families: each class has a code, a sentence and an advice, and none of them quotes values."""

import importlib
import pkgutil
import re

import pytest

import connector
from connector import errors
from connector.errors import (
    ConnectorError,
    GivenUp,
    InternalError,
    Invalid,
    OutcomeUnknown,
    Refused,
    Transient,
    Unclear,
)


def _classes() -> list[type[ConnectorError]]:
    """Every error of the connector, wherever it is written."""
    for module in pkgutil.walk_packages(connector.__path__, "connector."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = [], [ConnectorError]
    while waiting:
        found.append(waiting.pop())
        waiting += found[-1].__subclasses__()
    known = (each for each in found if each is not ConnectorError and each.__module__.startswith("connector."))
    return sorted(known, key=lambda each: (each.__module__, each.__qualname__))  # not as modules happen to be imported


CLASSES = _classes()


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__qualname__)
def test_every_error_has_a_code_a_sentence_and_an_advice(error):
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*", error.code)
    assert error.default_sentence().endswith(".")
    assert error.advice.endswith(".")


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__qualname__)
def test_every_error_has_a_code_of_its_own_or_that_of_its_family(error):
    doubles = [other for other in CLASSES if other.code == error.code and other is not error]

    assert all(issubclass(other, error) or issubclass(error, other) for other in doubles)


def test_the_families_are_those_that_decide_what_happens_next():
    families = {each.__name__ for each in ConnectorError.__subclasses__()}

    assert families == {"Invalid", "Refused", "Transient", "Misconfigured", "Unreadable"}


def test_the_tree_in_the_documentation_is_the_tree():
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__))
    written = {
        each.__name__ for each in CLASSES if each.__module__ == errors.__name__ and Refused not in each.__mro__[1:]
    }

    assert drawn == written


def test_an_error_without_a_sentence_says_what_its_class_says():
    error = OutcomeUnknown()

    assert str(error) == error.sentence == "The work may have been done, and repeating it could do it twice."
    assert error.result_code == "OUTCOME_UNKNOWN"


def test_the_place_that_raises_it_may_know_better():
    error = Refused("Spotler said no.", code="CONTACT_OPTOUT", advice="Ask the person.")

    assert (error.result_code, error.what_to_do) == ("CONTACT_OPTOUT", "Ask the person.")
    assert error.for_people == "[CONTACT_OPTOUT] Spotler said no. Ask the person."
    assert (Refused.code, Refused().result_code) == ("REFUSED", "REFUSED")


def test_people_read_code_sentence_and_advice():
    assert Invalid("The job has no tag.").for_people == ("[JOB_NOT_VALID] The job has no tag. Correct it in a new job.")


def test_an_error_without_advice_leaves_no_blank():
    assert ConnectorError("Something.").for_people == "[ERROR] Something."


def test_a_passing_fault_remembers_the_pause_that_was_asked_for():
    assert Transient(retry_after=3.5).retry_after == 3.5
    assert Unclear().retry_after is None


@pytest.mark.parametrize("error", [OutcomeUnknown, GivenUp, InternalError])
def test_ends_of_our_own_making_fail_the_job_at_once(error):
    assert issubclass(error, Refused)
