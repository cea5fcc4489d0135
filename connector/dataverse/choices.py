"""The numbers behind the choice columns, as names.

`Operation` also gives each operation its slug: the value that routes a work item to the function of that operation.
"""

from enum import IntEnum
from typing import Self


class Operation(IntEnum):
    """What a Spotler Job orders (`dh_operation`).

    The numbers are stored in rows, so they never change. They are here, and not in the classes of
    `connector.operations`, because the choice column is a part of the table.
    """

    SYNC_CONTACT = 100000000
    SYNC_MARKETING_LIST = 100000001
    REMOVE_MARKETING_LIST = 100000002
    ADD_TAG = 100000003
    REMOVE_TAG = 100000004
    SET_SCORE = 100000005
    INCREASE_SCORE = 100000006
    DECREASE_SCORE = 100000007
    START_AUTOMATION = 100000008
    STOP_AUTOMATION = 100000009
    REFRESH_AUTOMATIONS = 100000010
    ADD_TO_AUDIENCE = 100000011
    REMOVE_FROM_AUDIENCE = 100000012
    SET_CONTACT_FIELD = 100000013
    CLEAR_CONTACT_FIELD = 100000014
    ANONYMIZE_CONTACT = 100000015
    REFRESH_PERMISSIONS = 100000016
    PROMOTE_VISITOR = 100000017
    RECONCILE = 100000018
    CHECK = 100000019

    @property
    def slug(self) -> str:
        """The name in the topic, the portal and on the command line, e.g. `add-tag`."""
        return self.name.lower().replace("_", "-")

    @property
    def label(self) -> str:
        """What users read, e.g. `Add Tag`."""
        return self.name.replace("_", " ").title()

    @classmethod
    def from_slug(cls, slug: str) -> Self:
        """The operation of a slug.

        Raises:
            KeyError: when there is no such operation.
        """
        return cls[slug.upper().replace("-", "_")]


class PromoteTo(IntEnum):
    """What a website visitor becomes (`dh_promoteto` of Spotler Job)."""

    LEAD = 100000000
    ACCOUNT = 100000001


class JobStatus(IntEnum):
    """Where a job stands (`statuscode` of Spotler Job)."""

    QUEUED = 1
    IN_PROGRESS = 100000001
    COMPLETED = 2
    FAILED = 100000002

    @property
    def label(self) -> str:
        """What users read, e.g. `In Progress`."""
        return self.name.replace("_", " ").title()

    @property
    def state(self) -> int:
        """The `statecode` that belongs to it: 0 active, 1 inactive."""
        return 1 if self in (JobStatus.COMPLETED, JobStatus.FAILED) else 0

    @property
    def is_final(self) -> bool:
        """Whether the job is over."""
        return self.state == 1


class ContactStatus(IntEnum):
    """The states of a Spotler contact (`dh_status` of Spotler Info).

    The manual has six; a spam complaint is a cause of its own in Spotler. PERMANENT was made inactive by hand.
    """

    ACTIVE_STATIC = 100000000
    ACTIVE_DYNAMIC = 100000001
    SOFT_BOUNCE = 100000002
    HARD_BOUNCE = 100000003
    OPT_OUT = 100000004
    PERMANENT = 100000005
    SPAM_COMPLAINT = 100000006


class AutomationKind(IntEnum):
    """What a Spotler Automation row starts (`dh_kind`)."""

    AUTOMATION = 100000000
    CAMPAIGN = 100000001


class ChangedBy(IntEnum):
    """Where a permission was last changed (`dh_changedby`)."""

    DYNAMICS = 100000000
    SPOTLER = 100000001


class ConsentCause(IntEnum):
    """Who or what changed a permission (`dh_source` of Consent History)."""

    PERSON = 100000000
    JOB = 100000001
    FEED = 100000002
    FORM = 100000003
    CREATION = 100000004
    FIRST_SYNC = 100000005
    RULE = 100000006


class InteractionType(IntEnum):
    """What happened (`dh_type` of Marketing Interaction)."""

    EMAIL_SENT = 100000000
    EMAIL_OPENED = 100000001
    EMAIL_CLICKED = 100000002
    EMAIL_BOUNCED = 100000003
    WEBSITE_VISIT = 100000004
