"""What other parts of the stand-in use of definitions, in this process."""

import asyncio

import pytest

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.customizing.layouts import check_layout
from sandbox.dataverse.customizing.lock import CustomizationLock
from sandbox.dataverse.customizing.publishing import Layers
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.settings import Settings
from sandbox.dataverse.users import Caller
from sandbox.dataverse.validation import Changes


@pytest.fixture
def environment():
    return Environment(Settings(empty=True))


@pytest.mark.parametrize("layout", ["<grid/>", '<grid object="1"/>', "<grid", '<view object="2"/>'])
def test_trap_14_a_layout_names_the_code_of_its_own_table(environment, layout):
    parts = environment.customizing.parts
    check_layout(parts, '<grid object="2" name="x"/>', "contact")

    with pytest.raises(ApiError) as caught:
        check_layout(parts, layout, "contact")
    assert (caught.value.status, caught.value.code) == (400, "0x80040216")


def test_trap_4_two_customisations_at_once():
    lock = CustomizationLock(Clock())

    async def customise(operation: str) -> str:
        try:
            with lock.during(operation):
                await asyncio.sleep(0)
        except ApiError as error:
            return error.code
        return ""

    async def both() -> list[str]:
        return await asyncio.gather(*(customise("EntityCustomization") for _ in range(2)), customise(""))

    assert asyncio.run(both()) == ["", "0x80071151", ""]
    assert asyncio.run(customise("Publish")) == ""


def test_a_row_with_an_unpublished_layer_shows_as_it_was_published(environment):
    store = environment.store
    layers = Layers(store, invisible=frozenset({"lead"}), layered=frozenset({"contact"}))
    model, events = store.catalog.by_name["contact"], []
    caller = Caller(environment.administrator, environment.administrator)

    def written(name: str, row=None):
        with environment.api.units.begin() as unit:
            writer, changes = unit.writer(caller), Changes({"lastname": name})
            row = writer.create(model, changes) if row is None else writer.update(model, row, changes)
            events[:] = unit.events
        layers.on_commit(events)
        return row

    first = written("a")
    second = written("c", written("b", first))
    published = layers.published("contact", first.id)

    assert (published.values["lastname"], layers.is_changed("contact", first.id)) == ("a", True)
    layers.publish("contact", frozenset({first.id}))
    assert layers.published("contact", first.id) is store.get("contact", first.id)
    assert second.values["lastname"] == "c"


def test_a_new_row_of_an_invisible_table_shows_when_it_is_published(environment):
    layers = Layers(environment.store, invisible=frozenset({"contact"}), layered=frozenset())
    caller = Caller(environment.administrator, environment.administrator)
    with environment.api.units.begin() as unit:
        row = unit.writer(caller).create(environment.store.catalog.by_name["contact"], Changes({"lastname": "a"}))
        layers.on_commit(unit.events)

    assert layers.published("contact", row.id) is None
    layers.publish("contact")
    assert layers.published("contact", row.id) == row
