"""What Dataverse posts about records and permissions leads to the right items: from the steps to the router."""

from datetime import UTC, datetime

import pytest

from connector.dataverse.messages import parse_message
from connector.dataverse.permission_tables import PermissionLookup, PermissionTable
from connector.dataverse.records import RecordRef
from connector.dataverse.schema import steps
from connector.mapping import plan
from connector.routing.route import Ignore, NotHandled, route
from tests.contract.posting import PostingScene
from tests.unit.world import MAPPING

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = ("contact", "lead", "account")
PERIODIEK = PermissionTable(
    table="new_periodiek",
    set="new_periodieken",
    id="new_periodiekid",
    name="new_name",
    subscribed="new_subscribed",
    lookups={"contact": PermissionLookup(column="new_contactid", navigation="new_ContactId")},
    changed_on="new_changedon",
)
#: So long that a message loses its parameters, and fits without them.
LONG_USER_AGENT = "x" * 194_500


class Scene(PostingScene):
    """An environment with the steps of an installation, whose messages are routed as they are posted."""

    def __init__(self, periodiek=None):
        super().__init__(steps({table: plan(MAPPING, table).triggers for table in TABLES}, periodiek=periodiek))
        self.periodiek = periodiek

    def items(self):
        """The items of what was posted since the last look, with the ids of their messages."""
        found = []
        for posting in self.postings:
            message = self.environment.contexts.message(posting)
            parsed = parse_message(message.body, properties=message.properties)
            routing = route(parsed, now=NOW, mapping=MAPPING, periodiek=self.periodiek)
            found += [] if isinstance(routing, Ignore) else routing
        self.postings.clear()
        return found

    def told(self):
        """Which records the items are about, and what they say of them."""
        return [(each.item.record, each.item.created, each.item.deleted) for each in self.items()]


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def contact(scene):
    row_id = scene.call("POST", "contacts", {"lastname": "Jansen", "emailaddress1": "jan@example.org"})
    scene.postings.clear()
    return row_id


def of(row_id, table="contact", *, created=False, deleted=False):
    return RecordRef(table, row_id), created, deleted


@pytest.mark.parametrize(("table", "entity_set"), [("contact", "contacts"), ("lead", "leads"), ("account", "accounts")])
def test_a_record_is_created_changed_and_deleted(scene, table, entity_set):
    row_id = scene.call(
        "POST", entity_set, {"emailaddress1": "a@example.org", **({"name": "x"} if table == "account" else {})}
    )
    assert scene.told() == [of(row_id, table, created=True)]

    scene.call("PATCH", f"{entity_set}({row_id})", {"emailaddress1": "b@example.org"})
    assert scene.told() == [of(row_id, table)]

    scene.call("DELETE", f"{entity_set}({row_id})")
    assert scene.told() == [of(row_id, table, deleted=True)]


def test_a_change_that_nothing_depends_on_is_not_even_posted(scene, contact):
    scene.call("PATCH", f"contacts({contact})", {"numberofchildren": 2})

    assert scene.postings == []


def test_a_deactivation_is_an_update_of_the_state(scene, contact):
    scene.call("PATCH", f"contacts({contact})", {"statecode": 1, "statuscode": 2})

    assert scene.told() == [of(contact)]


def test_a_merge_names_both(scene, contact):
    other = scene.call("POST", "contacts", {"lastname": "Jansen"})
    scene.postings.clear()
    rows = [{"@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": each} for each in (contact, other)]
    scene.call("POST", "Merge", {"Target": rows[0], "Subordinate": rows[1], "PerformParentingChecks": False})

    assert scene.told() == [of(contact), of(other)]


def test_five_hundred_records_in_one_call_are_five_hundred_items_of_their_own(scene):
    targets = [{"@odata.type": "Microsoft.Dynamics.CRM.contact", "lastname": f"No. {n}"} for n in range(500)]
    scene.call("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    items = scene.items()

    assert len({each.item.record for each in items}) == len({each.message_id for each in items}) == 500
    assert all(each.item.created for each in items)


def test_every_event_of_a_permission_names_its_record(scene, contact):
    bind = {"dh_ContactId@odata.bind": f"/contacts({contact})"}
    row_id = scene.call("POST", "dh_spotlerpermissions", {"dh_name": "News", "dh_subscribed": True, **bind})
    assert scene.told() == [of(contact)]

    scene.call("PATCH", f"dh_spotlerpermissions({row_id})", {"dh_subscribed": False})
    assert scene.told() == [of(contact)]

    lead = scene.call("POST", "leads", {"lastname": "x"})
    scene.postings.clear()
    moved = {"dh_ContactId": None, "dh_LeadId@odata.bind": f"/leads({lead})"}
    scene.call("PATCH", f"dh_spotlerpermissions({row_id})", moved)
    assert scene.told() == [of(contact), of(lead, "lead")]

    scene.call("DELETE", f"dh_spotlerpermissions({row_id})")
    assert scene.told() == [of(lead, "lead")]


def test_every_event_of_a_periodiek_names_its_record():
    scene = Scene(periodiek=PERIODIEK)
    contact = scene.call("POST", "contacts", {"lastname": "Jansen"})
    scene.postings.clear()
    bind = {"new_ContactId@odata.bind": f"/contacts({contact})"}

    row_id = scene.call("POST", "new_periodieken", {"new_name": "News", "new_subscribed": True, **bind})
    assert scene.told() == [of(contact)]
    scene.call("PATCH", f"new_periodieken({row_id})", {"new_subscribed": False})
    assert scene.told() == [of(contact)]
    scene.call("PATCH", f"new_periodieken({row_id})", {"new_changedon": "2026-03-01T10:00:00Z"})
    assert scene.told() == []
    scene.call("DELETE", f"new_periodieken({row_id})")
    assert scene.told() == [of(contact)]


def test_a_message_of_a_periodiek_is_foreign_where_no_setting_names_its_table():
    scene = Scene(periodiek=PERIODIEK)
    scene.periodiek = None
    scene.call("POST", "new_periodieken", {"new_name": "News", "new_subscribed": True})

    with pytest.raises(NotHandled, match="new_periodiek"):
        scene.items()


def test_of_a_message_that_is_too_long_the_id_is_enough(scene, contact):
    scene.call("PATCH", f"contacts({contact})", {"lastname": "x"}, **{"user-agent": LONG_USER_AGENT})
    (posting,) = scene.postings
    message = scene.environment.contexts.message(posting)

    assert message.properties["MessageMaxSizeExceeded"] is True
    assert scene.told() == [of(contact)]


def test_garbled_text_and_a_doubled_post_change_nothing(scene, contact):
    scene.environment.contexts.garbled = True
    scene.environment.steps.duplicate_next = 1
    scene.call("PATCH", f"contacts({contact})", {"lastname": "Zoë Łukasz 你好"})
    items = scene.items()

    assert [each.item.record.id for each in items] == [contact, contact]
    assert len({each.message_id for each in items}) == 1


def test_two_changes_of_one_record_are_two_messages(scene, contact):
    for name in ("A", "B"):
        scene.call("PATCH", f"contacts({contact})", {"lastname": name})

    assert len({each.message_id for each in scene.items()}) == 2


def test_what_the_connector_writes_starts_nothing(scene, contact):
    scene.call("PATCH", f"contacts({contact})", {"lastname": "x"}, query="tag=spotler-connector")

    assert scene.told() == []
