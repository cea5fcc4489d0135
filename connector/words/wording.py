"""Messages in one language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from connector.words.catalogue import Forms, read_catalogue
from connector.words.sentence import COUNT, Labelled, Sentence, Value, filled, in_english

type Language = Literal["en", "nl"]
#: The setting with the language.
SETTING: Final = "RESULT_LANGUAGE"
LANGUAGES: Final[tuple[Language, ...]] = ("en", "nl")

_MONTHS: Final = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_DUTCH_MARKS: Final = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Wording:
    """Puts messages into a language.

    Attributes:
        language: of the texts.
        catalogue: the translations by the English text; English needs none.
    """

    language: Language = "en"
    catalogue: Forms = field(default=MappingProxyType({}), repr=False)

    def text(self, message: str) -> str:
        """The message as people read it; one that the catalogue does not have stays English."""
        if self.language == "en":
            return str(message)
        made = Sentence.of(message)
        one, *several = self.catalogue.get(made.template, (made.template, *filter(None, [made.plural])))
        form = several[0] if several and made.values.get(COUNT) != 1 else one
        return filled(form, made.values, self._shown)

    def _shown(self, value: Value) -> str:
        match value:
            case Sentence():
                return self.text(value)
            case str():
                return str(value)
            case int() | float() | Decimal():
                return in_english(value).translate(_DUTCH_MARKS)
            case Labelled():
                return value.nl
            case date():
                return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def wording_from(environment: Mapping[str, str]) -> Wording:
    """The wording that the environment asks for, also where other settings are wrong."""
    wanted = environment.get(SETTING, "")
    return wording_of("nl" if wanted == "nl" else "en")


@lru_cache
def wording_of(language: Language) -> Wording:
    """The wording of a language. Its catalogue is read once per process, and only if it is used."""
    if language == "en":
        return Wording()
    return Wording(language, read_catalogue(Path(__file__).with_name(f"{language}.po")))
