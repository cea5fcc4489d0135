"""Codes that are no errors: of work that ended well, and of alerts; and what they mean for people.

Codes of errors belong to their classes (`connector.errors`), codes of Spotler to `connector.spotler.codes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Meaning:
    """A sentence for people, and what to do."""

    sentence: str
    advice: str


OK: Final = "OK"
UNCHANGED: Final = "UNCHANGED"
SUPERSEDED: Final = "SUPERSEDED"
ANONYMIZED: Final = "ANONYMIZED"
PARTIAL: Final = "PARTIAL"
REMOVALS_HELD: Final = "REMOVALS_HELD"
SKIPPED_NO_EMAIL: Final = "SKIPPED_NO_EMAIL"
SKIPPED_FILTER: Final = "SKIPPED_FILTER"
SKIPPED_DO_NOT_EMAIL: Final = "SKIPPED_DO_NOT_EMAIL"
SKIPPED_KEEP_OUT: Final = "SKIPPED_KEEP_OUT"

#: Every code of work that ended well; docs/codes.md is generated from it.
MEANINGS: Final[Mapping[str, Meaning]] = MappingProxyType({
    OK: Meaning("The work is done.", ""),
    UNCHANGED: Meaning("Nothing has changed since it was last sent.", ""),
    SUPERSEDED: Meaning("A newer Sync Contact job of the same record does the work.", "Look at the newer job."),
    ANONYMIZED: Meaning(
        "It may not be in Spotler any more and was anonymised there.",
        "This cannot be undone; once the reason is gone, a sync makes a new contact.",
    ),
    PARTIAL: Meaning(
        "Some members of the marketing list were refused by Spotler; the others are in the audience.",
        "Correct the records that the message names; the next sync of the list adds them.",
    ),
    REMOVALS_HELD: Meaning(
        "Too many people would leave the audience of the marketing list, so they stay until a person approves.",
        "Look at plan list; then plan approve or plan discard, and correct the list or the rights to read.",
    ),
    SKIPPED_NO_EMAIL: Meaning("It has no e-mail address.", "Give the record an address if it should be in Spotler."),
    SKIPPED_FILTER: Meaning(
        "The filter of the mapping excludes it.", "Change the record, or the filter, if it should be in Spotler."
    ),
    SKIPPED_DO_NOT_EMAIL: Meaning(
        "It may not be mailed and is not in Spotler.",
        "Clear Do not allow Emails or activate the record if it should be in Spotler.",
    ),
    SKIPPED_KEEP_OUT: Meaning(
        "Keep Out is set on its Spotler Info, and it is not in Spotler.",
        "Clear Keep Out if the person wants to be in Spotler again; the next sync sends the record.",
    ),
})  # fmt: skip

#: Codes that stand in the logs only; docs/codes.md is generated from it.
ALERTS: Final[Mapping[str, Meaning]] = MappingProxyType({
    "BRAKE_HOLDS": Meaning(
        "Too many records would lose permissions or values in Spotler, or leave an audience, and nobody asked for it.",
        "Look at plan list; then plan approve or plan discard, and correct the mapping or the rights to read.",
    ),
    "JOBS_OVERDUE": Meaning(
        "Jobs have not ended JOB_GIVE_UP_HOURS after they were created or queued again.",
        "Run job explain on the oldest, and check its function and backlog.",
    ),
})  # fmt: skip
