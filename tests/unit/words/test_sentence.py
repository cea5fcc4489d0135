"""A message is English text that can be put into another language later."""

import copy
import json
import pickle
from datetime import date

import pytest

from connector.errors import GivenUp, Invalid, Transient
from connector.words import Sentence, Wording, wording_of

DUTCH = Wording(
    "nl",
    {
        "A tag is longer than {most} characters.": ("Een tag is langer dan {most} tekens.",),
        "Correct it in a new job.": ("Herstel dit in een nieuwe taak.",),
        "{count} tag added.": ("{count} tag toegevoegd.", "{count} tags toegevoegd."),
        "Not done for {count} hour: {problem}": (
            "Het andere systeem kon het werk {count} uur niet doen: {problem}",
            "Het andere systeem kon het werk {count} uur lang niet doen: {problem}",
        ),
        "Spotler answered {status}.": ("Spotler antwoordde {status}.",),
        "once the cause is gone": ("zodra de oorzaak weg is",),
        "Since {day}.": ("Sinds {day}.",),
    },
)


def tags(count):
    return Sentence("{count} tag added.", plural="{count} tags added.", count=count)


def test_a_message_is_its_english_text():
    message = Sentence("A tag is longer than {most} characters.", most=255)

    assert message == "A tag is longer than 255 characters."
    assert json.dumps([message]) == '["A tag is longer than 255 characters."]'
    assert type(pickle.loads(pickle.dumps(message))) is str  # noqa: S301 - our own
    assert copy.deepcopy(message) == message


def test_values_are_put_in_after_the_translation():
    message = Sentence("A tag is longer than {most} characters.", most=255)

    assert DUTCH.text(message) == "Een tag is langer dan 255 tekens."


def test_text_without_values_is_translated_as_it_is():
    assert DUTCH.text("Correct it in a new job.") == "Herstel dit in een nieuwe taak."


@pytest.mark.parametrize("text", ["", "Sunny {today}", "{", Sentence("No {translation}.", translation="one")])
def test_what_has_no_translation_stays_english(text):
    assert DUTCH.text(text) == text


def test_english_needs_no_catalogue():
    assert wording_of("en").text(tags(2)) == "2 tags added."


@pytest.mark.parametrize(
    ("count", "english", "dutch"),
    [
        (1, "1 tag added.", "1 tag toegevoegd."),
        (2, "2 tags added.", "2 tags toegevoegd."),
        (1200, "1,200 tags added.", "1.200 tags toegevoegd."),
    ],
)
def test_one_and_several_have_forms_of_their_own(count, english, dutch):
    assert (tags(count), DUTCH.text(tags(count))) == (english, dutch)


def test_a_message_in_a_message_is_translated_and_a_name_is_not():
    inner = Sentence("Spotler answered {status}.", status=503)
    message = Sentence(
        "Not done for {count} hour: {problem}",
        plural="Not done for {count} hours: {problem}",
        count=1.5,
        problem=inner,
    )
    name = Sentence("Spotler answered {status}.", status="once the cause is gone")

    assert DUTCH.text(message) == "Het andere systeem kon het werk 1,5 uur lang niet doen: Spotler antwoordde 503."
    assert DUTCH.text(name) == "Spotler antwoordde once the cause is gone."


def test_dates_have_the_form_of_the_language():
    message = Sentence("Since {day}.", day=date(2026, 3, 5))

    assert (message, DUTCH.text(message)) == ("Since 5 Mar 2026.", "Sinds 5 mrt 2026.")


def test_joined_messages_are_translated_one_by_one():
    joined = Sentence.joined("[X]", "", "Correct it in a new job.", tags(2))

    assert joined == "[X] Correct it in a new job. 2 tags added."
    assert DUTCH.text(joined) == "[X] Herstel dit in een nieuwe taak. 2 tags toegevoegd."


def test_an_error_is_translated_with_its_advice_and_keeps_its_code():
    error = Invalid(Sentence("A tag is longer than {most} characters.", most=255))

    assert DUTCH.text(error.for_people) == (
        "[JOB_NOT_VALID] Een tag is langer dan 255 tekens. Herstel dit in een nieuwe taak."
    )
    assert str(error) == "A tag is longer than 255 characters."


def test_the_last_answer_of_what_was_given_up_is_translated_too():
    problem = Transient(Sentence("Spotler answered {status}.", status=503))

    assert "3 uur lang niet doen: Spotler antwoordde 503." in DUTCH.text(GivenUp.after(3, problem).sentence)
