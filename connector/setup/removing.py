"""Carrying out the plan of a removal: its components, the last ones made first, each read back until it is gone.

What shows a component is changed before it is removed, and both are published phase by phase.

A component is read before every deletion, so an interrupted removal goes on when it is started again, and a second one
writes nothing.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

from connector.dataverse.api import DataverseRefused
from connector.setup.applying import WRITES, SetupReport, mark_unfinished
from connector.setup.component import TABLE, Component, Publication, Removal, SetupPhase, full_name, in_order_of_removal
from connector.setup.dependants import IN_USE, dependants_of, described
from connector.setup.errors import SetupIncomplete, SetupPlanOutdated, SetupRefused
from connector.setup.patience import Patience
from connector.setup.publishing import publish
from connector.setup.removal import RemovalPlan, plan_removal, to_hide
from connector.setup.target import SetupTarget, read_target
from connector.words import Sentence


def remove_setup(
    plan: RemovalPlan,
    target: SetupTarget,
    components: Sequence[Component],
    patience: Patience,
    told: Callable[[int, str], None] = lambda _number, _name: None,
) -> SetupReport:
    """Take away what a plan says, and nothing else. What is gone already is skipped.

    Args:
        plan: that was read and agreed to.
        target: the environment, read just now.
        components: of the manifest, in the order in which they are made.
        patience: waits and retries.
        told: is told how many components are done, and which one is next.

    Raises:
        SetupRefused: the plan cannot be carried out, or something else needs a component.
        SetupPlanOutdated: the environment changed since, and nothing was written; or somebody else removes it too.
        SetupIncomplete: something is still there when it is read back.
        ConnectorError: Dataverse refused a deletion, or could not be reached for long.
    """
    if plan.refusals:
        raise SetupRefused(Sentence("The plan cannot be carried out. {refusal}", refusal=Sentence.of(plan.refusals[0])))
    now = plan_removal(target, components, plan.named)
    _check_unchanged(plan, now)
    if not now.removed:
        return SetupReport((), 0, 0.0)
    done: list[str] = []
    try:
        _carry_out(now, target, components, patience, told, done)
    except DataverseRefused as refusal:
        left = plan_removal(read_target(target.calls), components, plan.named).removed
        if others := [each for each in now.removed if each not in (*left, *done)]:
            raise SetupPlanOutdated(
                Sentence("Somebody else has removed these meanwhile: {names}.", names=", ".join(others)),
            ) from refusal
        raise
    left = plan_removal(read_target(target.calls), components, plan.named).removed
    if left:
        raise SetupIncomplete(Sentence("Still there: {names}.", names=", ".join(left)))
    return SetupReport(tuple(done), target.calls.writes, patience.waited)


def _carry_out(
    plan: RemovalPlan,
    target: SetupTarget,
    components: Sequence[Component],
    patience: Patience,
    told: Callable[[int, str], None],
    done: list[str],
) -> None:
    """Remove phase by phase; what is done is added to the names in `done`."""
    mark_unfinished(target, patience)
    going = [each for each in in_order_of_removal(components) if full_name(each) in (*plan.removed, *plan.changed)]
    for phase, group in groupby(going, key=lambda each: each.phase):
        if phase is SetupPhase.FOUNDATION:
            _check_nothing_new(read_target(target.calls), components)
        changed: set[Publication] = set()
        for component in group:
            told(len(done), full_name(component))
            if names := to_hide(component, plan.removed):
                changed |= _hide(component, names, target, patience)
            else:
                changed |= _take(component, target, patience)
            done.append(full_name(component))
            patience.wait(component.pause)
        publish(target, patience, [each for each in sorted(changed) if _is_there(target, each.name)])


def _check_unchanged(plan: RemovalPlan, now: RemovalPlan) -> None:
    if plan.organization_id != now.organization_id or plan.manifest != now.manifest:
        raise SetupPlanOutdated("The plan is for another environment, or of another version of the connector.")
    if now.refusals:
        raise SetupPlanOutdated(
            Sentence("The environment changed since the plan was made. {refusal}", refusal=Sentence.of(now.refusals[0]))
        )
    if more := [each for each in (*now.removed, *now.changed) if each not in (*plan.removed, *plan.changed)]:
        raise SetupPlanOutdated(
            Sentence("The environment changed since the plan was made: {names}.", names=", ".join(more))
        )


def _check_nothing_new(target: SetupTarget, components: Sequence[Component]) -> None:
    """Keep a solution in which something is: without it, nobody could tell any more that this is ours.

    Raises:
        SetupIncomplete: somebody has made a component meanwhile.
    """
    if not target.solution_id:
        return
    for component in components:
        if component.part_of or component.phase is SetupPhase.FOUNDATION or component.removal is Removal.STAYS:
            continue
        found = None if component.left_alone(target) else component.read(target)
        if found is not None and target.is_member(component, found):
            raise SetupIncomplete(
                Sentence(
                    "{name} was made while the removal ran, so the solution is still there.", name=full_name(component)
                ),
                advice="Make sure that nobody runs setup apply, make a new plan, and carry that one out.",
            )


def _hide(component: Component, names: frozenset[str], target: SetupTarget, patience: Patience) -> set[Publication]:
    """Have a component show others no more, and return what is to be published for that."""
    writes, changed = 0, set[Publication]()

    def is_hidden() -> bool:
        nonlocal writes, changed
        found = component.read(target)
        if found is None:
            return True
        changed = set(component.publications(found))
        shown = frozenset(names & component.shows(found))
        if not shown:
            return True
        if writes == WRITES:
            raise SetupIncomplete(
                Sentence("{name} still has in it: {names}.", name=full_name(component), names=", ".join(sorted(shown)))
            )
        component.hide(found, shown, target)
        writes += 1
        return False

    while not patience.patiently(is_hidden):
        pass
    return changed


def _take(component: Component, target: SetupTarget, patience: Patience) -> set[Publication]:
    """Have a component be gone, and return the tables that it was a part of."""
    deletions, changed = 0, set[Publication]()

    def is_gone() -> bool:
        nonlocal deletions, changed
        found = component.read(target)
        if found is None or not target.is_member(component, found):  # another one of the same name is somebody else's
            return True
        changed = {each for each in component.publications(found) if each.kind == TABLE}
        if component.is_gone(found, target):
            return True
        if deletions == WRITES:
            raise SetupIncomplete(Sentence("{name} was deleted, but is still there.", name=full_name(component)))
        try:
            component.remove(found, target)
        except DataverseRefused as error:
            if error.dataverse_code == IN_USE:
                why = _in_use(component, component.object_id(found), target)
                raise SetupRefused(why, advice="Remove these first.") from None
            raise
        deletions += 1
        return False

    while not patience.patiently(is_gone):
        pass
    return changed


def _in_use(component: Component, object_id: str, target: SetupTarget) -> Sentence:
    """Why Dataverse refused the deletion: somebody made use of it since the plan, or the plan could not see it."""
    known = dependants_of(target, component.component_type, object_id) if component.component_type else []
    unnamed = Sentence("its list of dependencies does not name them; in Power Apps, see Show dependencies")
    return Sentence(
        "{component}: Dataverse keeps it, because others need it ({names}).",
        component=full_name(component),
        names=Sentence.joined(*(described(target, each) for each in known), between=", ") if known else unnamed,
    )


def _is_there(target: SetupTarget, table: str) -> bool:
    return target.calls.find(f"EntityDefinitions(LogicalName='{table}')?$select=LogicalName") is not None
