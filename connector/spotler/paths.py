"""The paths of calls that exist for certain but were never published, in one table.

The vendor's manuals say that automations can be listed and stopped, that contacts carry tags and scores, and that
unsubscriptions can be fetched; the vendor's public description of 2022 has none of it. The paths below are assumed in
the style of the published ones. The setting SPOTLER_PATHS corrects any of them without a release:

    SPOTLER_PATHS={"tag_create": "/tags", "contact_tags": "/contact/{contact}/tag"}
"""

from dataclasses import dataclass
from typing import Self

from connector.spotler.corrections import corrected


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
        return corrected(cls(), "SPOTLER_PATHS", text)
