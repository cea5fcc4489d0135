"""Text in one form: Unicode NFC, without blanks and invisible characters at its ends.

    clean_text(text)      for every text: names, tags, values of fields
    clean_address(text)   for e-mail addresses: an invisible character within is refused as well
    name_key(text)        for comparing names: equal for names that look the same to people

People copy values from web pages, PDF files and chats, which add characters that nobody sees (zero width space, byte
order mark, soft hyphen, direction marks) or write `é` as two characters. Within a text such characters can be right:
they join emoji and shape Persian words. At its ends, and anywhere in an address, they are always wrong.
"""

from typing import Final
from unicodedata import category, name, normalize

from connector.errors import Invalid
from connector.words import Sentence

#: Characters that are never seen, beside blanks and control characters. Not all of the category Cf: some are visible.
_INVISIBLE: Final = frozenset(
    map(
        chr,
        (
            0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x2800, 0x3164, 0xFEFF, 0xFFA0,
            *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x2070),
        ),
    )
)  # fmt: skip
#: Variation selectors: they end many emoji, so only an address cannot have them.
_SELECTORS: Final = frozenset(map(chr, (*range(0x180B, 0x180E), *range(0xFE00, 0xFE10))))


def clean_text(text: str) -> str:
    """The text in Unicode NFC, without blanks, control characters and invisible characters at its ends."""
    if text.isascii() and text.isprintable():  # nearly all texts, and quick
        return text.strip()
    text = normalize("NFC", text)
    start, end = 0, len(text)
    while start < end and _is_empty(text[start]):
        start += 1
    while end > start and _is_empty(text[end - 1]):
        end -= 1
    return text[start:end]


def is_blank(text: str) -> bool:
    """Whether nothing is left of a text in one form (`clean_text`)."""
    return not ("!" <= text[:1] <= "~") and not clean_text(text)  # most texts begin with something that is seen


def clean_address(text: str) -> str:
    """An e-mail address as `clean_text`, refused when there is still an invisible character in it.

    Raises:
        Invalid: naming the character, without the address.
    """
    text = clean_text(text)
    if text.isascii() and text.isprintable():
        return text
    for letter in text:
        if letter != " " and (_is_empty(letter) or letter in _SELECTORS):
            what = name(letter, "control character").lower()
            raise Invalid(
                Sentence(
                    "The e-mail address has an invisible character in it: {what} ({code}); type the address again.",
                    what=what,
                    code=f"U+{ord(letter):04X}",
                )
            )
    return text


def name_key(text: str) -> str:
    """What two names have in common that differ only in case, blanks at the ends, or invisible ways of writing."""
    key = clean_text(text).casefold()
    return key if key.isascii() else clean_text(key)


def _is_empty(letter: str) -> bool:
    return letter.isspace() or letter in _INVISIBLE or category(letter) == "Cc"
