"""Options of choices: reading them from bodies, numbering them, and telling the column of them."""

from collections.abc import Iterator
from typing import Final
from uuid import uuid4

from sandbox.dataverse.customizing.bodies import check_option, check_option_set
from sandbox.dataverse.customizing.labels import Labels, shown_text
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.shapes import object_in, objects_in, text_in, type_of, whole_in
from sandbox.dataverse.values import Json, JsonObject

_LARGEST: Final = 2**31 - 1


def read_options(option_set: JsonObject, labels: Labels, first: int) -> list[Json]:
    """The options of an option set's body.

    Args:
        option_set: the body.
        labels: reads the labels.
        first: the first number that an option without a value gets.

    Raises:
        ApiError: 400 for unknown properties, and for a value or a label that is wrong or there twice.
    """
    options: list[Json] = []
    used: set[int] = set()
    for each in objects_in(option_set, "Options"):
        check_option(each)
        value = whole_in(each, "Value")
        if value is None:
            value = next_value(used, first)
        if value in used or not 0 <= value <= _LARGEST:
            raise invalid(f"The option value {value} is there twice, or out of range.")
        used.add(value)
        options.append(new_option(each, value, labels))
    return options


def new_option(body: JsonObject, value: int, labels: Labels) -> JsonObject:
    """An option as clients read it."""
    label = labels.read(body.get("Label"))
    if not shown_text(label):
        raise invalid("An option needs a label in the base language.")
    return {
        "Value": value,
        "Label": label,
        "Description": labels.read(body.get("Description")),
        "Color": body.get("Color"),
        "IsManaged": False,
        "ExternalValue": body.get("ExternalValue"),
        "ParentValues": [],
        "MetadataId": str(uuid4()),
        "HasChanged": None,
    }


def next_value(used: set[int], first: int) -> int:
    """The next number of the publisher's range."""
    while first in used:
        first += 1
    return first


def boolean_options(body: JsonObject, labels: Labels) -> JsonObject:
    """The two options of a yes/no column.

    Raises:
        ApiError: 400 for an option set of another type.
    """
    kind = type_of(body).removeprefix("Complex")
    if body and kind != "BooleanOptionSetMetadata":
        raise invalid("The OptionSet of a Boolean column must be a BooleanOptionSetMetadata.", "0x80048d19")
    check_option_set(body)
    found: JsonObject = {"IsGlobal": False, "OptionSetType": "Boolean", "MetadataId": str(uuid4())}
    for name, value, text in (("TrueOption", 1, "Yes"), ("FalseOption", 0, "No")):
        sent = object_in(body, name)
        check_option(sent)
        label = labels.read(sent["Label"]) if "Label" in sent else labels.plain(text)
        found[name] = {"Value": value, "Label": label, "MetadataId": str(uuid4())}
    return found


def options_of(option_set: JsonObject) -> Iterator[JsonObject]:
    """The options of a stored option set."""
    yield from objects_in(option_set, "Options")


def labels_by_value(option_set: JsonObject) -> dict[int, str]:
    """Value and shown text of each option."""
    return {whole_in(each, "Value") or 0: shown_text(object_in(each, "Label")) for each in options_of(option_set)}


def states_by_status(option_set: JsonObject) -> dict[int, int]:
    """The state of each status reason."""
    return {whole_in(each, "Value") or 0: whole_in(each, "State") or 0 for each in options_of(option_set)}


def name_of(option_set: JsonObject) -> str:
    """The name of an option set."""
    return text_in(option_set, "Name")
