"""Why a query is refused, with the codes of Dataverse. Which code belongs to which mistake is partly unconfirmed."""

from typing import Final

from sandbox.dataverse.errors import ApiError

INVALID_XML: Final = "0x80040201"
INVALID_NODE: Final = "0x8004111C"
MISSING_ATTRIBUTE: Final = "0x8004111E"
UNKNOWN_TABLE: Final = "0x80041102"
UNKNOWN_COLUMN: Final = "0x80041103"
INCORRECT_CONDITION: Final = "0x80041106"
NEEDS_AGGREGATE: Final = "0x80041107"
INVALID_VALUE: Final = "0x80041108"
NEEDS_ALIAS: Final = "0x80041109"
UNKNOWN_ALIAS: Final = "0x8004110A"
HALF_A_LINK: Final = "0x80041111"
WRONG_SET: Final = "0x80041128"
UNKNOWN_OPERATOR: Final = "0x80041120"
UNKNOWN_ORDER_LINK: Final = "0x80041126"
COOKIE_ORDERS: Final = "0x80041129"
COOKIE_PAGE: Final = "0x8004112A"
DISTINCT_WITHOUT_COLUMNS: Final = "0x8004112C"
WRONG_FUNCTION: Final = "0x8004112F"
AGGREGATE_ORDER_BY_ATTRIBUTE: Final = "0x80041131"
PLAIN_ORDER_BY_ALIAS: Final = "0x80041132"
PLAIN_ORDER_NEEDS_ATTRIBUTE: Final = "0x80041133"
AGGREGATE_ORDER_NEEDS_ALIAS: Final = "0x80041134"
WRONG_DATE_GROUPING: Final = "0x80041135"
GROUP_AND_AGGREGATE: Final = "0x80041137"
INVALID_LINK: Final = "0x800404BA"
BEYOND_SIMPLE_PAGING: Final = "0x8004430A"
TOO_MANY_CONDITIONS: Final = "0x8004430C"
TOO_MANY_LINKS: Final = "0x8004430D"
TEXT_TOO_LARGE: Final = "0x80044153"
TOO_DEEP: Final = "0x80044157"
NO_HIERARCHY: Final = "0x80047020"
CHOICES_NOT_HERE: Final = "0x80050224"
AGGREGATE_LIMIT: Final = "0x8004E023"
QUICK_FIND_LIMIT: Final = "0x8004E024"


def refuse(code: str, message: str) -> ApiError:
    """The refusal of a query: 400 with one of the codes."""
    return ApiError(400, code, message)


def unknown_table(name: str) -> ApiError:
    """There is no such table."""
    return refuse(UNKNOWN_TABLE, f"The entity with a name = '{name}' was not found.")


def unknown_column(table: str, name: str) -> ApiError:
    """The table has no such column."""
    return refuse(UNKNOWN_COLUMN, f"'{table}' entity doesn't contain attribute with Name = '{name}'.")
