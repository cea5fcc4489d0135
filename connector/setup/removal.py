"""The plan of a removal: what would be taken away, what stays and why, and what stands in the way. Nothing is written.

Steps, endpoint, roles and app are taken away. What holds data, or what others may use, stays unless it is named.
Nothing is taken away that is not in our solution, that others need, or that holds something of others. Where a form of
ours shows what is taken away, that is taken out of the form first.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from connector.dataverse.schema.installation import SOLUTION
from connector.setup.component import Component, Found, Removal, SetupPhase, full_name, in_order_of_removal
from connector.setup.dependants import dependants_of, described
from connector.setup.errors import PlanNotValid
from connector.setup.listing import listed
from connector.setup.plan import FORMAT, read_object, wrong_places
from connector.setup.publisher import SolutionPart, made_by_newer
from connector.setup.target import SetupTarget, find_solution
from connector.words import Sentence, marked

_FOREIGN: Final = Sentence("It is not in our solution, so it is not ours to remove.")
#: How the plan of a removal is written.
_ADVICE: Final = marked("Write it with: python -m connector setup remove --out FILE.")
#: How many components a sentence names.
NAMED: Final = 5


class RemovalAction(StrEnum):
    """What a removal does with a component."""

    REMOVE = "remove"
    #: It stays, or goes later, and shows something that is removed: that is taken out of it first.
    HIDE = "change"
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
        return self._of(RemovalAction.REMOVE)

    @property
    def changed(self) -> tuple[str, ...]:
        """The components that show something that is taken away."""
        return self._of(RemovalAction.HIDE)

    def _of(self, action: RemovalAction) -> tuple[str, ...]:
        return tuple(each.component for each in self.components if each.action is action)


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
    target = listed(target, [each for each in components if not each.part_of])
    refusals = [*_refusals_of_solution(target), *_refusals_of_names(components, named)]
    found: dict[str, Found] = {}
    planned: list[PlannedRemoval] = []
    for number, component in enumerate(in_order_of_removal(components), 1):
        seen(number)
        if component.part_of or component.left_alone(target) or (present := component.read(target)) is None:
            continue
        found[full_name(component)] = present
        planned.append(_planned(component, present, target, named))
    by_name = {full_name(each): each for each in components}
    going = tuple(each.component for each in planned if each.action is RemovalAction.REMOVE)
    for component in reversed(components):
        if names := to_hide(component, going):
            planned, refusals = _hidden(component, names, target, found, planned, refusals)
    for name in going:
        refusals += _in_the_way(by_name[name], target, found, going, by_name)
    refusals += [_of(each.component, _FOREIGN) for each in planned if each.component in named and each.why == _FOREIGN]
    return RemovalPlan(
        target.organization, target.organization_id, SOLUTION.version, tuple(named), tuple(planned), tuple(refusals)
    )


def _planned(component: Component, found: Found, target: SetupTarget, named: Sequence[str]) -> PlannedRemoval:
    name = full_name(component)
    if not target.is_member(component, found):
        return PlannedRemoval(name, RemovalAction.KEEP, _FOREIGN)
    if component.removal is Removal.STAYS:
        return PlannedRemoval(name, RemovalAction.KEEP, Sentence("It cannot be removed without harm."))
    if component.removal is Removal.TAKEN:
        return PlannedRemoval(name, RemovalAction.REMOVE, Sentence("It holds no data."))
    if name in named:
        return PlannedRemoval(name, RemovalAction.REMOVE, Sentence("It was named. What it holds is lost."))
    stays = Sentence('It stays unless it is named: --also "{name}".', name=name)
    return PlannedRemoval(name, RemovalAction.KEEP, stays)


def _of(component: str, why: Sentence) -> Sentence:
    return Sentence("{component}: {why}", component=component, why=why)


def to_hide(component: Component, going: Sequence[str]) -> frozenset[str]:
    """What must be taken out of a component before that is removed: it goes later than what it shows, or stays.

    Args:
        component: any.
        going: what is removed, in this order.
    """
    own = component.part_of or full_name(component)
    before = going[: going.index(own)] if own in going else going
    return frozenset(component.can_hide & set(before))


def _hidden(
    component: Component,
    names: frozenset[str],
    target: SetupTarget,
    found: dict[str, Found],
    planned: list[PlannedRemoval],
    refusals: list[Sentence],
) -> tuple[list[PlannedRemoval], list[Sentence]]:
    """Plan to take components out of one that shows them; `found` gets it."""
    name, present = full_name(component), component.read(target)
    if present is None:
        return planned, refusals
    shown = names & (component.shows(present) | component.shows(present, published=True))
    if not shown:
        return planned, refusals
    found[name] = present
    why = Sentence("It shows {names}. That is taken out of it first.", names=_listed(sorted(shown)))
    if kept := component.keeps(present, shown):
        what = Sentence(
            "others put {names} there too. Take that out first, or keep what it shows.", names=_listed(sorted(kept))
        )
        refusals = [*refusals, _of(name, what)]
    return [PlannedRemoval(name, RemovalAction.HIDE, why), *planned], refusals


def _in_the_way(
    component: Component,
    target: SetupTarget,
    found: Mapping[str, Found],
    going: Sequence[str],
    by_name: Mapping[str, Component],
) -> list[Sentence]:
    """Why a component cannot be taken away."""
    name, refusals = full_name(component), list[Sentence]()

    def refuse(why: str, names: Sequence[str]) -> None:
        refusals.append(_of(name, Sentence(why, names=_listed(names))))

    if component.phase is SetupPhase.FOUNDATION:
        later = list(by_name)[list(by_name).index(name) + 1 :]
        kept = {each for each in found.keys() - set(going) if not by_name[each].part_of}
        staying = [each for each in later if each in kept and by_name[each].removal is not Removal.STAYS]
        if staying:
            refuse(marked("what is in it stays ({names}). Name that too, or leave both."), staying)
    if others := component.holds(found[name], target):
        refuse(marked("it holds what others added ({names}). Remove that first, or keep it."), others)
    if component.component_type:
        earlier = going[: going.index(name) + 1]
        ids = {by_name[each].object_id(found[each]).lower() for each in earlier}
        # Those that show it; they are changed before.
        ids |= {by_name[each].object_id(found[each]).lower() for each in found if name in to_hide(by_name[each], going)}
        needed_by = [
            described(target, each)
            for each in dependants_of(target, component.component_type, component.object_id(found[name]))
            if each.object_id not in ids and each.parent_id not in ids
        ]
        if needed_by:
            refuse(marked("others need it ({names}). Remove these first, or keep it."), needed_by)
    return refusals


def _refusals_of_solution(target: SetupTarget) -> list[Sentence]:
    if newer := made_by_newer(target.version):  # it may have components that this manifest does not know
        return [_of(f"{SolutionPart.kind} {SOLUTION.name}", Sentence.of(newer))]
    solution = find_solution(target.calls, SOLUTION.name) if target.solution_id else None
    if solution is not None and solution.get("ismanaged") is True:
        why = Sentence(
            "it is managed, so it goes as a whole, with its tables and all data: in Power Apps, Solutions, Delete."
        )
        return [_of(f"{SolutionPart.kind} {SOLUTION.name}", why)]
    return []


def _refusals_of_names(components: Sequence[Component], named: Sequence[str]) -> list[Sentence]:
    by_name = {full_name(each): each for each in components}
    refusals: list[Sentence] = []
    for name in named:
        component = by_name.get(name)
        if component is None:
            tables = [full for full, each in by_name.items() if each.phase is SetupPhase.TABLES]
            example = next((full for full, each in by_name.items() if each.name == name), tables[0] if tables else name)
            refusals.append(
                Sentence(
                    "{name} is no component of ours. Write it as the plan does: {example}.", name=name, example=example
                )
            )
        elif component.part_of:
            why = Sentence("it is part of {component}, and goes with that.", component=component.part_of)
            refusals.append(_of(name, why))
        elif component.removal is Removal.STAYS:
            refusals.append(_of(name, Sentence("it cannot be removed without harm.")))
    return refusals


def _listed(names: Sequence[str]) -> Sentence:
    shown = Sentence.joined(*names[:NAMED], between=", ")
    return Sentence("{names} and {more} more", names=shown, more=len(names) - NAMED) if len(names) > NAMED else shown


def removal_as_json(plan: RemovalPlan) -> str:
    """The plan as a machine reads it."""
    return json.dumps({"format": FORMAT, "mode": "remove", **asdict(plan)}, indent=2, ensure_ascii=False)


def read_removal(file: Path) -> RemovalPlan:
    """A plan that was written to a file.

    Raises:
        PlanNotValid: it is none, or of another version of the connector.
    """
    content = read_object(file, advice=_ADVICE)
    if (content.pop("format", None), content.pop("mode", None)) != (FORMAT, "remove"):
        raise PlanNotValid(Sentence("{file} is not the plan of a removal.", file=str(file)), advice=_ADVICE)
    try:
        return TypeAdapter(RemovalPlan).validate_python(content)
    except ValidationError as error:
        raise PlanNotValid(
            Sentence("{file} is not the plan of a removal: {places}.", file=str(file), places=wrong_places(error)),
            advice=_ADVICE,
        ) from None
