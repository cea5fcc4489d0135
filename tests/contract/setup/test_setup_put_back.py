"""An environment that is put back is as it was, whatever was done to it: tests share one that was set up once."""

from collections import deque
from dataclasses import asdict, dataclass, field
from functools import partial

import pytest

from tests import setup_installed
from tests.contract.setup.environment_state import state_of
from tests.contract.setup.interface_changes import add_tab, change_form, publish
from tests.mementos import Memento
from tests.setup_world import SetupWorld, nameable


@dataclass(slots=True)
class Part:
    """An object without a dictionary."""

    value: int = 1


@dataclass
class Whole:
    """An object with one, and with every kind of container."""

    part: Part = field(default_factory=Part)
    parts: list[Part] = field(default_factory=lambda: [Part(2)])
    by_name: dict[str, list[int]] = field(default_factory=lambda: {"b": [1], "a": [2]})
    some: set[int] = field(default_factory=lambda: {1})
    last: deque[int] = field(default_factory=lambda: deque((1, 2), maxlen=3))


def test_contents_attributes_and_their_order_are_put_back_in_the_same_objects(monkeypatch):
    monkeypatch.setattr("tests.mementos._OURS", (__name__,))
    whole, hidden, bound = Whole(), [1], [1]
    before, held, order = asdict(whole), (whole.part, whole.parts, whole.by_name["a"]), list(whole.by_name)
    memento = Memento((whole, lambda: hidden, partial(bound.append, 2)))
    whole.part.value, whole.more = 5, 6
    whole.parts.append(whole.part)
    whole.by_name["a"].clear()
    whole.by_name.pop("b")
    whole.some, whole.last = set(), deque()
    whole.part = Part(7)
    hidden.append(2)
    bound.append(2)
    memento.put_back()

    assert (asdict(whole), hidden, bound) == (before, [1], [1])
    assert not hasattr(whole, "more")
    assert list(whole.by_name) == order
    assert all(one is other for one, other in zip(held, (whole.part, whole.parts, whole.by_name["a"]), strict=True))


def everything_of(world: SetupWorld) -> tuple[object, ...]:
    environment = world.environment
    customizing = environment.customizing
    return (
        state_of(environment),
        asdict(customizing.knobs),
        environment.clock.offset,
        environment.light,
        {name: list(model.properties) for name, model in environment.store.catalog.by_name.items()},
        set(environment.installing.apps.taken),
    )


def disturb(world: SetupWorld) -> None:
    """Something of what is no row and no definition."""
    knobs = world.environment.customizing.knobs
    knobs.languages, knobs.plain_app_names = [1043], True
    world.environment.light = True
    world.environment.customizing.lock.begin_foreign("Import", 25)
    world.environment.clock.move(60)
    world.environment.installing.apps.taken.add("dh_any")
    world.before = world.after = lambda *_: pytest.fail("another test")


def remove(world: SetupWorld) -> None:
    change_form(world.calls, "contact", add_tab)
    publish(world.calls, "contact")
    world.removed(*nameable(world.parts))


@pytest.mark.parametrize("work", [disturb, remove, SetupWorld.fresh, lambda world: world.once(setup_installed.hub)])
def test_whatever_was_done_an_environment_that_is_put_back_is_as_it_was(world, work):
    world.once(setup_installed.each)
    before, parts = everything_of(world), world.parts
    work(world)
    world.once(setup_installed.each)

    assert everything_of(world) == before
    assert world.parts == parts
    assert (world.planned().writes, world.applied().done, world.sent, world.slept) == ((), (), [], [])
    removed = world.removed().done
    assert removed
    assert set(world.applied().done) >= set(removed)
