"""Columns count as .NET does, in UTF-16 units; what cannot be sent is replaced."""

import pytest

from connector.dataverse.texts import cut, fitted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Noord", "Noord"),
        ("Noorden", "Noord"),
        ("Zoë Zoë", "Zoë Z"),
        ("1234\U0001f600", "1234"),  # one character of two units, of which one would fit
        ("123\U0001f600", "123\U0001f600"),
        ("", ""),
    ],
)
def test_a_text_is_cut_to_the_units_of_its_column(text, expected):
    assert cut(text, 5) == fitted(text, 5) == expected


def test_half_a_pair_is_replaced_before_a_text_is_cut():
    assert fitted("ab\ud800cd", 4) == "ab?c"
