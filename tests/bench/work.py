"""The work of each operation in the bench: columns of its jobs, what has to be there before, what Spotler must see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from connector.dataverse.choices import Operation
from connector.dataverse.names import Automation, Job
from connector.operations.audiences import audience_id

TAG: Final = "Spring campaign"
AUDIENCE: Final = "Bench"
AUDIENCE_ID: Final = audience_id(AUDIENCE)
#: A field of the Spotler stand-in that the mapping does not send, so that a job may write it.
FIELD: Final = "scoreNote1"
#: The row of Spotler Automation that jobs start and stop.
AUTOMATION_ROW: Final = "0a0a0a0a-0000-4000-8000-00000000be7c"

_AUTOMATION: Final = {f"{Job.AUTOMATION_NAVIGATION}@odata.bind": f"/{Automation.SET}({AUTOMATION_ROW})"}
_TAGGED: Final[Mapping[str, object]] = {"tags": {TAG: 10}}


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one operation.

    Attributes:
        effect: what Spotler has to have seen once for each job, by the name in its journal; None for jobs that read.
        columns: of a job, besides its operation and its contact.
        about_contact: whether a job is about a contact.
        is_known: whether Spotler knows the contacts before.
        has: what they have in Spotler before, in the form of the side door.
        in_audience: whether they are in the audience before, which is there already.
        after: the operation that is done for every contact before, unmeasured.
    """

    effect: str | None
    columns: Mapping[str, object] = field(default_factory=dict)
    about_contact: bool = True
    is_known: bool = True
    has: Mapping[str, object] = field(default_factory=dict)
    in_audience: bool = False
    after: Operation | None = None


WORK: Final[Mapping[Operation, Work]] = {
    Operation.SYNC_CONTACT: Work("contact.created", is_known=False),
    Operation.ADD_TAG: Work("tag.added", {Job.TAG: TAG}),
    Operation.REMOVE_TAG: Work("tag.removed", {Job.TAG: TAG}, has=_TAGGED),
    Operation.SET_SCORE: Work("score.changed", {Job.TAG: TAG, Job.SCORE: 5}, has=_TAGGED),
    Operation.INCREASE_SCORE: Work("score.changed", {Job.TAG: TAG, Job.SCORE: 5}, has=_TAGGED),
    Operation.DECREASE_SCORE: Work("score.changed", {Job.TAG: TAG, Job.SCORE: 5}, has=_TAGGED),
    Operation.START_AUTOMATION: Work("automation.started", _AUTOMATION),
    Operation.STOP_AUTOMATION: Work("automation.stopped", _AUTOMATION, after=Operation.START_AUTOMATION),
    Operation.ADD_TO_AUDIENCE: Work("audience.member_added", {Job.AUDIENCE: AUDIENCE}),
    Operation.REMOVE_FROM_AUDIENCE: Work("audience.member_removed", {Job.AUDIENCE: AUDIENCE}, in_audience=True),
    Operation.SET_CONTACT_FIELD: Work("contact.updated", {Job.FIELD_NAME: FIELD, Job.FIELD_VALUE: "warm"}),
    Operation.CLEAR_CONTACT_FIELD: Work(
        "contact.updated", {Job.FIELD_NAME: FIELD}, has={"properties": {FIELD: "warm"}}
    ),
    Operation.ANONYMIZE_CONTACT: Work("contact.anonymized"),
    Operation.REFRESH_AUTOMATIONS: Work(None, about_contact=False),
    Operation.REFRESH_PERMISSIONS: Work(None, about_contact=False),
}
