"""A permission that was renamed in Spotler keeps the Marketing List with its name of before, and its history."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import ConsentCause
from connector.sync.permissions.former_names import NAME, former_names, remember_names
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.permission_lists import add_list, history, join, leave, members, note, on_in_spotler, read

LATER = timedelta(days=1)


@pytest.fixture
def rename(world):
    """Spotler calls the newsletter otherwise, after the connector has seen its name."""

    def _rename(name):
        remember_names(world.services, world.services.spotler.fields(max_age=0).permissions.options)
        world.spotler.rename_permissions({NEWSLETTER_BIT: name})
        world.services.spotler.fields(max_age=0)
        world.now += timedelta(seconds=world.services.settings.permission_variables_seconds)

    return _rename


def test_the_list_of_a_renamed_permission_is_still_its_list(world, newsletter, send, rename):
    record = world.contact()
    join(world, newsletter, record)
    send(record)
    rename("News")

    send(record)
    before = on_in_spotler(world, record)
    leave(world, newsletter, record)
    send(record)

    assert (before, on_in_spotler(world, record)) == ([NEWSLETTER_BIT], [])
    assert history(world, record)[-1] == ("News", False, ConsentCause.PERSON)


def test_an_opt_out_under_the_former_name_counts(world, use_lists, rename):
    use_lists("Newsletter")
    record = world.contact()
    note(world, record, on=False, before=LATER)
    rename("News")

    (row,) = read(world, record).facts.rows

    assert (row.name, row.bit, row.subscribed) == ("News", NEWSLETTER_BIT, False)


def test_a_removal_that_did_not_succeed_before_the_rename_is_finished_after_it(world, newsletter, send, rename):
    record = world.contact()
    join(world, newsletter, record)
    note(world, record, on=False, before=LATER)
    rename("News")

    send(record)
    send(record)

    assert (on_in_spotler(world, record), members(world, newsletter)) == ([], set())


def test_a_list_with_the_new_name_takes_the_place_of_the_old_one(world, newsletter, send, rename):
    record = world.contact()
    renamed = add_list(world, "News")
    join(world, renamed, record)
    rename("News")

    send(record)

    assert (on_in_spotler(world, record), members(world, newsletter)) == ([NEWSLETTER_BIT], set())


@pytest.mark.parametrize("value", [{"9" * 5000: ["x"]}, {"²": ["x"]}, {"1": "x"}, {"1": [None, {}]}, {"": []}])
def test_former_names_that_somebody_has_edited_by_hand_are_as_if_they_were_not_there(world, value):
    items = world.services.spotler.fields().permissions.options
    world.services.state.write(NAME, value, version=None)

    remember_names(world.services, items)

    assert not any(former_names(world.services, items).values())
