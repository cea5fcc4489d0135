"""Messages about Marketing Lists: which of them are about a list that may have to leave Spotler."""

from datetime import UTC, datetime

import pytest

from connector.dataverse.records import RecordRef
from connector.routing.record_item import RecordItem
from connector.routing.route import Ignore, route
from tests.unit.jobs.posted import CONTACT as LIST, ZERO, choice, reference
from tests.unit.routing.changed import OTHER, message, posted, row, rows, updated
from tests.unit.world import MAPPING

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING = Ignore("nothing changed that starts a sync")


def routing(document, **properties):
    return route(message(document, **properties), now=NOW, mapping=MAPPING)


def items(document, **properties):
    return [each.item for each in routing(document, **properties)]


def listed(row_id=LIST, **says):
    return RecordItem(record=RecordRef("list", row_id), first_seen=NOW, **says)


def test_a_change_of_its_state_is_about_the_list():
    assert items(updated(table="list", statecode=choice(1), statuscode=choice(1))) == [listed()]


@pytest.mark.parametrize("name", ["SetState", "SetStateDynamicEntity"])
def test_the_old_messages_about_the_state_are_too(name):
    moniker = reference("list", LIST)

    assert items(posted(name, "list", ZERO, EntityMoniker=moniker, State=choice(1))) == [listed()]


def test_a_deletion_says_so():
    assert items(posted("Delete", "list", Target=reference("list", LIST))) == [listed(deleted=True)]


@pytest.mark.parametrize("column", ["listname", "query", "dh_spotlersync", "dh_spotlerlastsync"])
def test_another_name_or_query_waits_for_the_next_sync(column):
    assert routing(updated(table="list", **{column: "x"})) == NOTHING


def test_a_new_list_is_in_no_audience_yet():
    assert (
        routing(posted("Create", "list", Target=row("list", LIST, listname="Friends", statecode=choice(0)))) == NOTHING
    )


def test_of_several_lists_those_whose_state_changed_count():
    changed = rows("list", row("list", LIST, statecode=choice(1)), row("list", OTHER, listname="Friends"))

    assert items(posted("UpdateMultiple", "list", Targets=changed)) == [listed()]


def test_a_row_without_an_id_of_its_own_is_found_by_its_key():
    changed = rows("list", row("list", ZERO, listid=LIST.upper(), statecode=choice(1)))

    assert items(posted("UpdateMultiple", "list", Targets=changed)) == [listed()]


def test_a_message_that_was_cut_may_be_about_the_state():
    assert items(posted("Update", "list")) == [listed()]
