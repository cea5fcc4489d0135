"""Garbled text is put right, and right text is left alone."""

# ruff: noqa: RUF001 - typographic marks are what is tested

import pytest
from hypothesis import assume, given, strategies as st

from connector.dataverse.messages import parse_message
from connector.dataverse.messages.mojibake import repair
from tests.unit.messages.documents import NAMES, attribute, read_bytes


def windows(byte):
    """A byte as browsers and .NET read it: five of them have no character in Python's table."""
    return bytes([byte]).decode("cp1252", errors="ignore") or chr(byte)


def garble(text):
    return "".join(map(windows, text.encode()))


ASCII = st.characters(max_codepoint=0x7F)
DUTCH = st.sampled_from("ëéïöüèêçáíóúñßøåÉÖÜ€’“”–…™")
CYRILLIC = st.characters(min_codepoint=0x410, max_codepoint=0x44F)
BALTIC = st.characters(min_codepoint=0x100, max_codepoint=0x17F)
FAR = st.sampled_from("漢字かな한글👋🎄ȘșȚțשלוםمرحبا")
used = st.text(ASCII | DUTCH | CYRILLIC | BALTIC | FAR).filter(lambda text: not text.isascii())


@given(used)
def test_text_that_was_garbled_once_or_twice_comes_back_as_it_was(text):
    assume(repair(text) == (text, False))

    assert repair(garble(text)) == (text, True)
    assert repair(garble(garble(text))) == (text, True)


@given(st.text(ASCII | st.characters(min_codepoint=0xC0, max_codepoint=0xFF, categories=["Lu", "Ll"])))
def test_words_of_western_europe_are_never_touched(text):
    assert repair(text) == (text, False)


@given(st.text())
def test_no_text_fails_and_what_was_not_repaired_is_unchanged(text):
    found, repaired = repair(text)

    assert repaired or found == text


@given(st.text())
def test_ascii_is_never_touched(text):
    ascii_only = text.encode("ascii", "ignore").decode()

    assert repair(ascii_only) == (ascii_only, False)


@pytest.mark.parametrize("text", ["CAFÉ®", "ANDRÉ’S", "MENÜ”", "Spaß…", "MALMÖ”", "Ça va – “oké”"])
def test_capitals_before_punctuation_are_not_taken_for_garbled_text(text):
    assert repair(text) == (text, False)


@pytest.mark.parametrize("garbled", ["â‚¬", "Ã¢â€šÂ¬", "Ã¢â\x80\x9aÂ¬"])
def test_a_euro_sign_is_found_back_also_when_one_of_the_rounds_was_latin_1(garbled):
    assert repair(garbled) == ("€", True)


def test_one_right_character_proves_that_the_document_is_right():
    assert repair("Zoë schrijft ‘Ã«’") == ("Zoë schrijft ‘Ã«’", False)


def test_the_third_round_is_left_alone():
    thrice = garble(garble(garble("Zoë")))

    assert repair(thrice) == (garble("Zoë"), True)


@pytest.mark.parametrize("name", NAMES)
def test_a_garbled_message_says_that_it_was_repaired(name):
    right = read_bytes(name).decode()
    body = garble(right).encode()

    assert parse_message(body).repaired is not right.isascii()


def test_escaped_text_is_taken_at_its_word():
    assert attribute("Ã«") == "Ã«"
