"""Installations that many tests begin with, for `SetupWorld.once`."""

from collections.abc import Sequence

from connector.setup.component import Component
from connector.setup.components import components
from connector.setup.inputs import SetupInputs
from tests.setup_hub import base_parts, hub_parts
from tests.setup_world import ENDPOINT, SMALL, SetupWorld, named, one_of_each


def small(world: SetupWorld) -> None:
    """Definitions only."""
    _install(world, named(*SMALL))


def each(world: SetupWorld) -> None:
    """One component of every kind."""
    _install(world, one_of_each(world.form_of_contacts, world.environment.settings.client_id))


def base(world: SetupWorld) -> None:
    """All that the small app needs; the app is what is missing."""
    _install(world, base_parts())
    world.parts = hub_parts()


def hub(world: SetupWorld) -> None:
    """The small app, made after all that it needs."""
    base(world)
    world.applied()


def whole(world: SetupWorld) -> None:
    """Everything that every environment gets."""
    inputs = SetupInputs(endpoint=ENDPOINT, application=world.environment.settings.client_id)
    _install(world, components(inputs=inputs))


def _install(world: SetupWorld, parts: Sequence[Component]) -> None:
    """Install it, and wait until the columns of new tables are listed."""
    world.parts = list(parts)
    world.applied()
    world.environment.clock.move(60)
