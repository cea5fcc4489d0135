"""The rules of web resources and of buttons: names with a prefix, content, and what nobody may change."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from sandbox.dataverse.customizing.dependencies import refuse_if_needed
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import bad_prefix, invalid
from sandbox.dataverse.customizing.solution_tables import Rules
from sandbox.dataverse.errors import duplicate_id
from sandbox.dataverse.installing.tables import BUTTON_RULES, BUTTON_TABLE, RESOURCE, RESOURCE_TABLE
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import Writer

#: "Export key attribute uniquename for component appaction must start with a valid customization prefix."
BAD_EXPORT_KEY: Final = "0x800608ad"
#: "App Action rules should define only under Microsoft First party Solutions."
FIRST_PARTY_ONLY: Final = "0x80040265"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{1,7}_[\w./\-]*[\w]")
_TABLE_CONTEXT: Final = 1


@dataclass(slots=True)
class ResourceRules(Rules):
    """Checks web resources.

    Attributes:
        parts: of the environment.
    """

    parts: Parts

    def before_create(self, _writer: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Check a new one.

        Raises:
            ApiError: 400 for a name without prefix and for content that is not base64, 412 for a name that is taken.
        """
        name = str(values["name"])
        if not _NAME.fullmatch(name) or name.partition("_")[0].lower() not in self.parts.solutions.prefixes():
            raise bad_prefix(name, "Web resource")
        if any(str(row.values["name"]) == name for row in self.parts.store.tables[RESOURCE_TABLE].rows.values()):
            raise duplicate_id()
        _check_content(values)
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change.

        Raises:
            ApiError: 400 for another name or type, and for content that is not base64.
        """
        for name in ("name", "webresourcetype"):
            if values.get(name, old.values.get(name)) != old.values.get(name):
                raise invalid(f"The property {name} of a web resource cannot be changed.")
        _check_content(values)

    def before_delete(self, _writer: Writer, row: Row) -> None:
        """Check a deletion.

        Raises:
            ApiError: `0x8004f01f` while a form or a button uses it.
        """
        refuse_if_needed(self.parts, RESOURCE, row.id, "WebResource")


@dataclass(slots=True)
class ButtonRules(Rules):
    """Checks the commands of buttons.

    Attributes:
        parts: of the environment.
    """

    parts: Parts

    def before_create(self, _writer: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Check a new one.

        Raises:
            ApiError: `0x800608ad` for a unique name without prefix, 412 for one that is taken, 400 for a table that
                there is not.
        """
        name = str(values["uniquename"])
        prefix, separator, _ = name.partition("_")
        if not separator or prefix.lower() not in self.parts.solutions.prefixes():
            message = (
                "Export key attribute uniquename for component appaction must start with a valid customization prefix."
            )
            raise invalid(message, BAD_EXPORT_KEY)
        rows = self.parts.store.tables[BUTTON_TABLE].rows.values()
        if any(str(row.values["uniquename"]) == name for row in rows):
            raise duplicate_id()
        if values.get("context") == _TABLE_CONTEXT:
            self.parts.finder.named(str(values.get("contextvalue")))
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """The origin stays, whatever the answer says.

        Raises:
            ApiError: 400 for another unique name.
        """
        values.pop("origin", None)
        if values.get("uniquename", old.values.get("uniquename")) != old.values.get("uniquename"):
            raise invalid("The uniquename of a command cannot be changed.")

    def before_delete(self, _writer: Writer, row: Row) -> None:
        """Check a deletion.

        Raises:
            ApiError: 400 for a command that was migrated, and for one that still has rules.
        """
        if row.values.get("origin") == 1:
            raise invalid("A migrated command cannot be deleted.")
        if self.parts.store.tables[BUTTON_RULES].having("_appactionid_value", row.id):
            raise invalid("The command has rules: these must be disassociated first.")


class ConditionRules(Rules):
    """Refuses rules of buttons: only Microsoft makes them."""

    def before_create(self, _writer: Writer, _values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Refuse.

        Raises:
            ApiError: 400 `0x80040265`.
        """
        message = "App Action rules should define only under Microsoft First party Solutions"
        raise invalid(message, FIRST_PARTY_ONLY)

    def before_update(self, _: Row, _values: dict[str, Scalar]) -> None:
        """Refuse.

        Raises:
            ApiError: 400 `0x80040265`.
        """
        raise invalid("A rule of Microsoft cannot be changed.", FIRST_PARTY_ONLY)

    def before_delete(self, _: Writer, _row: Row) -> None:
        """Refuse.

        Raises:
            ApiError: 400 `0x80040265`.
        """
        raise invalid("A rule of Microsoft cannot be deleted.", FIRST_PARTY_ONLY)


def _check_content(values: dict[str, Scalar]) -> None:
    if values.get("content") is None:
        return
    try:
        base64.b64decode(str(values["content"]), validate=True)
    except binascii.Error:
        raise invalid("The content of a web resource must be base64.") from None
