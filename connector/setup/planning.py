"""Making a plan: every component is read and compared; nothing is written."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.schema.installation import PUBLISHER, SOLUTION
from connector.setup.component import Component, Found, PropertyDifference, full_name
from connector.setup.listing import listed
from connector.setup.plan import Adoption, PlannedComponent, SetupAction, SetupPlan
from connector.setup.publisher import publishers, tells_unfinished
from connector.setup.tables import TablePart
from connector.setup.target import SetupTarget
from connector.words import Sentence

#: The difference of what is ours but not in our solution.
IN_SOLUTION: Final = "solution"
_NOT_OURS: Final = Sentence("It is not ours.")
AS_IT_SHOULD_BE: Final = Sentence("It is as the manifest says.")


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
    target = listed(target, components)
    planned: list[PlannedComponent] = []
    refusals = _refusals_of_environment(target, adoption)
    names = {full_name(each) for each in components}
    if adoption is not None:
        unknown = [name for name in adoption.components if name not in names]
        refusals += [
            Sentence("The file of what to adopt names {name}, which is no component of ours.", name=name)
            for name in unknown
        ]
    for number, component in enumerate(components, 1):
        one, problems = _planned(component, target, adoption)
        planned.append(one)
        if isinstance(component, TablePart) and one.is_new:
            target = replace(target, coming=target.coming | {component.name})
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
) -> tuple[PlannedComponent, list[Sentence]]:
    name = full_name(component)
    if reason := component.left_alone(target):
        return PlannedComponent(name, SetupAction.LEAVE, reason), []
    found = component.read(target)
    against = component.refusal(found, target)
    refusals = [_of(name, against)] if against else []
    is_installed = target.version == SOLUTION.version
    if found is None:
        action, why = SetupAction.CREATE, Sentence("It is not there.")
        if is_installed:
            action, why = SetupAction.DRIFT, Sentence("Somebody removed it. It is made again.")
        return PlannedComponent(name, action, why), refusals
    differences = tuple(component.compare(found, target))
    problems = refusals or [_of(name, _cannot(each)) for each in differences if not each.can_change]
    if not target.is_member(component, found):
        if not is_installed:
            return _foreign(name, found, differences, problems, adoption)
        # A set-up ends only when all of ours is in our solution, so somebody took it out.
        differences = (*differences, PropertyDifference(IN_SOLUTION, SOLUTION.name, ""))
    if not differences:
        return PlannedComponent(name, SetupAction.LEAVE, AS_IT_SHOULD_BE), []
    action, why = SetupAction.CHANGE, Sentence("It is not as the manifest says.")
    if is_installed:
        action, why = SetupAction.DRIFT, Sentence("Somebody changed it. It is set back.")
    elif tells_unfinished(differences):
        why = Sentence("The installation is not complete.")
    return PlannedComponent(name, action, why, differences), problems


def _foreign(
    name: str,
    found: Found,
    differences: tuple[PropertyDifference, ...],
    problems: list[Sentence],
    adoption: Adoption | None,
) -> tuple[PlannedComponent, list[Sentence]]:
    """A component of our name that is not in our solution."""
    if adoption is not None and name in adoption.components:
        if found.get("IsManaged") is True:
            managed = Sentence("it belongs to a managed solution, which nobody can take over.")
            problems = [*problems, _of(name, managed)]
        return PlannedComponent(name, SetupAction.ADOPT, Sentence("It becomes ours."), differences), problems
    refusal = Sentence(
        "it exists already, not in our solution, and nothing of others is overwritten. "
        "Use another environment, or adopt it: docs/administrators/dataverse.md."
    )
    return PlannedComponent(name, SetupAction.LEAVE, _NOT_OURS), [_of(name, refusal)]


def _refusals_of_environment(target: SetupTarget, adoption: Adoption | None) -> list[Sentence]:
    languages = target.languages
    found = list[Sentence]()
    if not languages.base or languages.base not in languages.provisioned:
        found.append(
            Sentence(
                "The base language of the environment ({language}) is not among its languages.",
                language=str(languages.base),
            )
        )
    ours = target.publisher or (PUBLISHER.name if adoption is None else adoption.publisher)
    prefix = filters.eq("customizationprefix", PUBLISHER.prefix)
    with_prefix = publishers(target.calls, prefix)
    if ours != PUBLISHER.name and ours not in {each.get("uniquename") for each in with_prefix}:
        found.append(_without_prefix(ours, target))
    found += [
        Sentence(
            "The prefix {prefix} belongs to the publisher {publisher}: names of ours and of others would mix. "
            "Adopt its components, or use another environment.",
            prefix=PUBLISHER.prefix,
            publisher=str(each.get("uniquename")),
        )
        for each in with_prefix
        if each.get("uniquename") != ours
    ]
    return found


def _without_prefix(publisher: str, target: SetupTarget) -> Sentence:
    """Whose solution has the name of ours, or who is named as the owner of what is adopted, and cannot be."""
    if target.publisher:
        return Sentence(
            "The solution {solution} is there already and belongs to the publisher {publisher}, whose prefix is not "
            "{prefix}. Use another environment.",
            solution=SOLUTION.name,
            publisher=publisher,
            prefix=PUBLISHER.prefix,
        )
    return Sentence(
        "The file of what to adopt names the publisher {publisher}, and there is none of that name with the prefix "
        "{prefix}.",
        publisher=publisher,
        prefix=PUBLISHER.prefix,
    )


def _cannot(difference: PropertyDifference) -> Sentence:
    return Sentence(
        "{property} is {found} and must be {expected}, and Dataverse does not allow this change.",
        property=difference.property,
        found=difference.found or Sentence("empty"),
        expected=difference.expected,
    )


def _of(component: str, why: str) -> Sentence:
    return Sentence("{component}: {why}", component=component, why=Sentence.of(why))
