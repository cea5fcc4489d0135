"""How the service refuses: an HTTP status, an error type out of a fixed list, and a sentence.

```
ApiError                 any refusal
├── UnknownRoute         no such path: a page of the web server, no error type
├── WrongMethod          the path exists, the method does not
└── ContactRefused       a contact that cannot be written; carries the code of a batch answer
```
"""

from collections.abc import Mapping
from enum import StrEnum


class ErrorType(StrEnum):
    """The published error types, mixed spelling (`NOTFOUND`, `NOT_FOUND`) included."""

    INVALID_PARAMS = "INVALID_PARAMS"
    INVALID_STATE = "INVALID_STATE"
    NAME_ALREADY_IN_USE = "NAME_ALREADY_IN_USE"
    ID_NOTUNIQUE = "ID_NOTUNIQUE"
    PRODUCT_NOTFOUND = "PRODUCT_NOTFOUND"
    AUTH_NOT_FOUND = "AUTH_NOT_FOUND"
    NOT_AUTHORIZED = "NOT_AUTHORIZED"
    FORM_NOT_FOUND = "FORM_NOT_FOUND"
    CONTACT_NOT_FOUND = "CONTACT_NOT_FOUND"
    CONTACT_OPTOUT = "CONTACT_OPTOUT"
    CONTACT_ALREADY_EXISTS = "CONTACT_ALREADY_EXISTS"
    INVALID_PROPERTY = "INVALID_PROPERTY"
    BACKEND_EXCEPTION = "BACKEND_EXCEPTION"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    TRIGGER_NOTFOUND = "TRIGGER_NOTFOUND"
    CAMPAIGN_NOTFOUND = "CAMPAIGN_NOTFOUND"
    ORDER_NOTFOUND = "ORDER_NOTFOUND"
    MAILING_NOTFOUND = "MAILING_NOTFOUND"
    INVALID_MAILING = "INVALID_MAILING"
    FORMRESULT_NOT_FOUND = "FORMRESULT_NOT_FOUND"


class BatchCode(StrEnum):
    """The code of one contact in the answer to a batch."""

    OK = "OK"
    PROPERTY_INVALID = "PROPERTY_INVALID"
    CONTACT_ALREADY_EXISTS = "CONTACT_ALREADY_EXISTS"
    CONTACT_UNKNOWN = "CONTACT_UNKNOWN"
    CONTACT_OPTOUT = "CONTACT_OPTOUT"
    NO_ACTIVE_CHANNEL = "NO_ACTIVE_CHANNEL"
    ERROR = "ERROR"


class ApiError(Exception):
    """A refusal. `extra` holds further members of the body."""

    def __init__(
        self,
        error_type: ErrorType,
        message: str,
        *,
        status: int = 400,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.status = status
        self.extra = extra or {}


class ContactRefused(ApiError):
    """A contact that is not written, and why."""

    def __init__(
        self, error_type: ErrorType, message: str, code: BatchCode = BatchCode.ERROR, *, status: int = 400
    ) -> None:
        super().__init__(error_type, message, status=status)
        self.code = code


class UnknownRoute(ApiError):
    """No such path."""

    def __init__(self) -> None:
        super().__init__(ErrorType.RESOURCE_NOT_FOUND, "Not Found", status=404)


class WrongMethod(ApiError):
    """The path exists with other methods."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(ErrorType.INVALID_PARAMS, "Method Not Allowed", status=405)
        self.allowed = allowed


def invalid(message: str) -> ApiError:
    """A parameter or body that is wrong: 400."""
    return ApiError(ErrorType.INVALID_PARAMS, message)


def invalid_property(message: str) -> ContactRefused:
    """An unknown property or a value it cannot hold: 400, `PROPERTY_INVALID` in a batch."""
    return ContactRefused(ErrorType.INVALID_PROPERTY, message, BatchCode.PROPERTY_INVALID)


def missing(error_type: ErrorType, what: str) -> ApiError:
    """The object that the path names does not exist: 404."""
    return ApiError(error_type, f"{what} not found", status=404)


def unknown_reference(error_type: ErrorType, what: str) -> ApiError:
    """An object that the body refers to does not exist: 400."""
    return ApiError(error_type, f"{what} is unknown")


def unknown_contact(external_id: str) -> ContactRefused:
    """The contact in the path does not exist: 404, `CONTACT_UNKNOWN` in a batch."""
    return ContactRefused(
        ErrorType.CONTACT_NOT_FOUND,
        f"Contact {external_id} not found",
        BatchCode.CONTACT_UNKNOWN,
        status=404,
    )
