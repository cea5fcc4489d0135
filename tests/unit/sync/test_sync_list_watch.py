"""Members of permission lists that changed without a message."""

import pytest

from connector.errors import ConnectorError
from connector.routing.record_item import RecordItem
from connector.sync.permissions.list_watch import STATE, sync_changed_members
from tests.unit.sync.permission_lists import IN_UTRECHT, add_list, join, leave


@pytest.fixture
def watch(world):
    """Compares the lists; the records whose sync it starts."""

    def _watch():
        world.bus.forget()
        count = sync_changed_members(world.services)
        started = [RecordItem.from_body(message.body).record for message in world.bus.to("spotler-jobs")]
        assert count == len(started)
        return set(started)

    return _watch


def test_at_the_first_time_every_member_is_synced(world, newsletter, watch):
    ann, bob = world.contact(), world.contact("bob")
    join(world, newsletter, ann)
    join(world, newsletter, bob)

    assert watch() == {ann, bob}


def test_later_only_those_who_came_or_left(world, newsletter, watch):
    ann, bob, cas = world.contact(), world.contact("bob"), world.contact("cas")
    for each in (ann, bob):
        join(world, newsletter, each)
    watch()
    assert watch() == set()

    leave(world, newsletter, ann)
    join(world, newsletter, cas)

    assert watch() == {ann, cas}
    assert watch() == set()


def test_an_emptied_list_starts_the_sync_of_everybody_who_was_on_it(world, newsletter, watch):
    ann = world.contact()
    join(world, newsletter, ann)
    watch()

    leave(world, newsletter, ann)

    assert (watch(), watch()) == ({ann}, set())


def test_what_cannot_be_read_of_the_last_time_costs_one_more_sync(world, newsletter, watch):
    ann = world.contact()
    join(world, newsletter, ann)
    watch()
    (name,) = world.services.state.names(STATE)
    stored = world.services.state.read(name)
    world.services.state.write(name, {"ids": "?"}, version=stored.version)

    assert (watch(), watch()) == ({ann}, set())


def test_after_a_bus_that_took_nothing_the_next_time_finds_them(world, newsletter, watch):
    ann = world.contact()
    join(world, newsletter, ann)
    world.bus.refuses = ConnectorError("busy")
    with pytest.raises(ConnectorError):
        sync_changed_members(world.services)
    world.bus.refuses = None

    assert watch() == {ann}


def test_without_permissions_in_lists_nothing_is_read(world, watch):
    add_list(world, "Newsletter")

    assert watch() == set()


def test_a_message_that_does_not_name_the_members_starts_the_comparison(world, newsletter, changes):
    ann = world.contact()
    join(world, newsletter, ann)
    about = changes.item({"table": "list", "id": newsletter}, columns=("listmember",))

    changes.run(about)

    assert [item.record for item in changes.put_back()] == [ann]


def test_a_dynamic_list_is_compared_too(world, use_lists, watch):
    use_lists("Newsletter", tables=["contact"], direction="->", **IN_UTRECHT)
    ann, bob = world.contact(address1_city="Utrecht"), world.contact("bob")

    assert (watch(), watch()) == ({ann}, set())
    world.services.dataverse.update("contacts", ann.id, {"address1_city": "Delft"})
    world.services.dataverse.update("contacts", bob.id, {"address1_city": "Utrecht"})
    assert watch() == {ann, bob}
