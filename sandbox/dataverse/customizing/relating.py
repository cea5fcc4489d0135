"""What a relationship does and where it shows: cascades and the entry in the menu *Related*."""

from typing import Final

from sandbox.dataverse.customizing.refusals import invalid, undeclared
from sandbox.dataverse.customizing.shapes import text_in, whole_in
from sandbox.dataverse.values import Json, JsonObject

#: How a relationship behaves that says nothing of it.
CASCADE: Final[dict[str, Json]] = {
    "Assign": "NoCascade",
    "Delete": "RemoveLink",
    "Merge": "NoCascade",
    "Reparent": "NoCascade",
    "Share": "NoCascade",
    "Unshare": "NoCascade",
    "RollupView": "NoCascade",
    "Archive": "RemoveLink",
}
_VALUES: Final = frozenset({"NoCascade", "Cascade", "Active", "UserOwned"})
_OF_DELETE: Final = frozenset({"RemoveLink", "Restrict"})
_BEHAVIORS: Final = frozenset({"UseCollectionName", "UseLabel", "DoNotDisplay"})
_GROUPS: Final = frozenset({"Details", "Sales", "Service", "Marketing"})
_MENU: Final = frozenset(
    {
        "Behavior",
        "Group",
        "Label",
        "Order",
        "AvailableOffline",
        "Icon",
        "IsCustomizable",
        "MenuId",
        "QueryApi",
        "ViewId",
    }
)


def cascades(sent: JsonObject, *, customer: bool = False) -> JsonObject:
    """A cascade configuration, completed.

    Raises:
        ApiError: 400 for values that there are not, and for values that only deletions have.
    """
    found: JsonObject = {**CASCADE, **({"Merge": "Cascade"} if customer else {})}
    for name, value in sent.items():
        if name.startswith("@odata."):
            continue
        if name not in CASCADE:
            raise undeclared(name, "CascadeConfiguration")
        allowed = _VALUES | _OF_DELETE if name in ("Delete", "Archive") else _VALUES
        if value not in allowed:
            raise invalid(f"'{value}' is not a valid cascade for {name}.")
        found[name] = value
    return found


def is_parental(configuration: JsonObject) -> bool:
    """Whether the parent's deletion, assignment and sharing reach the children."""
    return all(configuration.get(name) == "Cascade" for name in ("Delete", "Assign", "Share", "Unshare", "Reparent"))


def menu(sent: JsonObject, label: JsonObject) -> JsonObject:
    """An entry in the menu of related rows, completed.

    Raises:
        ApiError: 400 for values that there are not.
    """
    for name in sent:
        if not name.startswith("@odata.") and name not in _MENU:
            raise undeclared(name, "AssociatedMenuConfiguration")
    behavior, group = text_in(sent, "Behavior") or "UseCollectionName", text_in(sent, "Group") or "Details"
    if behavior not in _BEHAVIORS or group not in _GROUPS:
        raise invalid(f"'{behavior}' or '{group}' is not valid in AssociatedMenuConfiguration.")
    order = whole_in(sent, "Order")
    return {
        "Behavior": behavior,
        "Group": group,
        "Label": label,
        "Order": 10_000 if order is None else order,
        "IsCustomizable": True,
        "Icon": None,
        "ViewId": "00000000-0000-0000-0000-000000000000",
        "AvailableOffline": True,
        "MenuId": None,
        "QueryApi": None,
    }
