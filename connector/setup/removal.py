"""The plan of a removal: what would be taken away, what stays and why, and what stands in the way. Nothing is written.

Steps, endpoint, roles and app are taken away. What holds data, or what others may use, stays unless it is named.
Nothing is taken away that is not in our solution, that others need, or that holds something of others.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from connector.dataverse.schema.installation import SOLUTION
from connector.setup.component import Component, Found, Removal, SetupPhase, full_name, ordered_for_removal
from connector.setup.dependants import dependants_of, described
from connector.setup.errors import PlanNotValid
from connector.setup.plan import FORMAT, read_object, wrong_places
from connector.setup.target import SetupTarget, find_solution

_FOREIGN: Final = "It is not in our solution, so it is not ours to remove."
#: How many components a sentence names.
NAMED: Final = 5


class RemovalAction(StrEnum):
    """What a removal does with a component."""

    REMOVE = "remove"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class PlannedRemoval:
    """One component in the plan of a removal.

    Attributes:
        component: its kind and name.
        action: what is done with it.
        why: the reason, for people.
    """

    component: str
    action: RemovalAction
    why: str


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """What a removal would do with an environment.

    Attributes:
        organization: the name of the environment.
        organization_id: its id: a plan is for one environment.
        manifest: the version of the manifest.
        named: the components that the operator named.
        components: every component that is there and goes by itself, in the order in which they are taken away.
        refusals: why the plan cannot be carried out; empty where it can.
    """

    organization: str
    organization_id: str
    manifest: str
    named: tuple[str, ...]
    components: tuple[PlannedRemoval, ...]
    refusals: tuple[str, ...] = ()

    @property
    def removed(self) -> tuple[str, ...]:
        """The components that are taken away."""
        return tuple(each.component for each in self.components if each.action is RemovalAction.REMOVE)


def plan_removal(
    target: SetupTarget,
    components: Sequence[Component],
    named: Sequence[str] = (),
    seen: Callable[[int], None] = lambda _: None,
) -> RemovalPlan:
    """What would be taken away.

    Args:
        target: the environment.
        components: of the manifest, in the order in which they are made.
        named: the full names of those that are taken away although they hold data.
        seen: is told how many components have been read.

    Raises:
        ConnectorError: the environment cannot be read.
    """
    refusals = [*_refusals_of_solution(target), *_refusals_of_names(components, named)]
    found: dict[str, Found] = {}
    planned: list[PlannedRemoval] = []
    components = ordered_for_removal(components)
    for number, component in enumerate(reversed(components), 1):
        seen(number)
        if component.part_of or component.left_alone(target) or (present := component.read(target)) is None:
            continue
        found[full_name(component)] = present
        planned.append(_planned(component, present, target, named))
    by_name = {full_name(each): each for each in components}
    going = {each.component for each in planned if each.action is RemovalAction.REMOVE}
    for name in (each.component for each in planned if each.component in going):
        refusals += _in_the_way(by_name[name], target, found, going, by_name)
    refusals += [
        f"{each.component}: {_FOREIGN}" for each in planned if each.component in named and each.why == _FOREIGN
    ]
    return RemovalPlan(
        target.organization, target.organization_id, SOLUTION.version, tuple(named), tuple(planned), tuple(refusals)
    )


def _planned(component: Component, found: Found, target: SetupTarget, named: Sequence[str]) -> PlannedRemoval:
    name = full_name(component)
    if not target.is_member(component, found):
        return PlannedRemoval(name, RemovalAction.KEEP, _FOREIGN)
    if component.removal is Removal.STAYS:
        return PlannedRemoval(name, RemovalAction.KEEP, "It cannot be removed without harm.")
    if component.removal is Removal.TAKEN:
        return PlannedRemoval(name, RemovalAction.REMOVE, "It holds no data.")
    if name in named:
        return PlannedRemoval(name, RemovalAction.REMOVE, "It was named. What it holds is lost.")
    return PlannedRemoval(name, RemovalAction.KEEP, f'It stays unless it is named: --also "{name}".')


def _in_the_way(
    component: Component,
    target: SetupTarget,
    found: Mapping[str, Found],
    going: set[str],
    by_name: Mapping[str, Component],
) -> list[str]:
    """Why a component cannot be taken away."""
    name = full_name(component)
    refusals = []
    if component.phase is SetupPhase.FOUNDATION:
        later = list(by_name)[list(by_name).index(name) + 1 :]
        staying = [
            each for each in later if each in found.keys() - going and by_name[each].removal is not Removal.STAYS
        ]
        if staying:
            refusals.append(f"{name}: what is in it stays ({_listed(staying)}). Name that too, or leave both.")
    if others := component.holds(found[name], target):
        refusals.append(f"{name}: it holds what others added ({_listed(others)}). Remove that first, or keep it.")
    if component.component_type:
        ids = {by_name[each].object_id(found[each]).lower() for each in going if by_name[each].component_type}
        needed_by = [
            described(target, each)
            for each in dependants_of(target, component.component_type, component.object_id(found[name]))
            if each.object_id not in ids and each.parent_id not in ids
        ]
        if needed_by:
            refusals.append(f"{name}: others need it ({_listed(needed_by)}). Remove these first, or keep it.")
    return refusals


def _refusals_of_solution(target: SetupTarget) -> list[str]:
    solution = find_solution(target.calls, SOLUTION.name) if target.solution_id else None
    if solution is not None and solution.get("ismanaged") is True:
        where = "with its tables and all their data: in Power Apps, Solutions, Delete"
        return [f"solution {SOLUTION.name}: it is managed, so it goes as a whole, {where}."]
    return []


def _refusals_of_names(components: Sequence[Component], named: Sequence[str]) -> list[str]:
    by_name = {full_name(each): each for each in components}
    refusals = []
    for name in named:
        component = by_name.get(name)
        if component is None:
            refusals.append(f"{name} is no component of ours.")
        elif component.part_of:
            refusals.append(f"{name}: it is part of {component.part_of}, and goes with that.")
        elif component.removal is Removal.STAYS:
            refusals.append(f"{name}: it cannot be removed without harm.")
    return refusals


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def removal_as_json(plan: RemovalPlan) -> str:
    """The plan as a machine reads it."""
    return json.dumps({"format": FORMAT, "mode": "remove", **asdict(plan)}, indent=2, ensure_ascii=False)


def read_removal(file: Path) -> RemovalPlan:
    """A plan that was written to a file.

    Raises:
        PlanNotValid: it is none, or of another version of the connector.
    """
    content = read_object(file)
    if (content.pop("format", None), content.pop("mode", None)) != (FORMAT, "remove"):
        raise PlanNotValid(f"{file} is not the plan of a removal.")
    try:
        return TypeAdapter(RemovalPlan).validate_python(content)
    except ValidationError as error:
        raise PlanNotValid(f"{file} is not the plan of a removal: {wrong_places(error)}.") from None
