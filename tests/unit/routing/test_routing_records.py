"""Which records a message is about, and whether it starts a sync of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.messages import parse_message
from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.routing.record_item import RecordItem
from connector.routing.route import Ignore, Publish, route
from sandbox.dataverse.garbling import garble
from tests.damaged import damaged
from tests.unit.jobs.posted import CONTACT, LEAD, ZERO, choice, reference
from tests.unit.routing.changed import (
    OPERATION,
    OTHER,
    PERMISSION,
    image,
    message,
    of_permission,
    posted,
    row,
    rows,
    updated,
)
from tests.unit.world import MAPPING

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING = Ignore("nothing changed that starts a sync")
#: A column that the default mapping sends, and one that nothing uses.
MAPPED, UNMAPPED = "lastname", "telephone3"


def contact(row_id=CONTACT, **says):
    """The item of a contact; which columns somebody changed is compared only where a test names them."""
    return RecordItem(record=RecordRef("contact", row_id), first_seen=NOW, **says)


def routing(document, mapping=MAPPING, **properties):
    return route(message(document, **properties), now=NOW, mapping=mapping)


def items(document, mapping=MAPPING, **properties):
    published = routing(document, mapping, **properties)
    return [] if isinstance(published, Ignore) else [each.item.model_copy(update={"columns": ()}) for each in published]


def changed_columns(document, mapping=MAPPING):
    return [each.item.columns for each in routing(document, mapping)]


# Records


@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_new_record_is_synced_as_a_new_one(table):
    document = posted("Create", table, Target=row(table, CONTACT, lastname="Jansen"))

    assert routing(document) == (
        Publish(
            RecordItem(record=RecordRef(table, CONTACT), created=True, first_seen=NOW), f"{table}/{CONTACT}/{OPERATION}"
        ),
    )  # fmt: skip


def test_a_new_record_of_a_table_that_the_mapping_does_not_sync_starts_nothing():
    leads_only = replace(MAPPING, rows=tuple(row for row in MAPPING.rows if "contact" not in row.columns))

    assert routing(posted("Create", Target=row("contact", CONTACT)), leads_only) == NOTHING


def test_the_item_of_a_change_names_the_columns_that_start_a_sync_and_no_values():
    assert changed_columns(updated(**{MAPPED: "Jansen", UNMAPPED: "1"})) == [(MAPPED,)]
    assert changed_columns(posted("Create", Target=row("contact", CONTACT, lastname="Jansen"))) == [()]


def test_two_posts_of_one_change_have_one_id_and_two_changes_have_two():
    once, again = routing(updated(lastname="A")), routing(updated(lastname="A"))
    later = routing({**updated(lastname="B"), "OperationId": OTHER})

    assert once[0].message_id == again[0].message_id != later[0].message_id


def test_changes_without_the_id_of_their_operation_have_ids_of_their_own():
    documents = [{**updated(lastname=name), "OperationId": ZERO} for name in ("A", "A", "B")]
    first, second, third = (routing(each)[0].message_id for each in documents)

    assert first == second != third


@pytest.mark.parametrize("column", [MAPPED, "donotemail", "donotbulkemail", "statecode", "statuscode"])
def test_a_column_that_is_sent_or_decides_about_consent_starts_a_sync(column):
    assert items(updated(**{column: None, UNMAPPED: "1"})) == [contact()]


def test_a_record_that_comes_twice_in_one_message_is_one_item_with_all_that_changed():
    """Two items would have one id, and the bus would drop the second one."""
    targets = rows("contact", row("contact", CONTACT, lastname="A"), row("contact", CONTACT, firstname="B"))

    (published,) = routing(posted("UpdateMultiple", row_id=ZERO, Targets=targets))

    assert published.item.columns == ("firstname", "lastname")


def test_a_column_that_nothing_uses_starts_nothing():
    assert routing(updated(**{UNMAPPED: "1", "ownerid": reference("systemuser", OTHER)})) == NOTHING


def test_the_mapping_can_choose_the_columns_of_a_table_and_consent_stays_among_them():
    chosen = replace(MAPPING, triggers={"contact": (UNMAPPED,)})

    assert items(updated(**{UNMAPPED: "1"}), chosen) == [contact()]
    assert routing(updated(**{MAPPED: "1"}), chosen) == NOTHING
    assert items(updated(donotemail=True), chosen) == [contact()]


def test_every_change_starts_a_sync_where_the_mapping_cannot_be_read():
    assert items(updated(**{UNMAPPED: "1"}), None) == [contact()]
    assert items(posted("Create", Target=row("contact", CONTACT)), None) == [contact(created=True)]


def test_the_deletion_of_a_record_says_so():
    assert items(posted("Delete", Target=reference("contact", CONTACT))) == [contact(deleted=True)]


@pytest.mark.parametrize("name", ["SetState", "SetStateDynamicEntity"])
def test_the_old_messages_about_the_state_start_a_sync(name):
    moniker = reference("contact", CONTACT)

    assert items(posted(name, EntityMoniker=moniker, State=choice(1), Status=choice(2))) == [contact()]
    assert items(posted(name, row_id=ZERO, EntityMoniker=moniker, State=choice(1))) == [contact()]


def test_another_owner_starts_a_sync_only_where_the_owner_is_chosen():
    document = posted("Assign", Target=reference("contact", CONTACT), Assignee=reference("systemuser", OTHER))

    assert routing(document) == NOTHING
    assert items(document, replace(MAPPING, triggers={"contact": ("ownerid",)})) == [contact()]


def test_of_two_merged_records_both_are_synced():
    document = posted(
        "Merge",
        Target=reference("contact", CONTACT),
        SubordinateId=OTHER.upper(),
        UpdateContent=row("contact", ZERO, emailaddress1="jane@example.org"),
        PerformParentingChecks=False,
    )

    assert routing(document) == (
        Publish(contact(), f"contact/{CONTACT}/{OPERATION}"), Publish(contact(OTHER), f"contact/{OTHER}/{OPERATION}")
    )  # fmt: skip


def test_a_merge_that_does_not_say_what_was_merged_is_kept_for_people():
    with pytest.raises(Unreadable) as caught:
        routing(posted("Merge", Target=reference("contact", CONTACT)))

    assert caught.value.result_code == "MESSAGE_MALFORMED"


def test_each_row_of_a_message_about_several_is_an_item():
    created = posted(
        "CreateMultiple", row_id=ZERO, Targets=rows("contact", row("contact", CONTACT), row("contact", OTHER))
    )
    changed = posted(
        "UpdateMultiple",
        row_id=ZERO,
        Targets=rows("contact", row("contact", CONTACT, **{UNMAPPED: 1}), row("contact", OTHER, **{MAPPED: "x"})),
    )

    assert items(created) == [contact(created=True), contact(OTHER, created=True)]
    assert items(changed) == [contact(OTHER)]
    assert len({each.message_id for each in routing(created)}) == 2


def test_a_row_of_several_may_have_its_id_among_its_columns():
    document = posted("UpsertMultiple", Targets=rows("contact", row("contact", ZERO, contactid=CONTACT, lastname="x")))

    assert items(document) == [contact()]


def test_rows_of_several_may_come_as_a_list():
    document = posted("UpdateMultiple", Targets=[row("contact", CONTACT, lastname="x")])

    assert items(document) == [contact()]


@pytest.mark.parametrize("targets", [[reference("contact", CONTACT)], ["x"], "x", {"a": 1}, [row("contact", ZERO)]])
def test_a_message_about_several_that_does_not_name_its_rows_is_kept_for_people(targets):
    with pytest.raises(Unreadable) as caught:
        routing(posted("UpdateMultiple", row_id=ZERO, Targets=targets))

    assert caught.value.result_code == "MESSAGE_MALFORMED"


@pytest.mark.parametrize(("answer", "is_new"), [(True, True), (False, False), (None, False), ("yes", False)])
def test_an_upsert_is_a_new_record_where_the_message_says_so(answer, is_new):
    document = posted("Upsert", Target=row("contact", CONTACT, lastname="x"))
    document["OutputParameters"] = [{"key": "RecordCreated", "value": answer}]

    assert items(document) == [contact(created=is_new)]


@pytest.mark.parametrize("name", ["Create", "Update", "Upsert"])
def test_of_a_message_that_dataverse_cut_the_id_is_enough(name):
    cut = posted(name)

    assert items(cut, MessageMaxSizeExceeded=True) == items(cut) == [contact(created=name == "Create")]


def test_a_cut_message_about_several_cannot_be_followed_and_is_kept_for_people():
    with pytest.raises(Unreadable) as caught:
        routing(posted("UpdateMultiple", row_id=ZERO), MessageMaxSizeExceeded=True)

    assert caught.value.sentence == "The message does not say which record it is about."


@pytest.mark.parametrize("table", ["contact", "dh_spotlerpermission"])
def test_what_the_connector_wrote_starts_nothing(table):
    document = posted("Update", table, Target=row(table, CONTACT, lastname="x", dh_subscribed=True))
    document["SharedVariables"] = [{"key": "tag", "value": "spotler-connector"}]

    assert routing(document) == Ignore("the connector wrote it itself")


@pytest.mark.parametrize("name", ["Associate", "Win", "Merge", "GrantAccess"])
def test_an_operation_that_means_nothing_for_a_table_is_foreign(name):
    table = "dh_spotlerpermission" if name == "Merge" else "contact"

    with pytest.raises(Unreadable) as caught:
        routing(posted(name, table))

    assert caught.value.sentence == f"The connector does not handle {name} of {table}."


# Permissions


def test_a_new_permission_syncs_its_record():
    document = of_permission("Create", dh_contactid=reference("contact", CONTACT), dh_subscribed=True)

    assert items(document) == [contact()]


@pytest.mark.parametrize(
    ("lookup", "record"),
    [
        ("dh_contactid", RecordRef("contact", CONTACT)),
        ("dh_leadid", RecordRef("lead", LEAD)),
        ("dh_accountid", RecordRef("account", OTHER)),
    ],
)
def test_a_changed_permission_syncs_the_record_of_its_image(lookup, record):
    document = of_permission("Update", image(**{lookup: reference(record.table, record.id)}), dh_subscribed=False)

    assert items(document) == [RecordItem(record=record, first_seen=NOW)]


def test_a_permission_that_moves_syncs_its_old_and_its_new_record():
    before = image(dh_contactid=reference("contact", CONTACT))

    assert items(of_permission("Update", before, dh_contactid=reference("contact", OTHER))) == [
        contact(), contact(OTHER)
    ]  # fmt: skip


def test_a_change_of_a_permission_that_nothing_depends_on_starts_nothing():
    assert routing(of_permission("Update", dh_changedon="/Date(0)/", ownerid=None)) == NOTHING


def test_without_an_image_the_row_says_whose_permission_was_changed():
    assert items(of_permission("Update", dh_subscribed=False)) == [RecordItem(permission=PERMISSION, first_seen=NOW)]
    assert items(of_permission("Create"), MessageMaxSizeExceeded=True) == [
        RecordItem(permission=PERMISSION, first_seen=NOW)
    ]


def test_a_deleted_permission_syncs_the_record_of_its_image():
    assert items(of_permission("Delete", image(dh_contactid=reference("contact", CONTACT)))) == [contact()]


@pytest.mark.parametrize(
    "document", [of_permission("Delete", image(dh_name="News")), of_permission("Create", dh_name="News")]
)
def test_a_permission_of_nobody_starts_nothing(document):
    assert routing(document) == NOTHING


@pytest.mark.parametrize(
    "owner", [CONTACT, 7, {"Id": CONTACT}, [reference("contact", CONTACT)], reference("contact", ZERO)]
)
def test_an_owner_in_a_form_that_is_not_known_is_no_permission_of_nobody(owner):
    """The opt-out of a permission would be lost."""
    for document in (of_permission("Create", dh_subscribed=False, dh_contactid=owner),
                     of_permission("Update", image(dh_contactid=owner), dh_subscribed=False)):  # fmt: skip
        assert items(document) == [RecordItem(permission=PERMISSION, first_seen=NOW)]
    with pytest.raises(Unreadable, match="whose it was in a form"):
        routing(of_permission("Delete", image(dh_contactid=owner)))


def test_an_image_that_was_registered_without_the_owner_loses_no_change():
    document = of_permission("Update", image(dh_name="News"), dh_subscribed=False)

    assert items(document) == [RecordItem(permission=PERMISSION, first_seen=NOW)]


def test_a_deleted_permission_without_an_image_is_kept_for_people():
    with pytest.raises(Unreadable) as caught:
        routing(of_permission("Delete"))

    assert "its step has no pre-image" in caught.value.sentence


# Laws

columns = st.dictionaries(
    st.sampled_from([MAPPED, UNMAPPED, "firstname", "donotemail", "description"]),
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(codec="utf-8"), max_size=9),
)
images = st.lists(st.sampled_from(["Before", "PreImage", "AsynchronousStepPrimaryName", "x"]), unique=True)
noise = st.dictionaries(st.sampled_from(["NewMember", "Depth", "Mode", "ParentContext"]), st.none() | st.integers(0, 3))


@given(columns, st.randoms(use_true_random=False), images, noise, st.booleans())
def test_neither_order_nor_images_nor_garbled_text_nor_unknown_members_change_the_items(
    changed, chance, names, members, garbled
):
    plain = updated(**changed)
    shuffled = json.loads(json.dumps(plain)) | members
    (parameter,) = shuffled["InputParameters"]
    chance.shuffle(parameter["value"]["Attributes"])
    shuffled["InputParameters"] = chance.sample([parameter, {"key": "x-ms-app-name", "value": "app"}], 2)
    shuffled["PreEntityImages"] = [
        {"key": name, "value": row("contact", CONTACT, typed=False, lastname="é")} for name in names
    ]
    shuffled = dict(chance.sample(list(shuffled.items()), len(shuffled)))
    text = json.dumps(shuffled, ensure_ascii=False).encode()

    parsed = parse_message(garble(text) if garbled else text, properties={})

    assert route(parsed, now=NOW, mapping=MAPPING) == routing(plain)


@given(st.lists(st.uuids(version=4).map(str), min_size=1, max_size=6), columns)
def test_a_message_about_several_rows_means_what_one_about_each_means(ids, changed):
    together = posted(
        "UpdateMultiple", row_id=ZERO, Targets=rows("contact", *(row("contact", each, **changed) for each in ids))
    )
    each = [item for row_id in dict.fromkeys(ids) for item in items(updated(row_id, **changed))]

    assert items(together) == each


@pytest.mark.parametrize(
    "document",
    [
        updated(lastname="J"),
        posted("SetState", EntityMoniker=reference("contact", CONTACT), State=choice(1), Status=choice(2)),
        posted(
            "Merge", Target=reference("contact", CONTACT), SubordinateId=OTHER, UpdateContent=row("contact", CONTACT)
        ),
        posted("CreateMultiple", row_id=ZERO, Targets=rows("contact", row("contact", CONTACT), row("contact", OTHER))),
        of_permission("Update", image(dh_contactid=reference("contact", CONTACT)), dh_subscribed=False),
        of_permission("Delete", image(dh_contactid=reference("contact", CONTACT))),
    ],
    ids=lambda document: document["MessageName"] + document["PrimaryEntityName"],
)
def test_a_message_with_any_odd_part_is_routed_or_refused_and_no_item_hides_another(document):
    refused = 0
    for each in damaged(document):
        try:
            routed = route(parse_message(json.dumps(each).encode()), now=NOW, mapping=MAPPING)
        except Unreadable:
            refused += 1
            continue
        ids = [] if isinstance(routed, Ignore) else [item.message_id for item in routed]
        assert len(set(ids)) == len(ids)
    assert refused > 500
