"""The work of each operation: two or three good jobs and a bad one.

Where it applies, one record is not known to Spotler yet, and one has two jobs, whose order must be kept.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from connector.dataverse.choices import AutomationKind, JobStatus, Operation, PromoteTo
from connector.dataverse.names import Automation, EnvironmentVariable, Job, MarketingList, Visitor
from connector.dataverse.records import RecordRef
from connector.operations.audiences import audience_id
from connector.routing.subscriptions import RESOLVE
from sandbox.samples import WORKING
from tests.faults.kill_points.cast import NOT_VALID, SUBJECT, Cast, Ending, Row
from tests.faults.kill_points.evidence import SCORE
from tests.faults.kill_points.orders import Happens, Holds, ScoreMoves, Writes

#: What the variable holds when Spotler has the permissions of a fresh account.
PERMISSIONS: Final = "Newsletter;Events;Offers;"
#: A newer Sync Contact job does the work of an older one; whether it may depends on when the process died.
_SYNCED: Final = Ending(JobStatus.COMPLETED, frozenset({"OK", "SUPERSEDED"}))

#: What must never be done twice. The connector has an opinion of its own, which may be wrong.
AT_MOST_ONCE: Final = frozenset(
    operation.slug for operation in (Operation.START_AUTOMATION, Operation.INCREASE_SCORE, Operation.DECREASE_SCORE)
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The work of one operation.

    Attributes:
        slug: the operation.
        write: adds to the cast what there is and what is ordered.
        also: further subscriptions to which its items may go.
        together: how many trials may go on together; 1 where they change something that they share.
        uses_variable: whether the variable with the permissions holds the name of the trial at first.
    """

    slug: str
    write: Callable[[Cast], None]
    also: tuple[str, ...] = ()
    together: int = 9
    uses_variable: bool = False


def _resolve(cast: Cast) -> None:
    tagged = cast.stranger()
    tag = f"{cast.name} resolved"
    cast.job("no operation", None, cast.stranger(), ends=NOT_VALID)
    cast.job(
        "with an operation",
        Operation.ADD_TAG,
        tagged,
        Happens("tag.added", tagged.id, {"tag": tag}),
        row={Job.TAG: tag},
    )
    cast.job("no operation, no record", None, ends=NOT_VALID)


def _sync_contact(cast: Cast) -> None:
    operation, stranger, known = Operation.SYNC_CONTACT, cast.stranger(), cast.known()
    cast.job("a new record", operation, stranger, Happens("contact.created", stranger.id), ends=_SYNCED)
    cast.job("the same record again", operation, stranger, Holds(stranger.id, "email", f"{stranger.id}@example.org"))
    cast.job("a known record", operation, known, Happens("contact.updated", known.id))
    cast.job("no record", operation, ends=NOT_VALID)


def _of_list(row: str) -> Mapping[str, object]:
    return {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({row})"}


def _sync_marketing_list(cast: Cast) -> None:
    operation = Operation.SYNC_MARKETING_LIST
    first = cast.known()
    members = [first, *(cast.stranger(first.table) for _ in range(4))]
    row = cast.marketing_list(*members)
    added = [Happens("audience.member_added", member.id, {"audience": row}) for member in members]
    cast.job("a list", operation, None, *added, row=_of_list(row))
    cast.job("the same list again", operation, row=_of_list(row))
    cast.job("no list", operation, ends=NOT_VALID)


def _remove_marketing_list(cast: Cast) -> None:
    operation, member = Operation.REMOVE_MARKETING_LIST, cast.known()
    row = cast.marketing_list(member)
    cast.audience(row, cast.name, member)
    cast.job("a list", operation, row=_of_list(row))
    cast.job("the same list again", operation, row=_of_list(row))
    cast.job("no list", operation, ends=NOT_VALID)


def _add_tag(cast: Cast) -> None:
    operation, stranger, known = Operation.ADD_TAG, cast.stranger(), cast.known()
    for name, record, tag in (
        ("a new record", stranger, f"{cast.name} one"),
        ("the same record again", stranger, f"{cast.name} two"),
        ("a known record", known, f"{cast.name} three"),
    ):
        cast.job(name, operation, record, Happens("tag.added", record.id, {"tag": tag}), row={Job.TAG: tag})
    cast.job("no tag", operation, cast.stranger(), ends=NOT_VALID)


def _remove_tag(cast: Cast) -> None:
    operation, one, two = Operation.REMOVE_TAG, f"{cast.name} one", f"{cast.name} two"
    known, stranger = cast.known(tags={one: None, two: 5}), cast.stranger()
    cast.job("a known record", operation, known, Happens("tag.removed", known.id, {"tag": one}), row={Job.TAG: one})
    cast.job(
        "the same record again", operation, known, Happens("tag.removed", known.id, {"tag": two}), row={Job.TAG: two}
    )
    cast.job("a new record", operation, stranger, Happens("contact.created", stranger.id), row={Job.TAG: one})
    cast.job("no tag", operation, cast.stranger(), ends=NOT_VALID)


def _set_score(cast: Cast) -> None:
    operation, tag = Operation.SET_SCORE, f"{cast.name} score"
    known, stranger = cast.known(tags={tag: 1}), cast.stranger()
    for name, record, score in (
        ("a known record", known, 5),
        ("the same record again", known, 7),
        ("a new record", stranger, 9),
    ):
        happens = Happens(SCORE, record.id, {"tag": tag, "new": score})
        cast.job(name, operation, record, happens, row={Job.TAG: tag, Job.SCORE: score})
    cast.job("no score", operation, cast.stranger(), ends=NOT_VALID, row={Job.TAG: tag})


def _change_score(operation: Operation, sign: int) -> Callable[[Cast], None]:
    def write(cast: Cast) -> None:
        tag = f"{cast.name} score"
        known, stranger = cast.known(tags={tag: 100}), cast.stranger()
        for name, record, points in (
            ("a known record", known, 3),
            ("the same record again", known, 4),
            ("a new record", stranger, 5),
        ):
            moves = ScoreMoves(record.id, tag, sign * points)
            cast.job(name, operation, record, moves, row={Job.TAG: tag, Job.SCORE: points})
        cast.job("no score", operation, cast.stranger(), ends=NOT_VALID, row={Job.TAG: tag})

    return write


def _start_automation(cast: Cast) -> None:
    operation, known, stranger = Operation.START_AUTOMATION, cast.known(), cast.stranger()
    automation, campaign = cast.starts(cast.shared.automation), cast.starts(cast.shared.campaign)
    cast.job("a new record", operation, stranger, Happens("automation.started", stranger.id), row=automation)
    cast.job("a campaign for it", operation, stranger, Happens("campaign.started", stranger.id), row=campaign)
    cast.job("a known record", operation, known, Happens("automation.started", known.id), row=automation)
    cast.job("no automation", operation, cast.stranger(), ends=NOT_VALID)


def _stop_automation(cast: Cast) -> None:
    operation, first, second = Operation.STOP_AUTOMATION, cast.known(), cast.known()
    run = cast.runs_automation(first)
    cast.runs_campaign(first)
    cast.runs_automation(second)
    stopped = "automation.stopped"
    cast.job(
        "a run", operation, first, Happens(stopped, first.id, {"runId": run}), row={Job.AUTOMATION_CONTACT_ID: run}
    )
    campaign = cast.starts(cast.shared.campaign)
    cast.job("a campaign of the same record", operation, first, Happens("campaign.stopped", first.id), row=campaign)
    automation = cast.starts(cast.shared.automation)
    cast.job("the latest run of a record", operation, second, Happens(stopped, second.id), row=automation)
    cast.job("no automation", operation, cast.stranger(), ends=NOT_VALID)


def _refresh_automations(cast: Cast) -> None:
    new, changed, gone = (f"{cast.name} {code}" for code in ("new", "changed", "gone"))
    triggers = [{"triggerCode": code, "name": code} for code in (new, changed)]
    cast.published(name=cast.name, triggers=triggers)
    kind = AutomationKind.AUTOMATION.value
    old = {Automation.NAME: "old", Automation.KIND: kind}
    changed_row = cast.row(Automation.TABLE, Automation.ID, **old, **{Automation.TRIGGER_CODE: changed})
    gone_row = cast.row(Automation.TABLE, Automation.ID, **old, **{Automation.TRIGGER_CODE: gone})
    effects = (
        Writes(Automation.TABLE, {Automation.TRIGGER_CODE: new}),
        Writes(Automation.TABLE, {Automation.NAME: f"🚀 {changed}"}, changed_row),
        Writes(Automation.TABLE, {Automation.STATE: 1}, gone_row),
    )
    cast.job("a refresh", Operation.REFRESH_AUTOMATIONS, None, *effects)
    cast.job("another refresh", Operation.REFRESH_AUTOMATIONS, None, *effects)


def _refresh_permissions(cast: Cast) -> None:
    # The variable held the name of the trial until the refresh, so that its entry differs from those of other trials.
    effect = Writes(
        EnvironmentVariable.TABLE,
        {EnvironmentVariable.DEFAULT: PERMISSIONS},
        cast.shared.variable,
        {EnvironmentVariable.DEFAULT: cast.name},
    )
    cast.job("a refresh", Operation.REFRESH_PERMISSIONS, None, effect)
    cast.job("another refresh", Operation.REFRESH_PERMISSIONS, None, effect)


def _add_to_audience(cast: Cast) -> None:
    operation, known, stranger = Operation.ADD_TO_AUDIENCE, cast.known(), cast.stranger()
    for name, record, audience in (
        ("a new record", stranger, f"{cast.name} one"),
        ("the same record again", stranger, f"{cast.name} two"),
        ("a known record", known, f"{cast.name} one"),
    ):
        added = Happens("audience.member_added", record.id, {"audience": audience_id(audience)})
        cast.job(name, operation, record, added, row={Job.AUDIENCE: audience})
    cast.job("no audience", operation, cast.stranger(), ends=NOT_VALID)


def _remove_from_audience(cast: Cast) -> None:
    operation, known, stranger = Operation.REMOVE_FROM_AUDIENCE, cast.known(), cast.stranger()
    one, two = f"{cast.name} one", f"{cast.name} two"
    for name, audience in (("a known record", one), ("the same record again", two)):
        cast.audience(audience_id(audience), audience, known)
        removed = Happens("audience.member_removed", known.id, {"audience": audience_id(audience)})
        cast.job(name, operation, known, removed, row={Job.AUDIENCE: audience})
    cast.job("a new record", operation, stranger, Happens("contact.created", stranger.id), row={Job.AUDIENCE: one})
    cast.job("no audience", operation, cast.stranger(), ends=NOT_VALID)


def _set_contact_field(cast: Cast) -> None:
    operation, known, stranger = Operation.SET_CONTACT_FIELD, cast.known(), cast.stranger()
    field = {Job.FIELD_NAME: "freeField1"}
    updated = Happens("contact.updated", stranger.id)
    cast.job("a new record", operation, stranger, updated, row={**field, Job.FIELD_VALUE: "5"})
    cast.job(
        "the same record again",
        operation,
        stranger,
        Holds(stranger.id, "freeField1", 7),
        row={**field, Job.FIELD_VALUE: "7"},
    )
    cast.job("a known record", operation, known, Holds(known.id, "freeField1", 9), row={**field, Job.FIELD_VALUE: "9"})
    cast.job("no value", operation, cast.stranger(), ends=NOT_VALID, row=field)


def _clear_contact_field(cast: Cast) -> None:
    operation, known, stranger = (
        Operation.CLEAR_CONTACT_FIELD,
        cast.known(freeField1=5, lastorderdate="2026-06-01"),
        cast.stranger(),
    )
    cast.job(
        "a known record", operation, known, Holds(known.id, "freeField1", None), row={Job.FIELD_NAME: "freeField1"}
    )
    cast.job(
        "the same record again",
        operation,
        known,
        Holds(known.id, "lastorderdate", None),
        row={Job.FIELD_NAME: "lastorderdate"},
    )
    created = Happens("contact.created", stranger.id)
    cast.job("a new record", operation, stranger, created, row={Job.FIELD_NAME: "freeField1"})
    cast.job("no field", operation, cast.stranger(), ends=NOT_VALID)


def _anonymize_contact(cast: Cast) -> None:
    operation, known = Operation.ANONYMIZE_CONTACT, cast.known()
    cast.job("a known record", operation, known, Happens("contact.anonymized", known.id))
    cast.job("the same record again", operation, known)
    cast.job("a record that Spotler does not know", operation, cast.stranger())
    cast.job("no record", operation, ends=NOT_VALID)


def _promote_visitor(cast: Cast) -> None:
    operation = Operation.PROMOTE_VISITOR

    def visitor(**columns: object) -> tuple[str, Row]:
        row = cast.row(Visitor.TABLE, Visitor.ID, **{Visitor.NAME: cast.name, **columns})
        return row, {f"{Job.VISITOR_NAVIGATION}@odata.bind": f"/{Visitor.SET}({row})"}

    for name, target in (("a lead", PromoteTo.LEAD), ("an account", PromoteTo.ACCOUNT)):
        row, bind = visitor()
        linked = Writes(Visitor.TABLE, {Visitor.STATE: 1}, row)
        cast.job(f"to {name}", operation, None, linked, row={**bind, Job.PROMOTE_TO: target.value})
    _, bind = visitor(**{Visitor.STATE: 1, Visitor.STATUS: 2, Visitor.PROMOTED_ON: "2026-01-31T09:00:00Z"})
    refused = Ending(JobStatus.FAILED, frozenset({"ALREADY_PROMOTED"}))
    cast.job("promoted before", operation, None, ends=refused, row=bind)
    cast.job("no visitor", operation, None, ends=NOT_VALID)


def _like_the_sample(cast: Cast, operation: Operation, known: RecordRef) -> None:
    """A job like the sample of an operation, after one like the sample that has to come before it."""
    sample = WORKING[operation]
    assert sample.work is not None  # by the definition of `WORKING`
    if sample.work.after is not None:
        _like_the_sample(cast, sample.work.after, known)
    ids = defaultdict(lambda: known.id, welcome=cast.shared.automation, campaign=cast.shared.campaign)
    row = {name: value for name, value in sample.columns(ids).items() if name.partition("@")[0] not in SUBJECT.values()}
    effects = [Happens(sample.work.effect, known.id)] if sample.work.effect else []
    cast.job(f"like the sample of {operation.label}", operation, known, *effects, row=row)


def _derived(operation: Operation) -> Scenario:
    """The scenario of an operation that has none of its own."""
    work = WORKING[operation].work
    also = (work.after.slug,) if work is not None and work.after is not None else ()
    return Scenario(operation.slug, lambda cast: _like_the_sample(cast, operation, cast.known()), also=also)


_WRITERS: Final[Mapping[Operation, Callable[[Cast], None]]] = {
    Operation.SYNC_CONTACT: _sync_contact,
    Operation.SYNC_MARKETING_LIST: _sync_marketing_list,
    Operation.REMOVE_MARKETING_LIST: _remove_marketing_list,
    Operation.ADD_TAG: _add_tag,
    Operation.REMOVE_TAG: _remove_tag,
    Operation.SET_SCORE: _set_score,
    Operation.INCREASE_SCORE: _change_score(Operation.INCREASE_SCORE, +1),
    Operation.DECREASE_SCORE: _change_score(Operation.DECREASE_SCORE, -1),
    Operation.START_AUTOMATION: _start_automation,
    Operation.STOP_AUTOMATION: _stop_automation,
    Operation.ADD_TO_AUDIENCE: _add_to_audience,
    Operation.REMOVE_FROM_AUDIENCE: _remove_from_audience,
    Operation.SET_CONTACT_FIELD: _set_contact_field,
    Operation.CLEAR_CONTACT_FIELD: _clear_contact_field,
    Operation.ANONYMIZE_CONTACT: _anonymize_contact,
    Operation.PROMOTE_VISITOR: _promote_visitor,
}

#: What is about all records, and so about those of the other trials, which share the systems. The matrix has it.
ABOUT_ALL: Final = frozenset({Operation.RECONCILE})

#: By slug.
SCENARIOS: Final[Mapping[str, Scenario]] = {
    **{operation.slug: _derived(operation) for operation in WORKING if operation not in ABOUT_ALL},
    RESOLVE: Scenario(RESOLVE, _resolve, also=(Operation.ADD_TAG.slug,)),
    **{operation.slug: Scenario(operation.slug, write) for operation, write in _WRITERS.items()},
    **{
        scenario.slug: scenario
        for scenario in (
            Scenario(Operation.REFRESH_AUTOMATIONS.slug, _refresh_automations, together=1),
            Scenario(Operation.REFRESH_PERMISSIONS.slug, _refresh_permissions, together=1, uses_variable=True),
        )
    },
}
