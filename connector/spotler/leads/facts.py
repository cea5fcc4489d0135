"""What is assumed about the API of Spotler Leads, in one table.

The vendor's public description is of 2021 and of another name (GatorLeads). The setting LEADS_FACTS corrects any of it
without a release:

    LEADS_FACTS={"api_version": 3, "tracked_links": "/v2/leads/client/{account}/trackedlinks/{take}"}
"""

from dataclasses import dataclass
from typing import Self

from connector.spotler.corrections import corrected


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
        return corrected(cls(), "LEADS_FACTS", text)
