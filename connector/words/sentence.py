"""A sentence for people, that can be put into another language after it was made."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Protocol, Self, runtime_checkable


@runtime_checkable
class Labelled(Protocol):
    """A name that has its translation with it, such as the label of a form."""

    @property
    def en(self) -> str:
        """In English."""

    @property
    def nl(self) -> str:
        """In Dutch."""


#: What stands in a message. Text is shown as it is, as a name that somebody gave; a Sentence is translated.
type Value = str | int | float | Decimal | date | Labelled

#: The value that decides between one and several.
COUNT: Final = "count"


#: Characters of names in a message, which has two hundred for people to read.
ROOM: Final = 60


class Sentence(str):
    """The English text, which is all that logs and comparisons need, and what it was made of.

    Attributes:
        template: the sentence in English, with the names of its values in braces; `{` is written `{{` if it has values.
        plural: the same for another `count` than 1; empty if there is only one form.
        values: what stands in the braces.
    """

    __slots__ = ("plural", "template", "values")
    template: str
    plural: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, /, plural: str = "", **values: Value) -> Self:
        """The sentence that a template and its values make."""
        form = plural if plural and values[COUNT] != 1 else template
        sentence = super().__new__(cls, filled(form, values, in_english))
        sentence.template, sentence.plural, sentence.values = template, plural, MappingProxyType(values)
        return sentence

    @classmethod
    def of(cls, text: str) -> "Sentence":
        """A text as a message: one without values, unless it is one already."""
        return text if isinstance(text, Sentence) else Sentence(text)

    @classmethod
    def joined(cls, *parts: str, between: str = " ") -> "Sentence":
        """Several messages as one; empty ones are left out."""
        values = {f"part{number}": cls.of(part) for number, part in enumerate(filter(None, parts))}
        return Sentence(between.join(f"{{{name}}}" for name in values), **values)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """In another process it is text."""
        return str, (str(self),)


def listed(names: Iterable[str]) -> Sentence:
    """Names for the end of a sentence: as many as have room in a message, and how many there are besides."""
    every = list(names)
    shown = every[:1]
    for name in every[1:]:
        if len(", ".join((*shown, name))) > ROOM:
            break
        shown.append(name)
    text = ", ".join(shown)
    more = len(every) - len(shown)
    return Sentence("{names} and {number} more", names=text, number=more) if more else Sentence("{names}", names=text)


def marked(text: str) -> str:
    """The same text: it becomes a sentence elsewhere, and is collected here."""
    return text


def filled(template: str, values: Mapping[str, Value], shown: Callable[[Value], str]) -> str:
    """The template with its values."""
    return template.format_map({name: shown(value) for name, value in values.items()}) if values else template


def in_english(value: Value) -> str:
    """A value as English text has it: 12,000; 0.5; 29 Nov 2026."""
    match value:
        case str():
            return str(value)
        case int():
            return f"{value:,}"
        case float() | Decimal():
            return f"{value:,g}"
        case Labelled():
            return value.en
        case _:
            return f"{value.day} {value:%b} {value.year}"
