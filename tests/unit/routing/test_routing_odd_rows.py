"""Rows of a message that are not what they seem: of another table, with an odd id, or merged with themselves."""

from datetime import UTC, datetime

import pytest

from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.routing.route import route
from tests.unit.jobs.posted import CONTACT, ZERO, reference
from tests.unit.routing.changed import OTHER, message, posted, row, rows
from tests.unit.world import MAPPING

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def records(document):
    """The records of which a sync starts."""
    return [each.item.record for each in route(message(document), now=NOW, mapping=MAPPING)]


@pytest.mark.parametrize("written", ["{0}", "{{{0}}}"])
def test_the_id_of_a_row_of_several_may_be_written_with_braces_and_in_upper_case(written):
    together = rows("contact", row("contact", ZERO, contactid=written.format(OTHER.upper())))

    found = records(posted("CreateMultiple", row_id=ZERO, Targets=together))

    assert found == [RecordRef("contact", OTHER)]


@pytest.mark.parametrize("odd", ["not an id", OTHER + OTHER, 7, None])
def test_a_row_of_several_whose_id_is_none_is_kept_for_people(odd):
    together = rows("contact", row("contact", CONTACT), row("contact", ZERO, contactid=odd))

    with pytest.raises(Unreadable, match="has no id"):
        records(posted("CreateMultiple", row_id=ZERO, Targets=together))


@pytest.mark.parametrize(
    "document",
    [
        posted("UpdateMultiple", row_id=ZERO, Targets=rows("contact", row("contact", CONTACT), row("lead", OTHER))),
        posted("CreateMultiple", row_id=ZERO, Targets=rows("contact", row("account", OTHER))),
        posted("Update", Target=row("account", CONTACT, lastname="J")),
        posted("Merge", Target=reference("account", CONTACT), SubordinateId=OTHER),
        posted("SetState", EntityMoniker=reference("lead", CONTACT)),
    ],
    ids=lambda document: document["MessageName"],
)
def test_a_row_of_another_table_than_that_of_the_message_is_kept_for_people(document):
    with pytest.raises(Unreadable, match="of another table"):
        records(document)


@pytest.mark.parametrize("target", [row("contact", CONTACT), row("contact", CONTACT, description="x")])
def test_a_merge_syncs_the_record_that_stays_whatever_its_target_holds(target):
    found = records(posted("Merge", Target=target, SubordinateId=OTHER))

    assert [each.id for each in found] == [CONTACT, OTHER]


def test_a_merge_of_a_record_with_itself_is_one_sync():
    found = records(posted("Merge", Target=reference("contact", CONTACT), SubordinateId=CONTACT))

    assert found == [RecordRef("contact", CONTACT)]
