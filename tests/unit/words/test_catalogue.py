"""Every message of the connector has a Dutch form that says the same, short enough for the row of a job.

A test that fails here says what to do; most often: run `python3 dev.py words`, and translate in connector/words/nl.po
what it lists.
"""

import re
from collections import defaultdict
from string import Formatter

import pytest

from connector.dataverse.schema.labels import TRANSLATIONS
from connector.words import Sentence, wording_of
from connector.words.catalogue import read_catalogue
from infra.words.catalogue import CATALOGUE, ROOT, collected, missing, read, updated
from infra.words.collect import collect

#: Characters of a message with its values.
LONGEST = 200
#: What stands in the braces, at its longest.
REALISTIC = defaultdict(
    lambda: "Nieuwsbrief",
    {
        **dict.fromkeys(("most", "length", "done", "of", "members", "added", "removed", "held", "total"), 123_456),
        **dict.fromkeys(("equal", "repaired", "excluded", "quarantined", "created", "updated", "deactivated"), 1234),
        **dict.fromkeys(("count", "hours", "seconds", "points", "position", "row", "precision", "unreadable"), 120),
        **dict.fromkeys(("routed", "taken", "claimed", "read"), 12.5),
        "call": "POST /contact",
        "code": "0x80040265",
        "counts": "12 (CONTACT_OPTOUT), 3 (INVALID_PROPERTY)",
        "status": 503,
        # What another message, or a list of names, adds is beside what the message itself says.
        **dict.fromkeys(("problem", "problems", "message", "names", "known", "locked", "wrong", "why", "places"), ""),
        **dict.fromkeys(("reasons", "found", "ids", "internal_error"), ""),
    },
)
#: Columns of Dynamics itself, as its forms call them.
STANDARD_LABELS = {
    "Do not allow Emails": "E-mail niet toestaan",
    "Do not allow Bulk Emails": "Bulk-e-mail niet toestaan",
    "Retry": "Opnieuw proberen",
}
#: Labels that are ordinary words too, or names of something else in these messages.
NOT_ONLY_LABELS = {
    "Spotler",
    "No",
    "Yes",
    "Dynamics",
    "Account",
    "Contact",
    "Lead",
    "Audience",
    "Kind",
    "Name",
    "Permission",
    "Key",
    "Active",
}

#: Words that address the reader.
SOMEBODY = re.compile(r"\b(u|uw|je|jij|jou|jouw)\b", re.IGNORECASE)

DUTCH = wording_of("nl")


def with_values(text):
    names = {name for _, name, _, _ in Formatter().parse(text) if name}
    return text.format_map({name: REALISTIC[name] for name in names}) if names else text


def placeholders(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def forms():
    """English and Dutch side by side, those for several too."""
    for message in read():
        english = (message.id,) if isinstance(message.id, str) else message.id
        dutch = (message.string,) if isinstance(message.string, str) else message.string
        yield from ((one, other) for one, other in zip(english, dutch, strict=True) if one)


def test_every_message_can_be_translated():
    assert collected().mistakes == ()


def test_no_message_is_missing_in_dutch():
    assert updated(read(), collected()) == CATALOGUE.read_bytes(), (
        "run: python3 dev.py words; then translate what it lists"
    )
    assert missing(read()) == [], f"translate these in {CATALOGUE}"


def test_both_languages_have_the_same_values():
    assert [pair for pair in forms() if placeholders(pair[0]) != placeholders(pair[1])] == []


def test_no_message_is_longer_than_a_person_reads():
    long = {text: len(with_values(text)) for pair in forms() for text in pair if len(with_values(text)) > LONGEST}

    assert long == {}


def sentences(text):
    """How many there are; an abbreviation or an address ends none."""
    return len(re.findall(r"[.?](?= [A-Z{]|$)", text))


def test_what_is_wrong_and_what_to_do_are_one_sentence_each():
    """The sentence of an error, as a row has it, and its advice."""
    assert {
        (each.text, each.advice) for each in collected().messages if sentences(f"{each.text} {each.advice}") > 2
    } == set()


def test_a_field_has_the_label_of_its_form():
    """Where the English text names a field by its label, the Dutch one has that label in Dutch."""
    labels = {**TRANSLATIONS, **STANDARD_LABELS}
    wrong = []
    for english, dutch in forms():
        for label in labels.keys() - NOT_ONLY_LABELS:
            # At the beginning of a sentence every word has a capital.
            named = re.search(rf"(?<=[a-z,;:] ){re.escape(label)}(?![\w-])", english)
            if named and labels[label].casefold() not in dutch.casefold():
                wrong.append((label, labels[label], dutch))

    assert wrong == []


def test_dutch_addresses_nobody():
    """It says "Controleer het adres", and neither "je" nor "u"."""
    assert [dutch for _, dutch in forms() if SOMEBODY.search(dutch)] == []


def test_the_dutch_pages_address_nobody_either():
    pages = sorted((ROOT / "docs" / "nl").glob("*.md"))

    assert len(pages) > 1
    assert {page.name: SOMEBODY.findall(page.read_text(encoding="utf-8")) for page in pages} == {
        page.name: [] for page in pages
    }


def test_the_file_is_read_as_babel_reads_it():
    by_babel = {
        (message.id if isinstance(message.id, str) else message.id[0]): (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in read()
        if message.id
    }

    assert dict(read_catalogue(CATALOGUE)) == by_babel


def test_the_catalogue_is_used():
    message = Sentence("{count} tag added.", plural="{count} tags added.", count=2)

    assert DUTCH.text(message) == "2 tags toegevoegd."


# Collecting


def texts_of(source):
    found = collect([("some.py", source)])
    return [each.text for each in found.messages if each.text], list(found.mistakes)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('Sentence("{n} tags", n=1)', ["{n} tags"]),
        ('class Odd(ConnectorError):\n    """Odd."""\n    advice = "Correct it."', ["Odd.", "Correct it."]),
        (
            'class Odd(ConnectorError):\n    """Odd."""\nraise Odd("Very odd.", advice="Wait.")',
            ["Odd.", "Very odd.", "Wait."],
        ),
        ('Done("Ready." if x else "Done.", post=y or "Posted")', ["Ready.", "Done.", "Posted"]),
        ('class A:\n    said = "Set {n}"\n    def f(self): Sentence(self.said, n=1)', ["Set {n}"]),
        ('def f():\n    what = "One." if x else "Two."\n    return Sentence(what)', ["One.", "Two."]),
    ],
)
def test_messages_are_found_wherever_they_are_made(source, texts):
    found, mistakes = texts_of(source)

    assert (sorted(found), mistakes) == (sorted(texts), [])


@pytest.mark.parametrize("made", ['f"It is {x}."', '"It is " + x', '"It is %s" % x'])
def test_text_that_is_put_together_is_a_mistake_that_says_what_to_do(made):
    _, mistakes = texts_of(f"Done({made})")

    assert len(mistakes) == 1
    assert 'write Sentence("... {name} ...", name=value)' in mistakes[0]
