"""Two administrators who set up or remove at the same time, and write in turn: nothing is made twice or left over."""

from collections.abc import Callable
from threading import Condition, Thread, current_thread

import pytest

from connector.errors import ConnectorError
from connector.setup.applying import SetupReport, apply_setup
from connector.setup.patience import Patience
from connector.setup.removal import plan_removal
from connector.setup.removing import remove_setup
from tests.faults.test_setup_faults import made_twice
from tests.setup_world import SetupWorld, nameable, one_of_each

USER = "application user Spotler Connector"


@pytest.fixture
def world():
    world = SetupWorld()
    world.parts = one_of_each(world.form_of_contacts, world.environment.settings.client_id)
    return world


class Turns:
    """Lets one thread run at a time; before each write, the other one goes on until its next write."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: list[str] = []

    def run(self, work: dict[str, Callable[[], object]]) -> dict[str, object]:
        """Do all of it and return what each returned or raised, by its name."""
        self._waiting = list(work)
        ended: dict[str, object] = {}

        def carry_out(name: str) -> None:
            self._await(name)
            try:
                ended[name] = work[name]()
            except ConnectorError as error:
                ended[name] = error
            finally:
                with self._changed:
                    self._waiting.remove(name)
                    self._changed.notify_all()

        threads = [Thread(target=carry_out, args=(name,), name=name) for name in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return ended

    def before(self, *_: object) -> None:
        """Let the other one go on."""
        name = current_thread().name
        with self._changed:
            if name not in self._waiting:
                return
            self._waiting.remove(name)
            self._waiting.append(name)
            self._changed.notify_all()
        self._await(name)

    def _await(self, name: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting[0] == name)


def applying(world):
    """An administrator of their own, with a plan of now."""
    calls = world.administrator()
    plan, patience = world.planned(), Patience(world.clock)
    return lambda: apply_setup(plan, world.target(calls), world.parts, patience)


def removing(world):
    calls = world.administrator()
    plan, patience = plan_removal(world.target(), world.parts, nameable(world.parts)), Patience(world.clock)
    return lambda: remove_setup(plan, world.target(calls), world.parts, patience)


def together(world, one, other):
    turns = Turns()
    world.before = turns.before
    ended = turns.run({"one": one(world), "other": other(world)})
    world.before = lambda *_: None
    world.environment.clock.move(60)
    return ended


def test_two_who_apply_end_with_one_set_up(world):
    ended = together(world, applying, applying)
    world.applied()
    written = len(world.sent)
    plan = world.planned()
    world.applied(plan)

    assert any(isinstance(each, SetupReport) for each in ended.values()), ended
    assert (plan.writes, plan.refusals, made_twice(world)) == ((), (), [])
    assert len(world.sent) == written


def test_two_who_remove_end_with_nothing(world):
    world.applied()
    world.environment.clock.move(60)
    ended = together(world, removing, removing)

    assert any(isinstance(each, SetupReport) for each in ended.values()), ended
    assert [each.component for each in world.removal().components] == [USER]


@pytest.mark.parametrize("last", ["applied", "removed"])
def test_one_who_applies_while_another_one_removes_leaves_what_either_can_complete(world, last):
    world.applied()
    world.environment.clock.move(60)
    world.calls.delete("EntityDefinitions(LogicalName='list')/Attributes(LogicalName='dh_spotlersync')")
    ended = together(world, applying, removing)
    world.calls = world.administrator()

    assert all(isinstance(each, SetupReport | ConnectorError) for each in ended.values())
    if last == "applied":
        world.applied()
        assert (world.planned().writes, made_twice(world)) == ((), [])
    else:
        world.removed(*nameable(world.parts))
        assert [each.component for each in world.removal().components] == [USER]
