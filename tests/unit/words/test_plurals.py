"""No message says "1 records": after a figure that may be one stands a word that fits it.

A message with such a figure has two forms, and the value `count` decides between them. A figure that is never one, such
as a limit, is an exception below.
"""

import re

import pytest

from connector.words import Sentence, wording_of
from infra.words.catalogue import collected, read

#: A value, up to two words before the noun, and a noun in the plural.
FIGURE_AND_PLURAL = re.compile(r"\{(\w+)\} ((?:[A-Za-z]+ ){0,2}?[a-z]+s)\b")
#: Words that end like a plural after a name, and are none.
NO_PLURALS = frozenset({"is", "was", "has", "does", "its", "this", "exists", "belongs", "filters", "as", "others"})
#: Values that are limits, which are never one.
NEVER_ONE = {"most": "a limit", "columns": "the most columns that a sheet may have"}
#: Messages that are right as they are.
EXCEPTIONS = {
    "The {kind} {name} of {table} has changes that are not published.": "names before a clause of their own",
    "The sheet {title} has cells beyond row {row} or column {column}.": "a name before a clause of its own",
    "{number} characters": "of a value that is longer than 80 of them",
    "Only {share} of the requests of five minutes are left to the application user.": "a percentage",
}


def figures_with_a_fixed_plural(text):
    """Values of a message that stand before a word in the plural."""
    for match in FIGURE_AND_PLURAL.finditer(text):
        words = match[2].split()
        if words[0] not in NO_PLURALS and words[-1] not in NO_PLURALS:
            yield match[1]


def test_a_figure_that_may_be_one_has_a_form_for_one():
    fixed = {
        f"{each.place}: {each.text}"
        for each in collected().messages
        if not each.plural and each.text not in EXCEPTIONS
        for name in figures_with_a_fixed_plural(each.text)
        if name not in NEVER_ONE
    }

    assert fixed == set(), 'write Sentence("{count} record", plural="{count} records", count=number)'


def test_dutch_has_two_forms_wherever_english_has():
    for message in read():
        if not isinstance(message.id, str):
            assert len(message.string) == 2, message.id


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{number} records would change.", ["number"]),
        ("{done} of {of} new members are in Spotler.", ["of"]),
        ("{name} is missing", []),
        ("{count} record: {figures}", []),
    ],
)
def test_a_fixed_plural_is_found(text, found):
    assert list(figures_with_a_fixed_plural(text)) == found


@pytest.mark.parametrize("number", [1, 2])
def test_a_message_is_right_for_one_and_for_several_in_both_languages(number):
    for each in collected().messages:
        if each.plural != "{count} records would change.":
            continue
        message = Sentence(each.text, plural=each.plural, count=number)
        dutch = {1: "1 record zou wijzigen.", 2: "2 records zouden wijzigen."}
        english = {1: "1 record would change.", 2: "2 records would change."}

        assert (str(message), wording_of("nl").text(message)) == (english[number], dutch[number])
        return
    pytest.fail("the message is gone")
