"""Carrying out a plan: exactly its components, phase by phase, each read back.

A component is read before every write and after it, until it is as the manifest says. So a lost answer, a crash and a
second administrator have one and the same remedy: what is there already is not made again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Final

from connector.dataverse.schema.installation import SOLUTION
from connector.setup.agreement import NAMED, check_unchanged
from connector.setup.choices import ChoicePart
from connector.setup.component import (
    NUMBERED_BY_ENVIRONMENT,
    TABLE,
    Component,
    Found,
    Publication,
    SetupPhase,
    full_name,
)
from connector.setup.errors import SetupIncomplete, SetupRefused
from connector.setup.interface.app import AppPart
from connector.setup.keys import KeyPart
from connector.setup.patience import Patience
from connector.setup.plan import SetupAction, SetupPlan
from connector.setup.planning import IN_SOLUTION, make_plan
from connector.setup.publisher import VersionPart, is_newer, write_version
from connector.setup.publishing import publish
from connector.setup.settling import await_columns, await_tables
from connector.setup.tables import TablePart
from connector.setup.target import UNFINISHED, SetupTarget, read_target
from connector.words import Sentence

#: How often a component is written before it counts as refused without a word.
WRITES: Final = 3
#: After these phases Dataverse needs time before the next one.
_SETTLING: Final = (SetupPhase.TABLES, SetupPhase.KEYS)


@dataclass(frozen=True, slots=True)
class SetupReport:
    """What a run did.

    Attributes:
        done: the components that were written, in their order.
        writes: the calls that wrote.
        waited: seconds of waiting.
    """

    done: tuple[str, ...]
    writes: int
    waited: float


def apply_setup(
    plan: SetupPlan,
    target: SetupTarget,
    components: Sequence[Component],
    patience: Patience,
    told: Callable[[int, str], None] = lambda _number, _name: None,
) -> SetupReport:
    """Do what a plan says, and nothing else. What is done already is skipped.

    Args:
        plan: that was read and agreed to.
        target: the environment, read just now.
        components: of the manifest, in their order.
        patience: waits and retries.
        told: is told how many components are done, and which one is next.

    Raises:
        SetupRefused: the plan cannot be applied.
        SetupPlanOutdated: more, or something else, would be done now; nothing was written.
        SetupIncomplete: something is not there when it is read back.
        ConnectorError: Dataverse refused a part, or could not be reached for long.
    """
    if plan.refusals:
        raise SetupRefused(Sentence("The plan cannot be applied. {refusal}", refusal=Sentence.of(plan.refusals[0])))
    now = make_plan(target, components, plan.adoption)
    check_unchanged(plan, now, target.calls)
    if not now.writes:
        return SetupReport((), 0, 0.0)
    return _Run(target, components, now, patience, told).carry_out()


def mark_unfinished(target: SetupTarget, patience: Patience) -> None:
    """From now on, until the version is written again, a plan shows what is not there as not yet made."""
    if target.solution_id and target.version:
        patience.patiently(lambda: write_version(target.calls, target.solution_id, UNFINISHED))


class _Run:
    """One run of a plan."""

    def __init__(
        self,
        target: SetupTarget,
        components: Sequence[Component],
        plan: SetupPlan,
        patience: Patience,
        told: Callable[[int, str], None],
    ) -> None:
        self._target = target
        self._plan = plan
        self._patience = patience
        self._told = told
        self._components = components
        self._tables = [each.table for each in components if isinstance(each, TablePart)]
        self._actions: Mapping[str, SetupAction] = {each.component: each.action for each in plan.writes}
        self._done: list[str] = []
        self._settled: set[SetupPhase] = set()

    def carry_out(self) -> SetupReport:
        """Do everything, and read the plan again: it must be empty, and only then the version is written."""
        self._rejoin(self._plan)
        mark_unfinished(self._target, self._patience)
        work = [
            each for each in self._components if full_name(each) in self._actions and each.phase is not SetupPhase.END
        ]
        for phase, group in groupby(work, key=lambda each: each.phase):
            if phase > SetupPhase.TABLES:
                await_tables(self._tables, self._target, self._patience)
                self._await_columns(phase)
            self._phase(phase, list(group))
        self._finish()
        self._read_back()
        self._bring(VersionPart())
        return SetupReport(tuple(self._done), self._target.calls.writes, self._patience.waited)

    def _await_columns(self, phase: SetupPhase) -> None:
        """Wait for the columns of earlier phases, also for those that a run before this one made."""
        made = [each for each in self._components if each.phase < phase and each.phase not in self._settled]
        await_columns((each for each in made if not each.left_alone(self._target)), self._target, self._patience)
        self._settled |= {each.phase for each in made}

    def _phase(self, phase: SetupPhase, group: Sequence[Component]) -> None:
        publications: list[Publication] = []
        for component in group:
            name = full_name(component)
            self._told(len(self._done), name)
            found = self._bring(component, adopts=self._actions[name] is SetupAction.ADOPT)
            publications += component.publications(found)
            self._done.append(name)
            self._patience.wait(component.pause)
        publish(self._target, self._patience, publications)
        if phase in _SETTLING:
            self._patience.wait(self._patience.settling)

    def _bring(self, component: Component, *, adopts: bool = False) -> Found:
        """Have a component be as the manifest says, but for what publishing does; return it as it is then."""
        name, writes, was_made = full_name(component), 0, False

        def is_done() -> Found | None:
            nonlocal writes, was_made
            found = component.read(self._target)
            if found is None and was_made:  # the write was confirmed; a definition may appear later
                if not self._patience.until(lambda: component.read(self._target) is not None):
                    raise SetupIncomplete(Sentence("{name} was made, but cannot be read.", name=name))
                return None
            if found is not None and adopts and not self._target.is_member(component, found):
                self._add_to_solution(component, component.object_id(found))
            compared = [] if found is None else component.compare(found, self._target)
            differences = [each for each in compared if not each.by_publishing]
            if found is not None and not differences:
                return found
            if stuck := next((each for each in differences if not each.can_change), None):
                raise SetupRefused(
                    Sentence("{name}: {property} cannot be changed.", name=name, property=stuck.property)
                )
            if writes == WRITES:
                left = ", ".join(each.property for each in differences) or Sentence("all of it")
                raise SetupIncomplete(
                    Sentence("{name} is not as the manifest says: {properties}.", name=name, properties=left)
                )
            if found is None:
                component.create(self._target)
                was_made = True
            else:
                component.change(found, differences, self._target)
            writes += 1
            return None

        while (found := self._patience.patiently(is_done)) is None:
            pass
        return found

    def _rejoin(self, plan: SetupPlan) -> bool:
        """Put back what a plan finds outside our solution, and say whether there was any.

        Of a complete set-up this comes first: once it is marked unfinished, what is outside could be what others made.
        """
        left = {each.component for each in plan.writes if any(one.property == IN_SOLUTION for one in each.differences)}
        for component in (each for each in self._components if full_name(each) in left):
            if (found := self._patience.patiently(lambda each=component: each.read(self._target))) is not None:  # type: ignore[misc]
                self._add_to_solution(component, component.object_id(found))
        return bool(left)

    def _add_to_solution(self, component: Component, object_id: str) -> None:
        if component.component_type == NUMBERED_BY_ENVIRONMENT:
            raise SetupIncomplete(
                Sentence(
                    "{name} is not in the solution {solution}.", name=full_name(component), solution=SOLUTION.name
                ),
                advice="Add it there in Power Apps, and run the command again.",
            )
        body = {
            "ComponentId": object_id,
            "ComponentType": component.component_type,
            "SolutionUniqueName": SOLUTION.name,
            "AddRequiredComponents": False,
            "DoNotIncludeSubcomponents": False,
        }
        self._patience.patiently(lambda: self._target.calls.act("AddSolutionComponent", body))

    def _apps(self) -> list[Publication]:
        """The apps: whether what they show was published cannot be seen, and an interrupted run did not."""
        apps = [each for each in self._components if isinstance(each, AppPart)]
        found = [(each, self._patience.patiently(lambda each=each: each.find(self._target))) for each in apps]  # type: ignore[misc]
        return [one for app, row in found if row is not None for one in app.publications(row)]

    def _of_buttons(self) -> list[Publication]:
        """The tables of the customer whose buttons a run that was interrupted may have made and not published.

        All else of a run that shows only when it is published is compared by its published layer.
        """
        is_first = not self._target.solution_id or bool(self._target.version)
        buttons = [each for each in self._components if each.component_type == NUMBERED_BY_ENVIRONMENT]
        return [] if is_first else [publication for each in buttons for publication in each.publications({})]

    def _finish(self) -> None:
        self._told(len(self._done), "publish")
        choices = [Publication("optionset", each.name) for each in self._components if isinstance(each, ChoicePart)]
        tables = [Publication(TABLE, table.name) for table in self._tables]
        publish(self._target, self._patience, [*tables, *choices, *self._apps(), *self._of_buttons()])
        for key in (each for each in self._components if isinstance(each, KeyPart)):
            self._told(len(self._done), full_name(key))
            self._patience.until(partial(key.is_built, self._target), self._patience.key)
            if not self._patience.patiently(partial(key.is_active, self._target)):
                raise SetupIncomplete(
                    Sentence(
                        "{name} is not active: its rows may have duplicates, or its index is still being built.",
                        name=full_name(key),
                    )
                )

    def _read_back(self) -> None:
        """Read everything once more, and again where something had to be put into our solution.

        Raises:
            SetupIncomplete: something is not as the manifest says; the set-up stays unfinished.
        """
        target, left = self._plan_again()
        if self._rejoin(left):
            target, left = self._plan_again()
        version = full_name(VersionPart())
        names = [each.component for each in left.writes if each.component != version] or list(left.refusals)
        if not names:
            return
        if not is_newer(target.version):  # an import of our solution meanwhile has written its version
            mark_unfinished(target, self._patience)
        raise SetupIncomplete(
            Sentence("Not as the manifest says: {names}.", names=Sentence.joined(*names[:NAMED], between=", "))
        )

    def _plan_again(self) -> tuple[SetupTarget, SetupPlan]:
        """What is still to be done, compared as if it were installed: so what is not in our solution is named too."""
        target = read_target(self._target.calls)
        return target, make_plan(replace(target, version=SOLUTION.version), self._components, self._plan.adoption)
