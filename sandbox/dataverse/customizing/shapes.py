"""Reading JSON whose shape is not known: a value of the wrong kind counts as missing."""

from sandbox.dataverse.values import Json, JsonObject


def text_in(content: JsonObject, name: str) -> str:
    """The text of that name, or an empty one."""
    value = content.get(name)
    return value if isinstance(value, str) else ""


def flag_in(content: JsonObject, name: str, *, default: bool = False) -> bool:
    """The yes or no of that name."""
    value = content.get(name)
    return value if isinstance(value, bool) else default


def whole_in(content: JsonObject, name: str) -> int | None:
    """The whole number of that name."""
    value = content.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number_in(content: JsonObject, name: str) -> float | None:
    """The number of that name."""
    value = content.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def object_in(content: JsonObject, name: str) -> JsonObject:
    """The object of that name, or an empty one."""
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def objects_in(content: JsonObject, name: str) -> list[JsonObject]:
    """The objects in the list of that name."""
    value = content.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts_in(content: JsonObject, name: str) -> list[str]:
    """The texts in the list of that name."""
    value = content.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def value_of(content: JsonObject, name: str) -> Json:
    """What stands in `{"Value": ...}` of that name."""
    return object_in(content, name).get("Value")


def type_of(content: JsonObject) -> str:
    """The type that the body names, without its namespace."""
    return text_in(content, "@odata.type").removeprefix("#").removeprefix("Microsoft.Dynamics.CRM.")
