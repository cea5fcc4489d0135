"""Making a plan: every component is read and compared; nothing is written."""

from collections.abc import Callable, Sequence
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.schema.installation import PUBLISHER, SOLUTION
from connector.setup.component import Component, Found, PropertyDifference, full_name
from connector.setup.plan import Adoption, PlannedComponent, SetupAction, SetupPlan
from connector.setup.publisher import publishers
from connector.setup.target import SetupTarget

#: The difference of what is ours but not in our solution.
IN_SOLUTION: Final = "solution"
_NOT_OURS: Final = "It is not ours."
AS_IT_SHOULD_BE: Final = "It is as the manifest says."


def make_plan(
    target: SetupTarget,
    components: Sequence[Component],
    adoption: Adoption | None = None,
    seen: Callable[[int], None] = lambda _: None,
) -> SetupPlan:
    """What would have to be done.

    Args:
        target: the environment.
        components: of the manifest, in their order.
        adoption: what becomes ours; None where nothing may.
        seen: is told how many components have been read.

    Raises:
        ConnectorError: the environment cannot be read.
    """
    planned: list[PlannedComponent] = []
    refusals = _refusals_of_environment(target, adoption)
    names = {full_name(each) for each in components}
    if adoption is not None:
        unknown = [name for name in adoption.components if name not in names]
        refusals += [f"The file of what to adopt names {name}, which is no component of ours." for name in unknown]
    for number, component in enumerate(components, 1):
        one, problems = _planned(component, target, adoption)
        planned.append(one)
        refusals += problems
        seen(number)
    return SetupPlan(
        target.organization, target.organization_id, SOLUTION.version, adoption, tuple(planned), tuple(refusals)
    )


def propose_adoption(plan: SetupPlan, target: SetupTarget) -> Adoption:
    """A file of what to adopt: all that has the names of ours and is not ours, and the publisher with our prefix.

    It is for reading and shortening: each component that stays in it becomes ours.
    """
    others = [
        str(each.get("uniquename"))
        for each in publishers(target.calls, filters.eq("customizationprefix", PUBLISHER.prefix))
        if each.get("uniquename") != PUBLISHER.name
    ]
    found = tuple(each.component for each in plan.components if each.why == _NOT_OURS)
    return Adoption(publisher=others[0] if others else PUBLISHER.name, components=found)


def _planned(
    component: Component, target: SetupTarget, adoption: Adoption | None
) -> tuple[PlannedComponent, list[str]]:
    name = full_name(component)
    if reason := component.left_alone(target):
        return PlannedComponent(name, SetupAction.LEAVE, reason), []
    found = component.read(target)
    against = component.refusal(found, target)
    refusals = [f"{name}: {against}"] if against else []
    is_installed = target.version == SOLUTION.version
    if found is None:
        action, why = SetupAction.CREATE, "It is not there."
        if is_installed:
            action, why = SetupAction.DRIFT, "Somebody removed it. It is made again."
        return PlannedComponent(name, action, why), refusals
    differences = tuple(component.compare(found, target))
    problems = refusals + [f"{name}: {_cannot(each)}" for each in differences if not each.can_change]
    if not target.is_member(component, found):
        if not is_installed:
            return _foreign(name, found, differences, problems, adoption)
        # A set-up ends only when all of ours is in our solution, so somebody took it out.
        differences = (*differences, PropertyDifference(IN_SOLUTION, SOLUTION.name, ""))
    if not differences:
        return PlannedComponent(name, SetupAction.LEAVE, AS_IT_SHOULD_BE), []
    action, why = SetupAction.CHANGE, "It is not as the manifest says."
    if is_installed:
        action, why = SetupAction.DRIFT, "Somebody changed it. It is set back."
    return PlannedComponent(name, action, why, differences), problems


def _foreign(
    name: str, found: Found, differences: tuple[PropertyDifference, ...], problems: list[str], adoption: Adoption | None
) -> tuple[PlannedComponent, list[str]]:
    """A component of our name that is not in our solution."""
    if adoption is not None and name in adoption.components:
        if found.get("IsManaged") is True:
            problems = [*problems, f"{name}: it belongs to a managed solution, which nobody can take over."]
        return PlannedComponent(name, SetupAction.ADOPT, "It becomes ours.", differences), problems
    refusal = (
        f"{name}: it exists already, and not in our solution. Nothing of others is overwritten. "
        "Use another environment, or adopt it: docs/administrators/dataverse.md."
    )
    return PlannedComponent(name, SetupAction.LEAVE, _NOT_OURS), [refusal]


def _refusals_of_environment(target: SetupTarget, adoption: Adoption | None) -> list[str]:
    languages = target.languages
    found = []
    if not target.has_leads:
        found.append("The environment has no leads: the set-up needs a licence of Dynamics 365 Sales.")
    if not languages.base or languages.base not in languages.provisioned:
        found.append(f"The base language of the environment ({languages.base}) is not among its languages.")
    ours = target.publisher or (PUBLISHER.name if adoption is None else adoption.publisher)
    prefix = filters.eq("customizationprefix", PUBLISHER.prefix)
    found += [
        f"The prefix {PUBLISHER.prefix} belongs to the publisher {each.get('uniquename')}: names of ours and of others "
        "would mix. Adopt its components, or use another environment."
        for each in publishers(target.calls, prefix)
        if each.get("uniquename") != ours
    ]
    return found


def _cannot(difference: PropertyDifference) -> str:
    return (
        f"{difference.property} is {difference.found or 'empty'} and must be {difference.expected}, "
        "and Dataverse does not allow this change."
    )
