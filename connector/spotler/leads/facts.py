"""What is assumed about the API of Spotler Leads, in one table.

The vendor's public description is of 2021 and of another name (GatorLeads). The setting LEADS_FACTS corrects any of it
without a release:

    LEADS_FACTS={"api_version": 3, "tracked_links": "/v2/leads/client/{account}/trackedlinks/{take}"}
"""

import json
import re
from dataclasses import dataclass, fields, replace
from typing import Self

from connector.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class LeadsFacts:
    """The table. Paths hold ids in braces; docs/to-verify.md says what each call is assumed to answer."""

    token: str = "/core/connect/token"  # noqa: S105 - a path
    scope: str = "openid GatorLeadsApi"
    #: The header `api-version`: contact details need 2.
    api_version: int = 2
    #: The number of the first page.
    first_page: int = 1
    types: str = "/leads/settings/leadtypes"
    by_date: str = "/leads/client/{account}/leads/{type}/{start}/{end}/{page}/{take}"
    lead: str = "/leads/client/{account}/lead/{lead}"
    tracked_links: str = "/leads/client/{account}/trackedlinks/{take}"
    mark_processed: str = "/leads/client/{account}/trackedlinks/markprocessed/{process}"

    @classmethod
    def from_setting(cls, text: str | None) -> Self:
        """The table with the corrections of the setting: a JSON object of names to values.

        Raises:
            Misconfigured: it is no such object, names an unknown fact, or a value has another form than its default.
        """
        table = cls()
        if not text or not text.strip():
            return table
        try:
            corrections = json.loads(text)
        except (ValueError, RecursionError):
            corrections = None
        if not isinstance(corrections, dict):
            raise Misconfigured("LEADS_FACTS must be a JSON object of names to values.")
        known = {each.name for each in fields(cls)}
        for name, value in corrections.items():
            if name not in known:
                raise Misconfigured(f"LEADS_FACTS names an unknown fact; known are {', '.join(sorted(known))}.")
            if not _fits(getattr(table, name), value):
                raise Misconfigured(f"LEADS_FACTS: the value of {name} does not have the form of its default.")
        return replace(table, **corrections)


def _fits(default: str | int, value: object) -> bool:
    """Whether a correction has the type of what it corrects and, of a path, its slash and its ids."""
    if isinstance(default, int):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not isinstance(value, str):
        return False
    if not default.startswith("/"):
        return bool(value.strip())
    same_ids = set(re.findall(r"{(\w*)}", default)) == set(re.findall(r"{(\w*)}", value))
    return same_ids and re.fullmatch(r"(/[\w.{}-]+)+", value, re.ASCII) is not None
