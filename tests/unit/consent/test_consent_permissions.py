"""Permissions by name and by bit: what is switched in a Spotler that may have renamed some of them."""

from itertools import product

import pytest

from connector.consent import Facts, decide
from connector.spotler import Option

from .people import row

ITEMS = (Option(1, "Newsletter"), Option(2, "Events"), Option(4, "Offers"))
RENAMED = (Option(1, "News"), Option(2, "Events"), Option(4, "Offers"))
#: The bit of Newsletter belongs to another permission now, and Newsletter has a new one.
REUSED = (Option(1, "Fan club"), Option(2, "Events"), Option(8, "Newsletter"))


def switches(*rows, items=ITEMS, limit=(), **facts):
    return decide(Facts(rows=rows, **facts)).by_bit(items, limit)


@pytest.mark.parametrize("on", [False, True])
@pytest.mark.parametrize("bit", [None, 1])
def test_a_permission_is_switched_by_its_name_whatever_its_case(on, bit):
    assert switches(row(name=" NEWSLETTER", bit=bit, subscribed=on)).bits == {1: on}


def test_permissions_without_a_row_are_left_as_they_are():
    assert switches().bits == {}


def test_a_withdrawal_follows_the_bit_after_a_rename_and_a_consent_does_not():
    assert switches(row(subscribed=False), items=RENAMED).bits == {1: False}
    consent = switches(row(), items=RENAMED)
    assert (consent.bits, consent.unmatched, consent.lost_refusals) == ({}, 1, 0)


def test_where_the_bit_was_given_to_another_permission_a_withdrawal_counts_for_both_and_a_consent_for_none():
    assert switches(row(subscribed=False), items=REUSED).bits == {1: False, 8: False}
    assert switches(row(), items=REUSED).bits == {}


@pytest.mark.parametrize("bit", [None, 9, 1, 8])
def test_of_several_permissions_with_one_name_a_consent_means_its_bit_and_a_withdrawal_all(bit):
    items = (Option(1, "Newsletter"), Option(2, "Events"), Option(8, "newsletter "))

    assert switches(row(bit=bit, subscribed=False), items=items).bits == {1: False, 8: False}
    assert switches(row(bit=bit), items=items).bits == ({bit: True} if bit in (1, 8) else {})


def test_a_bit_that_spotler_has_no_more_says_nothing():
    items = (Option(8, "Newsletter"),)

    assert switches(row(), items=items).bits == {8: True}
    assert switches(row(subscribed=False), items=items).bits == {8: False}


@pytest.mark.parametrize("other", [{"name": "newsletter", "bit": None}, {"name": "News"}])
def test_a_refusal_counts_for_every_row_with_its_name_or_its_bit(other):
    for items in (ITEMS, RENAMED):
        found = switches(row(), row(key="two", subscribed=False, **other), items=items)

        assert not any(found.bits.values())
        assert 1 in found.bits


def test_what_matches_nothing_is_counted():
    found = switches(row(name="Fax", bit=None), row(key="two", name="Telex", bit=9, subscribed=False), row(key="three"))

    assert (found.bits, found.unmatched, found.lost_refusals) == ({1: True}, 2, 1)


def test_the_limit_of_the_mapping_holds():
    found = switches(row(), row(key="two", name="Events", bit=2, subscribed=False), limit=["events"])

    assert (found.bits, found.unmatched) == ({2: False}, 1)


def test_a_withdrawal_of_a_permission_within_the_limit_follows_its_bit():
    assert switches(row(subscribed=False), items=RENAMED, limit=["Newsletter"]).bits == {1: False}


@pytest.mark.parametrize(
    "facts", [{"do_not_bulk_email": True}, {"is_excluded": True}, {"do_not_email": True}, {"exists": False}]
)
def test_where_all_are_off_every_permission_of_spotler_is_off_whatever_the_limit(facts):
    found = switches(row(), row(key="two", name="Fax", bit=None), limit=["Events"], **facts)

    assert (found.bits, found.unmatched) == ({1: False, 2: False, 4: False}, 0)


def test_nothing_is_switched_on_by_its_bit_alone_and_no_refusal_with_a_known_bit_or_name_is_lost():
    names, bits = ("Newsletter", "News", "Events", "Fax"), (None, 1, 2, 9)
    for items, name, bit, subscribed in product((ITEMS, RENAMED, REUSED), names, bits, (False, True)):
        found = switches(row(name=name, bit=bit, subscribed=subscribed), items=items).bits
        named = {item.bit for item in items if item.name == name}
        held = {item.bit for item in items if item.bit == bit}

        if subscribed:
            assert {each for each, on in found.items() if on} <= named
            assert False not in found.values()
        else:
            assert found == dict.fromkeys(named | held, False)
