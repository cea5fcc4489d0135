"""Request headers: only those are taken whose meaning the stand-in knows, with the values that it can honour.

Dataverse ignores headers that it does not know, and so a misspelt one has no effect there. Here it is refused.
"""

import re
from collections.abc import Mapping
from typing import Final

from sandbox.dataverse.errors import ApiError, not_supported

#: Headers of the connection, of proxies and of tracing: they do not change what a request does.
_WITHOUT_EFFECT: Final = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "authorization",
        "cache-control",
        "client-request-id",
        "connection",
        "content-length",
        "cookie",
        "date",
        "expect",
        "host",
        "keep-alive",
        # A wrong name for `MSCRM.SolutionUniqueName`, known from public code: the default solution gets what is made.
        "mscrm.solutionname",
        "pragma",
        "request-id",
        "return-client-request-id",
        "traceparent",
        "tracestate",
        "transfer-encoding",
        "user-agent",
        "x-ms-client-request-id",
        "x-ms-correlation-id",
    }
)

#: Headers that only requests to a column with files take.
OF_FILES: Final = frozenset({"content-range", "range", "x-ms-file-name", "x-ms-transfer-mode"})

#: Headers that other modules read and check.
_READ_ELSEWHERE: Final = OF_FILES | frozenset(
    {
        "callerobjectid",
        "content-type",
        "if-match",
        "if-none-match",
        "mscrm.solutionuniquename",
        "mscrmcallerid",
        "prefer",
    }
)

#: Headers of which only some values can be honoured.
_VALUES: Final[Mapping[str, "re.Pattern[str]"]] = {
    "odata-version": re.compile(r"4\.0"),
    "odata-maxversion": re.compile(r"4\.0"),
    "consistency": re.compile("Strong"),
    # There are no rules for duplicates, so only leaving them off can be honoured.
    "mscrm.mergelabels": re.compile("true|false"),
    "mscrm.suppressduplicatedetection": re.compile("true"),
    "mscrm.bypassbusinesslogicexecution": re.compile(
        r"(?:CustomSync|CustomAsync)(?:\s*,\s*(?:CustomSync|CustomAsync))*"
    ),
}

#: The media types that an answer can have, and the parameters that do not change it.
_ACCEPTABLE: Final = re.compile(
    r"(?:application/json|\*/\*|application/\*|multipart/mixed|text/plain|text/html)"
    r"(?:\s*;\s*(?:q=[\d.]+|charset=utf-8|odata\.metadata=minimal))*",
    re.IGNORECASE,
)


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what would be ignored.

    Args:
        headers: by lower-case name.

    Raises:
        ApiError: 400 for a header or a value that the stand-in does not know.
    """
    for name, value in headers.items():
        if name in _WITHOUT_EFFECT or name in _READ_ELSEWHERE:
            continue
        if name == "accept":
            _check_accept(value)
        elif name not in _VALUES:
            raise not_supported(f"The header '{name}' is not supported.")
        elif not _VALUES[name].fullmatch(value.strip()):
            raise _wrong_value(name, value)


def _check_accept(value: str) -> None:
    for part in value.split(","):
        if not _ACCEPTABLE.fullmatch(part.strip()):
            raise _wrong_value("accept", value)


def _wrong_value(name: str, value: str) -> ApiError:
    return not_supported(f"The value '{value}' of the header '{name}' is not supported.")
