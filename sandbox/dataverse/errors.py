"""What the Web API refuses, with the status and the code that Dataverse gives it.

Codes and statuses follow "Compose HTTP requests and handle errors" and "Web service error codes" of the Dataverse
developer documentation.
"""

from typing import Final

from sandbox.dataverse.values import JsonObject

NOT_FOUND: Final = "0x80040217"
KEY_NOT_ACTIVE: Final = "0x80060890"
NO_ROW_FOR_KEY: Final = "0x80060891"
DUPLICATE_ALTERNATE_KEY: Final = "0x80060892"
DUPLICATE_ID: Final = "0x80040237"
VERSION_MISMATCH: Final = "0x80060882"
NO_PRIVILEGE: Final = "0x80040220"
BAD_PAYLOAD: Final = "0x80048d19"
BAD_QUERY: Final = "0x80060888"
UNKNOWN_SEGMENT: Final = "0x8006088a"
INVALID_ARGUMENT: Final = "0x80040203"
TEXT_TOO_LONG: Final = "0x80044331"
CHOICE_OUT_OF_RANGE: Final = "0x8004431a"
STATUS_NOT_IN_STATE: Final = "0x80048408"
ASSOCIATED: Final = "0x80040227"
NO_SUCH_MESSAGE: Final = "0x80040800"
NOT_A_MEMBER: Final = "0x80072560"

#: How the platform introduces every complaint about a body.
PAYLOAD_PREFIX: Final = (
    "Error identified in Payload provided by the user for Entity :'{set_name}', For more information on this error "
    "please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException : "
    "Microsoft.OData.ODataException: "
)


class ApiError(Exception):
    """The Web API refuses a request.

    Attributes:
        status: the HTTP status.
        code: the Dataverse error code, e.g. `0x80040217`.
        message: the sentence in the answer.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def bad_payload(set_name: str, message: str) -> ApiError:
    """The body has an unknown property, or a value of the wrong type."""
    return ApiError(400, BAD_PAYLOAD, PAYLOAD_PREFIX.format(set_name=set_name) + message)


def not_supported(message: str) -> ApiError:
    """The stand-in does not know a part of the request, or cannot do what it asks for."""
    return ApiError(400, INVALID_ARGUMENT, message)


def bad_query(message: str) -> ApiError:
    """The query string cannot be understood."""
    return ApiError(400, BAD_QUERY, message)


def unknown_property(name: str, table: str) -> ApiError:
    """A query names a property that the table does not have; names are case-sensitive."""
    return bad_query(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'.")


def unknown_segment(segment: str) -> ApiError:
    """The path names no entity set, function or action."""
    return ApiError(404, UNKNOWN_SEGMENT, f"Resource not found for the segment '{segment}'.")


def not_for_single_rows(method: str, table: str) -> ApiError:
    """Rows of intersect tables are created, deleted and found by queries only."""
    message = f"The '{method}' method does not support entities of type '{table}'."
    return ApiError(400, NO_SUCH_MESSAGE, message)


def unknown_solution(name: str) -> ApiError:
    """There is no such solution."""
    return ApiError(404, NOT_FOUND, f"The given solution unique name ({name}) is not valid.")


def not_a_member() -> ApiError:
    """The organisation has no such user."""
    return ApiError(403, NOT_A_MEMBER, "The user is not a member of the organization.")


def row_not_found(table: str, row_id: str) -> ApiError:
    """There is no row of that id."""
    return ApiError(404, NOT_FOUND, f"Entity '{table}' With Id = {row_id} Does Not Exist")


def key_not_found(table: str) -> ApiError:
    """There is no row of that alternate key."""
    message = f"A record with the specified key values does not exist in {table} entity"
    return ApiError(404, NO_ROW_FOR_KEY, message)


def key_not_active(table: str) -> ApiError:
    """The index of an alternate key is still built, or failed."""
    message = f"The entity key of {table} is not active, so rows cannot be found by it."
    return ApiError(400, KEY_NOT_ACTIVE, message)


def not_allowed(method: str) -> ApiError:
    """The address does not take this method."""
    return ApiError(405, BAD_QUERY, f"The requested resource does not support http method '{method}'.")


def duplicate_id() -> ApiError:
    """A row with that primary key exists."""
    return ApiError(412, DUPLICATE_ID, "A record with matching key values already exists.")


def duplicate_key(columns: tuple[str, ...], key_name: str) -> ApiError:
    """Another row has these values of an alternate key."""
    message = (
        f"A record that has the attribute values {', '.join(columns)} already exists. The entity key {key_name} "
        "requires that this set of attributes contains unique values. Select unique values and try again."
    )
    return ApiError(412, DUPLICATE_ALTERNATE_KEY, message)


def version_mismatch() -> ApiError:
    """The row has changed since the caller read it."""
    message = "The version of the existing record doesn't match the RowVersion property provided."
    return ApiError(412, VERSION_MISMATCH, message)


def missing_privilege(user_id: str, privilege: str, table: str) -> ApiError:
    """The caller's roles do not allow it."""
    message = (
        f"Principal user (Id={user_id}, type=8, roleCount=1) is missing {privilege} privilege for entity '{table}'. "
        f"context.Caller={user_id}"
    )
    return ApiError(403, NO_PRIVILEGE, message)


def access_denied(user_id: str, right: str, table: str, row_id: str, owner: str) -> ApiError:
    """The caller's roles allow it on the rows of others only."""
    message = (
        f"SecLib::AccessCheckEx failed. ObjectID: {row_id}, OwnerId: {owner}, OwnerIdType: 8 and "
        f"CallingUser: {user_id}. ObjectType: {table}, AccessRights: {right}Access"
    )
    return ApiError(403, NO_PRIVILEGE, message)


def error_body(error: ApiError, *, annotated: bool) -> JsonObject:
    """The JSON of an error; `annotated` adds what `odata.include-annotations` asks for."""
    content: JsonObject = {"code": error.code, "message": error.message}
    if annotated:
        content["@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"] = "0"
        content["@Microsoft.PowerApps.CDS.HelpLink"] = (
            f"http://go.microsoft.com/fwlink/?LinkID=398563&error={error.code}"
        )
        content["@Microsoft.PowerApps.CDS.TraceText"] = ""
        content["@Microsoft.PowerApps.CDS.InnerError.Message"] = error.message
    return {"error": content}
