"""Marketing lists that cannot hold permissions: each is an error of the configuration."""

import pytest

from connector.errors import Misconfigured
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.permission_lists import (
    add_list,
    join,
    members,
    on_in_spotler,
    read,
)

# Lists that cannot be used


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"type": True, "query": "<fetch/>"}, "dynamic"),
        ({"lockstatus": True}, "locked"),
        ({"statecode": 1, "statuscode": 1}, "no active Marketing List"),
    ],
)
def test_a_list_that_nobody_can_be_added_to_is_an_error_of_the_configuration(world, use_lists, columns, why):
    use_lists("Newsletter", items=["Newsletter"], **columns)
    record = world.contact()

    with pytest.raises(Misconfigured, match=why):
        read(world, record)


def test_a_list_that_is_missing_is_an_error_of_the_configuration(world, use_lists):
    use_lists("Newsletter", items=["Newsletter", "Events"])

    with pytest.raises(Misconfigured, match="is called Events"):
        read(world, world.contact())


def test_a_permission_that_spotler_does_not_have_any_more_is_an_error_of_the_configuration(world, use_lists):
    use_lists("Newsletter", "Weekly", items=["Newsletter", "Weekly"])

    with pytest.raises(Misconfigured, match="no permission Weekly"):
        read(world, world.contact())


def test_without_items_one_list_is_enough_and_none_is_an_error(world, use_lists):
    use_lists()

    with pytest.raises(Misconfigured, match="name of a permission"):
        read(world, world.contact())


def test_two_lists_of_one_name_are_an_error_of_the_configuration(world, use_lists):
    use_lists("Newsletter", "NEWSLETTER")

    with pytest.raises(Misconfigured, match="several"):
        read(world, world.contact())


def test_lists_of_one_name_for_two_tables_are_two_lists(world, use_lists, send):
    of_contacts, of_leads = use_lists("Newsletter")
    record = world.lead()
    join(world, of_leads, record)

    send(record)

    assert (on_in_spotler(world, record), members(world, of_contacts)) == ([NEWSLETTER_BIT], set())


def test_a_corrected_list_is_found_at_once(world, use_lists):
    use_lists()
    record = world.contact()
    with pytest.raises(Misconfigured):
        read(world, record)

    for table in ("contact", "lead"):
        add_list(world, "Newsletter", table)

    assert read(world, record).facts.rows == ()


def test_an_environment_without_marketing_lists_says_so(world, use_lists):
    use_lists("Newsletter")
    world.door("POST", "edition", json={"light": True})

    with pytest.raises(Misconfigured, match="licence of Dynamics 365 Sales"):
        read(world, world.contact())
