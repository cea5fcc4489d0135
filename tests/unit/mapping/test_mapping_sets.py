"""List fields and permissions."""

import pytest

from .conftest import formatted, permission

PERMISSIONS = ("@map(permissions)", "permissions")


def bits(outcome, field="permissions") -> dict[int, bool]:
    return {each["bit"]: each["enabled"] for each in outcome.properties[field]}


def test_a_multi_choice_switches_items_by_label_ignoring_case(send):
    outcome = send(("a", "interests"), a="7", **formatted("a", "GARDEN"))

    assert bits(outcome, "interests") == {1: True, 2: False}


def test_a_choice_whose_label_has_a_semicolon_is_one_item(send):
    outcome = send(("a", "topics"), a="7,8", **formatted("a", "Food; Drinks; Sweets"))

    assert bits(outcome, "topics") == {1: False, 2: True, 4: True}
    assert outcome.warnings == ()


def test_an_empty_multi_choice_switches_every_item_off(send):
    assert bits(send(("a", "interests"), a=None), "interests") == {1: False, 2: False}


def test_a_choice_that_is_no_item_is_left_out_with_a_warning(send):
    outcome = send(("a", "interests"), a="7,8", **formatted("a", "Kitchen; Attic"))

    assert bits(outcome, "interests") == {1: False, 2: True}
    assert "Attic" not in outcome.warnings[0]


def test_yes_or_no_switches_one_item_and_leaves_the_others(send):
    assert bits(send(("a", "interests:kitchen"), a=True), "interests") == {2: True}
    assert bits(send(("a", "interests:Kitchen"), a=None), "interests") == {2: False}


def test_items_from_several_rows_are_sent_together_in_the_order_of_their_bits(send):
    outcome = send(("a", "interests:Kitchen"), ("b", "interests:Garden"), a=True, b=False)

    assert outcome.properties["interests"] == [{"bit": 1, "enabled": False}, {"bit": 2, "enabled": True}]


@pytest.mark.parametrize("row", [("a", "interests:Attic"), ("a", "text:Garden"), ("a", "interests:Garden")])
def test_an_item_that_cannot_be_set_is_left_out_with_a_warning(send, row):
    outcome = send(row, a="perhaps")

    assert {"email"} == outcome.properties.keys()
    assert len(outcome.warnings) == 1


def test_the_mapping_may_limit_the_items(send):
    row = {"contact": "a", "direction": "->", "spotler": "interests", "items": ["garden"]}

    assert bits(send(row, a=None), "interests") == {1: False}


def test_permissions_are_matched_by_name_and_unknown_ones_counted(send):
    outcome = send(
        PERMISSIONS,
        permissions=(
            permission(" newsletter ", subscribed=True),
            permission("Events", subscribed=False),
            permission("Fan club", subscribed=True),
        ),
    )

    assert bits(outcome) == {1: True, 2: False}
    assert outcome.warnings == ("Permissions that are no item of the field Permissions were not sent: 1.",)


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_of_two_permissions_with_one_name_the_unsubscribed_one_wins(send, order):
    assert bits(send(PERMISSIONS, permissions=[permission("Newsletter", subscribed=each) for each in order])) == {
        1: False
    }


def test_do_not_bulk_email_switches_every_permission_off(send):
    row = {"contact": "@map(permissions)", "direction": "<->", "spotler": "permissions", "items": ["Events"]}
    permissions = (permission("Newsletter", subscribed=True), permission("Events", subscribed=True))

    assert bits(send(row, permissions=permissions, donotbulkemail=False)) == {2: True}
    assert bits(send(row, permissions=permissions, donotbulkemail=True)) == {1: False, 2: False, 4: False}


def test_do_not_bulk_email_counts_even_where_permissions_only_come_from_spotler_or_are_not_mapped(send):
    inward = {"contact": "@map(permissions)", "direction": "<-", "spotler": "permissions"}
    permissions = (permission("Newsletter", subscribed=True),)

    assert "permissions" not in send(inward, permissions=permissions).properties
    assert bits(send(inward, permissions=permissions, donotbulkemail=True)) == {1: False, 2: False, 4: False}
    assert bits(send(donotbulkemail=True)) == {1: False, 2: False, 4: False}


def test_do_not_bulk_email_counts_in_the_reserved_field_too_where_another_one_is_mapped(send):
    outcome = send(("@map(permissions)", "interests"), donotbulkemail=True)

    assert bits(outcome, "interests") == {1: False, 2: False}
    assert bits(outcome) == {1: False, 2: False, 4: False}


def test_a_record_that_a_filter_excludes_has_all_permissions_off_and_nothing_else(send):
    only_gold = {"contact": "kind", "direction": "->", "filter": "Gold"}

    outcome = send(only_gold, PERMISSIONS, kind="Silver", permissions=(permission("Newsletter", subscribed=True),))

    assert {"permissions"} == outcome.properties.keys()
    assert bits(outcome) == {1: False, 2: False, 4: False}


def test_a_withdrawal_follows_the_bit_of_a_permission_that_was_renamed_and_a_consent_does_not(send):
    off, on = (permission("Old name", subscribed=each, bit=2) for each in (False, True))

    assert bits(send(PERMISSIONS, permissions=(off,))) == {2: False}
    outcome = send(PERMISSIONS, permissions=(on,))
    assert "permissions" not in outcome.properties
    assert outcome.warnings == ("Permissions that are no item of the field Permissions were not sent: 1.",)


@pytest.mark.parametrize(
    ("off", "hidden"), [({"subscribed": False}, True), ({"subscribed": True}, False)], ids=["off", "on"]
)
def test_a_withdrawal_in_a_field_that_spotler_does_not_show_is_distinguished(send, off, hidden):
    outcome = send(("@map(permissions)", "gone"), permissions=(permission("Newsletter", **off),))

    assert outcome.hidden is hidden


def test_all_off_in_a_field_that_spotler_does_not_show_is_distinguished_too(send):
    assert send(("@map(permissions)", "gone"), donotbulkemail=True).hidden
    assert not send(PERMISSIONS, donotbulkemail=True).hidden


def test_a_withdrawal_of_a_permission_that_spotler_does_not_have_is_counted(send):
    rows = (permission("Fax", subscribed=False), permission("Telex", subscribed=True))

    assert send(PERMISSIONS, permissions=rows).lost_refusals == 1
