"""What a success of the Web API holds; anything else does not come from Dataverse."""

from connector.dataverse.api.errors import not_dataverse
from connector.dataverse.api.rows import Row


def mapping_of(value: object, call: str) -> Row:
    """The JSON object of a success."""
    if not isinstance(value, dict):
        raise not_dataverse(call)
    return value


def rows_of(page: Row, set_name: str) -> list[Row]:
    """The rows of a page. One that is misread as empty would make records look deleted."""
    rows = page.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise not_dataverse(f"GET {set_name}")
    return rows
