"""Labels: texts in the languages that are provisioned, and what becomes of a text in another language.

Most components take a text in a language that is not provisioned for a text in the base language; date and memo columns
refuse it (both measured by others). A label without a text in the base language is refused.
"""

from dataclasses import dataclass
from typing import Final

from sandbox.dataverse.customizing.knobs import Knobs
from sandbox.dataverse.customizing.refusals import invalid, undeclared
from sandbox.dataverse.customizing.shapes import objects_in, text_in, whole_in
from sandbox.dataverse.values import Json, JsonObject

_LABEL: Final = frozenset({"LocalizedLabels", "UserLocalizedLabel"})
_LOCALIZED: Final = frozenset({"Label", "LanguageCode", "IsManaged", "MetadataId", "HasChanged"})


@dataclass(frozen=True, slots=True)
class Labels:
    """Reads labels of bodies for an environment with some languages."""

    knobs: Knobs

    @property
    def base(self) -> int:
        """The base language of the organisation."""
        return self.knobs.languages[0]

    def read(self, label: Json, before: JsonObject | None = None, *, strict: bool = False) -> JsonObject:
        """A label as it is stored.

        Args:
            label: what the body says.
            before: the label that it changes, whose other languages stay (`MSCRM.MergeLabels`).
            strict: whether a language that is not provisioned is refused.

        Raises:
            ApiError: 400 for a wrong shape, such a language, or no text in the base language.
        """
        sent = self._sent(label, strict=strict)
        kept = {} if before is None else texts_of(before)
        found = {**kept, **sent}
        if found and self.base not in found:
            raise invalid("Label is not valid: LanguageId should not be null for the base language.")
        return self.of(found)

    def of(self, texts: dict[int, str]) -> JsonObject:
        """The label with these texts."""
        shown: list[Json] = [_localized(text, language) for language, text in sorted(texts.items())]
        user = _localized(texts[self.base], self.base) if self.base in texts else None
        return {"LocalizedLabels": shown, "UserLocalizedLabel": user}

    def plain(self, text: str) -> JsonObject:
        """The label with one text in the base language."""
        return self.of({self.base: text} if text else {})

    def _sent(self, label: Json, *, strict: bool) -> dict[int, str]:
        if label is None:
            return {}
        if not isinstance(label, dict):
            raise invalid("A label must be an object with LocalizedLabels.")
        _check(label, _LABEL, "Label")
        texts: dict[int, str] = {}
        foreign: list[str] = []
        for each in objects_in(label, "LocalizedLabels"):
            _check(each, _LOCALIZED, "LocalizedLabel")
            language = whole_in(each, "LanguageCode")
            if language is None:
                raise invalid("Label is not valid: LanguageId should not be null.")
            if language in self.knobs.languages:
                texts[language] = text_in(each, "Label")
            elif strict:
                message = f"The language code {language} is not a valid language for this organization."
                raise invalid(message)
            else:
                foreign.append(text_in(each, "Label"))
        if foreign:
            texts.setdefault(self.base, foreign[0])
        return texts


def texts_of(label: JsonObject) -> dict[int, str]:
    """The texts of a stored label by language."""
    return {
        whole_in(each, "LanguageCode") or 0: text_in(each, "Label") for each in objects_in(label, "LocalizedLabels")
    }


def shown_text(label: JsonObject) -> str:
    """The text that users read."""
    user = label.get("UserLocalizedLabel")
    return text_in(user, "Label") if isinstance(user, dict) else ""


def _localized(text: str, language: int) -> JsonObject:
    return {"Label": text, "LanguageCode": language, "IsManaged": False, "MetadataId": None, "HasChanged": None}


def _check(content: JsonObject, known: frozenset[str], kind: str) -> None:
    for name in content:
        if not name.startswith("@odata.") and name not in known:
            raise undeclared(name, kind)
