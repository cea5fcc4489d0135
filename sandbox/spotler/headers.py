"""Headers that change what a call means, and that the service is not known to obey.

Ignoring one would let a client rely on what does not happen: a condition that nobody checks, a body that nobody
unpacks.
"""

from collections.abc import Mapping

from sandbox.spotler.errors import ApiError, ErrorType, invalid

_REFUSED = (
    *("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range", "prefer"),
    *("x-http-method-override", "x-http-method", "x-method-override"),
)


def require_plain(headers: Mapping[str, str]) -> None:
    """Raise 400 for such a header, 415 for a body that is not UTF-8 or is compressed."""
    for name in _REFUSED:
        if name in headers:
            raise invalid(f"The header {name} is not supported")
    _, _, parameters = headers.get("content-type", "").lower().partition("charset=")
    charset = parameters.partition(";")[0].strip(' "')
    encoding = headers.get("content-encoding", "identity").lower()
    if charset not in {"", "utf-8", "utf8"} or encoding != "identity":
        raise ApiError(ErrorType.INVALID_PARAMS, "The body must be UTF-8 and not compressed", status=415)
