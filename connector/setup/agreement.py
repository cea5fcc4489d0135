"""Whether a plan still says what would be done: the environment, the options and the settings are as they were.

A run that was interrupted has done a part of its plan, so less may be left to do than the plan has; never more.
"""

from collections.abc import Iterator
from typing import Final

from connector.setup.calls import SetupCalls
from connector.setup.endpoints import KEY, REPLACED
from connector.setup.errors import SetupPlanOutdated
from connector.setup.plan import PlannedComponent, SetupPlan
from connector.setup.planning import AS_IT_SHOULD_BE
from connector.setup.publisher import tells_unfinished
from connector.words import Sentence, marked

#: How many components a sentence names.
NAMED: Final = 5
_SAME_OPTIONS: Final = marked(
    "Give setup apply the options and settings that the plan was made with. If the environment has changed since, make "
    "a new plan."
)


def check_unchanged(plan: SetupPlan, now: SetupPlan, calls: SetupCalls) -> None:
    """Stop where more, or something else, would be done than a plan says.

    Args:
        plan: that was agreed to.
        now: the plan that would be made now, with the options and settings of this run.
        calls: of this run.

    Raises:
        SetupPlanOutdated: it is not the same plan any more.
    """
    if (plan.organization_id, plan.manifest) != (now.organization_id, now.manifest):
        raise SetupPlanOutdated("The plan is for another environment, or of another version of the connector.")
    if now.refusals:
        raise SetupPlanOutdated(
            Sentence("The plan cannot be applied any more. {refusal}", refusal=Sentence.of(now.refusals[0])),
            advice=_SAME_OPTIONS,
        )
    planned = {each.component: each for each in plan.writes}
    for each in (one for one in now.components if not one.writes and one.component in planned):
        _check_left_out(planned[each.component], each, calls)
    if more := list(_more(planned, now)):
        raise SetupPlanOutdated(
            Sentence(
                "This is not in the plan, and would be done now: {names}.",
                names=Sentence.joined(*more[:NAMED], between=", "),
            ),
            advice=_SAME_OPTIONS,
        )


def _check_left_out(planned: PlannedComponent, now: PlannedComponent, calls: SetupCalls) -> None:
    """Stop where something is not done now although it is not as the plan wants it to be."""
    if now.why != AS_IT_SHOULD_BE:
        raise SetupPlanOutdated(
            Sentence(
                "The plan has {name}, which would be left out now. {why}",
                name=planned.component,
                why=Sentence.of(now.why),
            ),
            advice=_SAME_OPTIONS,
        )
    # A key that was replaced looks like the one before.
    replaces = any((each.property, each.expected) == (KEY, REPLACED) for each in planned.differences)
    if replaces and not calls.has_done(KEY):
        raise SetupPlanOutdated(
            "The plan replaces the key of the service endpoint, which would be left as it is now.",
            advice="Give setup apply the key, and --replace-key.",
        )


def _more(planned: dict[str, PlannedComponent], now: SetupPlan) -> Iterator[str]:
    """What would be written beside the plan: whole components, and properties of some.

    A run that was interrupted has taken the version away; that it is written again in the end goes without saying.
    """
    for each in now.writes:
        if planned and tells_unfinished(each.differences):
            continue
        known = planned.get(each.component)
        if known is None or (each.is_new and not known.is_new):
            yield each.component
        elif not known.is_new:
            properties = {one.property for one in known.differences}
            new = [one.property for one in each.differences if not one.by_publishing and one.property not in properties]
            if new:
                yield Sentence("{name} ({properties})", name=each.component, properties=", ".join(new[:NAMED]))
