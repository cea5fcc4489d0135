"""The paths of calls that exist for certain but were never published, in one table.

The vendor's manuals say that automations can be listed and stopped, that contacts carry tags and scores, and that
unsubscriptions can be fetched; the vendor's public description of 2022 has none of it. The paths below are assumed in
the style of the published ones. The setting SPOTLER_PATHS corrects any of them without a release:

    SPOTLER_PATHS={"tag_create": "/tags", "contact_tags": "/contact/{contact}/tag"}
"""

import json
import re
from dataclasses import dataclass, fields, replace
from typing import Self

from connector.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Paths:
    """The table. Ids stand in braces; docs/to-verify.md says what each call is assumed to send and answer."""

    automation_list: str = "/automation/list"
    automation_stop: str = "/automation/{automation}/stop"
    #: Not a path: the name of the array of personal values in the body of an automation trigger.
    automation_fields_member: str = "automationFields"
    tag_create: str = "/tag"
    tag_list: str = "/tag/list"
    contact_tags: str = "/contact/{contact}/tags"
    optouts: str = "/contact/optouts/list"

    @classmethod
    def from_setting(cls, text: str | None) -> Self:
        """The table with the corrections of the setting: a JSON object of names to paths.

        Raises:
            Misconfigured: it is no such object, names an unknown call, or a path lacks its slash or an id.
        """
        table = cls()
        if not text or not text.strip():
            return table
        try:
            corrections = json.loads(text)
        except (ValueError, RecursionError):
            corrections = None
        if not isinstance(corrections, dict) or not all(isinstance(each, str) for each in corrections.values()):
            raise Misconfigured("SPOTLER_PATHS must be a JSON object of names to paths.")
        known = {each.name for each in fields(cls)}
        for name, path in corrections.items():
            if name not in known:
                raise Misconfigured(f"SPOTLER_PATHS names an unknown call; known are {', '.join(sorted(known))}.")
            if not _fits(getattr(table, name), path):
                raise Misconfigured(f"SPOTLER_PATHS: the value of {name} does not have the form of its default.")
        return replace(table, **corrections)


def _fits(default: str, path: str) -> bool:
    """Whether a correction has the slash and the ids of what it corrects."""
    same_ids = set(re.findall(r"{(\w*)}", default)) == set(re.findall(r"{(\w*)}", path))
    form = r"(/[\w.{}-]+)+" if default.startswith("/") else r"\w+"
    return same_ids and re.fullmatch(form, path, re.ASCII) is not None
