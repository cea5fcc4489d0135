"""Text in one form, without invisible characters where they are wrong."""

from unicodedata import is_normalized

import pytest
from hypothesis import given, strategies as st

from connector.errors import Invalid
from connector.spotler import Field, Fields, Option, PropertyType, clean_address, clean_text, name_key

ZERO_WIDTH, BOM, NBSP, SOFT_HYPHEN = "\u200b", "\ufeff", "\u00a0", "\u00ad"
MARKS = ("\u200e", "\u200f", "\u202a", "\u202c", "\u2066", "\u2069", "\u061c")
INVISIBLE = (ZERO_WIDTH, BOM, NBSP, SOFT_HYPHEN, "\u2060", "\u200d", "\x00", "\u3164", *MARKS)


@pytest.mark.parametrize("letter", [*INVISIBLE, " ", "\t", "\n"])
def test_invisible_characters_at_the_ends_are_removed(letter):
    assert clean_text(f"{letter}{letter}Zoë{letter}") == "Zoë"
    assert clean_address(f"{letter}zoë@example.org{letter}") == "zoë@example.org"


def test_two_ways_of_writing_a_letter_become_one():
    assert clean_text("Zoe\u0308") == "Zoë"
    assert clean_address("zoe\u0308@example.org") == "zoë@example.org"


@pytest.mark.parametrize(
    "text",
    ["👩\u200d👧", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "❤\ufe0f", "🏴\U000e0067\U000e007f", "a\u00a0b"],
)
def test_what_is_right_within_a_text_stays(text):
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("letter", "name"),
    [
        (ZERO_WIDTH, "zero width space (U+200B)"),
        (BOM, "zero width no-break space (U+FEFF)"),
        (NBSP, "no-break space (U+00A0)"),
        (SOFT_HYPHEN, "soft hyphen (U+00AD)"),
        ("\u202e", "right-to-left override (U+202E)"),
        ("\ufe0f", "variation selector-16 (U+FE0F)"),
        ("\x07", "control character (U+0007)"),
    ],
)
def test_an_invisible_character_within_an_address_is_named_and_the_address_is_not(letter, name):
    with pytest.raises(Invalid) as refusal:
        clean_address(f"zoe{letter}@example.org")

    assert refusal.value.sentence == (
        f"The e-mail address has an invisible character in it: {name}; type the address again."
    )


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    cleaned = clean_text(text)

    assert clean_text(cleaned) == cleaned
    assert is_normalized("NFC", cleaned)


@given(st.text(), st.sampled_from(INVISIBLE), st.sampled_from(INVISIBLE))
def test_names_that_people_cannot_distinguish_have_one_key(name, before, behind):
    assert name_key(f"{before}{name}{behind}") == name_key(name)
    assert name_key(name_key(name)) == name_key(name)


def test_fields_and_items_are_found_however_their_name_is_written():
    field = Field("interests", "Intérêts", PropertyType.SET, (Option(1, "Cafe\u0301"),))
    fields = Fields([field])

    assert fields.with_display_name("inte\u0301re\u0302ts\u200b") == (field,)
    assert field.option("CAFÉ") == field.options[0]
