"""What the platform refuses of customisations, with the codes of "Web service error codes"."""

from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.errors import ApiError

NOT_SETTLED: Final = "0x80040216"
LOCKED: Final = "0x80071151"
DEPENDENCY: Final = "0x8004f01f"
NAME_TAKEN: Final = "0x80040237"
COLUMN_TAKEN: Final = "0x80047013"
RELATIONSHIP_TAKEN: Final = "0x8004432B"
RELATIONSHIP_WITHOUT_NAME: Final = "0x8004432A"
SECOND_PARENT: Final = "0x8004432D"
KEY_TAKEN: Final = "0x80060893"
KEY_OF_SAME_COLUMNS: Final = "0x80060894"
LAST_RELATIONSHIP: Final = "0x80090420"
TARGET_TWICE: Final = "0x80090424"
ACTIVITY_SUBJECT: Final = "0x8004F126"
ACTIVITY_OF_ACTIVITIES: Final = "0x8004F121"
ACTIVITY_OFFLINE: Final = "0x8004F122"
ACTIVITY_NOTES: Final = "0x8004F123"
ACTIVITY_MAIL_MERGE: Final = "0x8004F124"
#: To confirm on a real environment: which code the refusal of a name without prefix has.
BAD_PREFIX: Final = errors.INVALID_ARGUMENT


def invalid(message: str, code: str = errors.INVALID_ARGUMENT) -> ApiError:
    """A rule of definitions is broken."""
    return ApiError(400, code, message)


def undeclared(name: str, kind: str) -> ApiError:
    """A body has a property that its type does not have; found before any rule is looked at."""
    message = (
        "Error identified in Payload provided by the user for Entity :'', For more information on this error please "
        "follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException : "
        f"Microsoft.Crm.CrmException: Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{kind}'. "
        f"---> Microsoft.OData.ODataException: The property '{name}' does not exist on type "
        f"'Microsoft.Dynamics.CRM.{kind}'. Make sure to only use property names that are defined by the type."
    )
    return ApiError(400, errors.BAD_PAYLOAD, message)


def no_patch(kind: str) -> ApiError:
    """Definitions are replaced as a whole."""
    return ApiError(405, errors.BAD_QUERY, f"Operation not supported on {kind}")


def bad_prefix(name: str, kind: str) -> ApiError:
    """A name does not begin with the prefix of the publisher."""
    message = f"{kind} name {name} is invalid or missing and must start with a valid customization prefix."
    return ApiError(400, BAD_PREFIX, message)


def not_settled(name: str) -> ApiError:
    """A table is too new for the write."""
    return ApiError(400, NOT_SETTLED, f"An unexpected error occurred. EntityId not found in MetadataCache: {name}.")


def locked(operation: str, running: str) -> ApiError:
    """Another customisation runs. There is no `Retry-After`."""
    if operation == running == "EntityCustomization":
        message = (
            "CustomizationLockException: Cannot start another [EntityCustomization] because there is a previous "
            "[EntityCustomization] running at this moment. Use Solution History for more details."
        )
    else:
        message = (
            f"CustomizationLockException: Cannot start the requested operation [{operation}] because there is another "
            f"[{running}] running at this moment. Use Solution History for more details."
        )
    return ApiError(429, LOCKED, message)


def in_use(kind: str, component_id: str, dependants: int) -> ApiError:
    """A component has dependants."""
    message = (
        f"The {kind}({component_id}) component cannot be deleted because it is referenced by {dependants} other "
        "components. For a list of referenced components, use the RetrieveDependenciesForDeleteRequest."
    )
    return ApiError(400, DEPENDENCY, message)


def no_definition(what: str) -> ApiError:
    """There is no such definition."""
    return ApiError(404, errors.NOT_FOUND, f"Could not find {what}.")
