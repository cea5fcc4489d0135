"""The `Prefer` header, read into values.

OData lets a service ignore preferences that it does not know. The stand-in refuses them, because a client that relies
on one would not notice that it has no effect.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from sandbox.dataverse.annotations import FORMATTED, LOOKUP_TABLE, NAVIGATION
from sandbox.dataverse.errors import ApiError, not_supported

#: The largest page that the Web API gives, and its default.
LARGEST_PAGE: Final = 5000

MORE_RECORDS: Final = "Microsoft.Dynamics.CRM.morerecords"
PAGING_COOKIE: Final = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
TOTAL_COUNT: Final = "Microsoft.Dynamics.CRM.totalrecordcount"
TOTAL_COUNT_CAPPED: Final = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
ERROR_DETAILS: Final = "Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"

#: The annotations that the stand-in can add to an answer.
ANNOTATIONS: Final = frozenset(
    {
        FORMATTED,
        LOOKUP_TABLE,
        NAVIGATION,
        MORE_RECORDS,
        PAGING_COOKIE,
        TOTAL_COUNT,
        TOTAL_COUNT_CAPPED,
        ERROR_DETAILS,
        "Microsoft.PowerApps.CDS.HelpLink",
        "Microsoft.PowerApps.CDS.TraceText",
        "Microsoft.PowerApps.CDS.InnerError.Message",
    }
)

_PREFERENCE: Final = re.compile(r'\s*([\w.-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;"]+)))?\s*(?:,|$)')


class Preference(StrEnum):
    """The preferences that the stand-in knows."""

    RETURN = "return"
    PAGE_SIZE = "odata.maxpagesize"
    ANNOTATIONS = "odata.include-annotations"
    CONTINUE = "odata.continue-on-error"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a request prefers.

    Attributes:
        given: the preferences that the header names.
        page_size: rows on a page, at most 5,000.
        annotations: the annotations to add, of those that the stand-in knows.
    """

    given: frozenset[Preference] = frozenset()
    page_size: int = LARGEST_PAGE
    annotations: frozenset[str] = frozenset()

    @property
    def representation(self) -> bool:
        """Whether the row comes back with the answer to a write."""
        return Preference.RETURN in self.given


@lru_cache(maxsize=256)
def parse_preferences(text: str) -> Preferences:
    """Read a `Prefer` header; an empty text is no header.

    Raises:
        ApiError: 400 for a preference, a value or an annotation that the stand-in does not know.
    """
    given: set[Preference] = set()
    page_size = LARGEST_PAGE
    annotations: frozenset[str] = frozenset()
    position = 0
    while position < len(text):
        match = _PREFERENCE.match(text, position)
        if match is None or match[1] not in list(Preference):
            raise not_supported(f"The preference '{text[position:].strip()}' is not supported.")
        preference, value = Preference(match[1]), match[2] or match[3] or ""
        if preference in given:
            raise not_supported(f"The preference '{preference}' is given twice.")
        if preference is Preference.PAGE_SIZE:
            page_size = _page_size(value)
        elif preference is Preference.ANNOTATIONS:
            annotations = _annotations(value)
        elif value != ("representation" if preference is Preference.RETURN else ""):
            raise not_supported(f"The value '{value}' of the preference '{preference}' is not supported.")
        given.add(preference)
        position = match.end()
    return Preferences(frozenset(given), page_size, annotations)


def wants_error_details(text: str) -> bool:
    """Whether a `Prefer` header asks for the details of errors; a header that is refused asks for nothing."""
    try:
        return ERROR_DETAILS in parse_preferences(text).annotations
    except ApiError:
        return False


def _page_size(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise not_supported(f"The value '{text}' of odata.maxpagesize is not a positive whole number.")
    return min(int(text), LARGEST_PAGE)


def _annotations(text: str) -> frozenset[str]:
    """The known annotations that the patterns of a list match; every pattern must match one."""
    wanted: set[str] = set()
    for pattern in (part.strip() for part in text.split(",")):
        found = {name for name in ANNOTATIONS if fnmatchcase(name, pattern)}
        if not found:
            raise not_supported(f"The annotation '{pattern}' is not supported.")
        wanted |= found
    return frozenset(wanted)
