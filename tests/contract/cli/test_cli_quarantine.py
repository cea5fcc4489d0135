"""Quarantine: looked at without a change, and replayed with the effect of once."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from connector.cli import stored_messages
from connector.dataverse.messages.reasons import NotJson
from connector.errors import InternalError, Misconfigured, Transient
from connector.routing.quarantine import MAX_BODY_BYTES, quarantine
from connector.routing.router import Incoming, Router
from connector.routing.work_item import WorkItem
from connector.servicebus import browse
from connector.servicebus.bus import MAX_MESSAGE_BYTES, Bus, OutgoingMessage
from connector.servicebus.entities import QUEUE_DATAVERSE, QUEUE_QUARANTINE, Location
from connector.services import RouterServices
from connector.settings import get_settings
from tests.unit.jobs.posted import body, created

SECRET = b'{"dh_name": "Anna de Vries"}'


def die(*_):
    raise Transient("The machine was switched off.")


@pytest.fixture
def from_dataverse(bus):
    quarantine(bus, SECRET, NotJson(), source=QUEUE_DATAVERSE)


@pytest.fixture
def item(bus):
    item = WorkItem(operation="add-tag", job=str(uuid4()), first_seen=datetime.now(UTC))
    quarantine(bus, item.model_dump_json().encode(), InternalError(), source="add-tag")
    return item


@pytest.mark.usefixtures("from_dataverse", "item")
def test_the_list_shows_when_why_and_from_where_but_never_the_body(cli):
    lines = cli("quarantine", "list").stdout.splitlines()

    assert lines[0].split("  ")[2:] == ["dataverse", "MESSAGE_NOT_JSON", f"{len(SECRET)} bytes"]
    assert "quarantine/" in lines[1]
    assert lines[1].endswith("The message is not JSON.")
    assert lines[2].split("  ")[2:4] == ["add-tag", "INTERNAL_ERROR"]
    assert lines[4] == "2 messages."
    assert "Anna" not in "".join(lines)


def test_an_empty_quarantine_is_reported_as_such(cli):
    assert cli("quarantine", "list").stdout == "0 messages.\n"


@pytest.mark.usefixtures("from_dataverse")
def test_a_body_is_shown_only_on_request(cli):
    without = cli("quarantine", "show", "1")
    with_body = cli("quarantine", "show", "1", "--body")

    assert "MESSAGE_NOT_JSON" in without.stdout
    assert NotJson.advice in without.stdout
    assert "Anna" not in without.output
    assert "--body prints it" in without.stdout
    assert with_body.stdout.endswith(f"{SECRET.decode()}\n")
    assert "personal data" in with_body.stderr


@pytest.mark.usefixtures("from_dataverse")
def test_looking_changes_nothing(cli, waiting):
    cli("quarantine", "list")
    cli("quarantine", "show", "1")

    (message,) = waiting(QUEUE_QUARANTINE)
    assert message.delivery_count == 0


@pytest.mark.usefixtures("from_dataverse")
def test_a_message_of_dataverse_goes_back_to_its_queue_without_the_notes_of_the_quarantine(cli, waiting):
    output = cli("quarantine", "replay", "1", code=1).stdout

    assert output == "1  sent to the queue dataverse\n1 replayed: 1 still waiting.\n"
    (message,) = waiting(QUEUE_DATAVERSE)
    assert (b"".join(message.body), message.application_properties or {}) == (SECRET, {})
    assert waiting(QUEUE_QUARANTINE) == []


def test_a_message_shows_who_caused_it_and_is_replayed_as_truncated_as_it_was(cli, bus, waiting):
    claim = "http://schemas.microsoft.com/xrm/2011/Claims/User"
    written = {claim: "u-1", "MessageMaxSizeExceeded": True, "x": "of a stranger"}
    bad = b'{"MessageName": "Create", "InputParameters": [], "PrimaryEntityId": "deep"}'
    Router(RouterServices(bus, now=lambda: datetime.now(UTC))).run([Incoming(bad, written)])

    shown = cli("quarantine", "show", "1").stdout
    cli("quarantine", "replay", "1", code=1)

    assert [line.split()[-1] for line in shown.splitlines() if claim in line] == ["u-1"]
    assert "stranger" not in shown
    (message,) = waiting(QUEUE_DATAVERSE)
    assert message.application_properties == {claim.encode(): b"u-1", b"MessageMaxSizeExceeded": b"True"}


def test_a_work_item_goes_back_to_the_subscription_of_its_operation(cli, item, waiting):
    cli("quarantine", "replay", "1", code=1)

    (message,) = waiting("add-tag")
    assert WorkItem.from_body(b"".join(message.body)) == item
    assert waiting(QUEUE_QUARANTINE) == []


@pytest.mark.usefixtures("from_dataverse", "item")
def test_everything_is_replayed_at_once(cli, waiting):
    cli("quarantine", "replay", "--all", code=1)

    assert len(waiting(QUEUE_DATAVERSE)) == len(waiting("add-tag")) == 1
    assert waiting(QUEUE_QUARANTINE) == []


@pytest.mark.usefixtures("from_dataverse", "item")
def test_what_is_not_wanted_stays_and_can_be_taken_at_once(cli, waiting):
    cli("quarantine", "replay", "2", code=1)
    cli("quarantine", "replay", "1", code=1)

    assert len(waiting(QUEUE_DATAVERSE)) == len(waiting("add-tag")) == 1


@pytest.mark.usefixtures("item")
def test_a_replay_that_died_before_the_removal_is_repeated_with_the_effect_of_once(cli, monkeypatch, waiting):
    with monkeypatch.context() as patch:
        patch.setattr("azure.servicebus.ServiceBusReceiver.complete_message", die)
        with pytest.raises(Transient):
            cli("quarantine", "replay", "1")
    assert len(waiting(QUEUE_QUARANTINE)) == len(waiting("add-tag")) == 1

    cli("quarantine", "replay", "1", code=1)

    assert waiting(QUEUE_QUARANTINE) == []
    assert len(waiting("add-tag")) == 1


def test_two_copies_of_a_message_of_dataverse_wake_their_job_up_once(cli, bus, waiting, monkeypatch):
    quarantine(bus, body(created()), NotJson(), source=QUEUE_DATAVERSE)
    with monkeypatch.context() as patch:
        patch.setattr("azure.servicebus.ServiceBusReceiver.complete_message", die)
        with pytest.raises(Transient):
            cli("quarantine", "replay", "1")
    cli("quarantine", "replay", "1", code=1)
    copies = [b"".join(message.body) for message in waiting(QUEUE_DATAVERSE)]

    Router(RouterServices(bus, now=lambda: datetime.now(UTC))).run([Incoming(copy, {}) for copy in copies])

    assert len(copies) == 2
    assert len(waiting("add-tag")) == 1


@pytest.mark.usefixtures("item")
def test_a_message_that_cannot_be_sent_stays(cli, monkeypatch, waiting):
    def refuse(*_):
        raise Transient("The bus is away.")

    monkeypatch.setattr(Bus, "to_topic", refuse)

    with pytest.raises(Transient):
        cli("quarantine", "replay", "1")
    assert len(waiting(QUEUE_QUARANTINE)) == 1


def test_an_item_that_is_quarantined_again_can_be_replayed_again(cli, bus, item, waiting):
    cli("quarantine", "replay", "1", code=1)
    quarantine(bus, item.model_dump_json().encode(), InternalError(), source="add-tag")

    cli("quarantine", "replay", "2", code=1)

    assert len(waiting("add-tag")) == 2


@pytest.mark.usefixtures("from_dataverse")
def test_a_message_of_another_sender_stays_and_the_rest_is_replayed(cli, bus, waiting):
    bus.to_queue(QUEUE_QUARANTINE, [OutgoingMessage(b"?", "x", {"source": "somewhere"})])

    result = cli("quarantine", "replay", "--all", code=1)

    assert result.stdout.startswith("1  sent to the queue dataverse\n1 replayed: ")
    assert "2  not replayed: its origin is unknown, or its end was cut off\n" in result.stderr
    assert len(waiting(QUEUE_QUARANTINE)) == 1


def test_a_message_that_was_cut_says_so_and_stays(cli, bus, waiting):
    quarantine(bus, b"x" * MAX_MESSAGE_BYTES, NotJson(), source=QUEUE_DATAVERSE)

    assert f"the first {MAX_BODY_BYTES} of {MAX_MESSAGE_BYTES} bytes" in cli("quarantine", "show", "1").stdout
    result = cli("quarantine", "replay", "1", code=1)

    assert "1  not replayed: its origin is unknown, or its end was cut off\n" in result.stderr
    assert len(waiting(QUEUE_QUARANTINE)) == 1


@pytest.mark.usefixtures("from_dataverse")
def test_a_message_that_another_receiver_has_locked_is_not_replayed(cli, sdk, waiting):
    with sdk.get_queue_receiver(QUEUE_QUARANTINE) as other:
        other.receive_messages(1, max_wait_time=5)

        result = cli("quarantine", "replay", "1", code=1)

    assert "it is gone or locked" in result.stderr
    assert waiting(QUEUE_DATAVERSE) == []


@pytest.mark.usefixtures("item")
def test_an_unknown_id_replays_nothing(cli, waiting):
    assert "Not found: 7." in cli("quarantine", "replay", "1", "7", code=1).stderr
    assert len(waiting(QUEUE_QUARANTINE)) == 1


@pytest.mark.parametrize("arguments", [(), ("1", "--all")])
def test_replay_wants_ids_or_all(cli, arguments):
    assert (
        cli("quarantine", "replay", *arguments, code=1).stderr
        == "Give ids, a filter (--code, --operation, --since, --before), or --all.\n"
    )


def test_many_messages_are_listed_and_replayed(cli, bus, waiting, take, clock, monkeypatch):
    monkeypatch.setattr(browse, "BATCH_SIZE", 10)
    taken = []
    clock.app = lambda: taken.extend(take(QUEUE_DATAVERSE))
    many = browse.BATCH_SIZE * 2 + 5
    for number in range(many):
        quarantine(bus, json.dumps(number).encode(), NotJson(), source=QUEUE_DATAVERSE)

    assert cli("quarantine", "list").stdout.endswith(f"{many} messages.\n")
    cli("quarantine", "replay", "--all")

    assert [json.loads(b"".join(message.body)) for message in taken] == list(range(many))
    assert waiting(QUEUE_QUARANTINE) == []
    assert cli("quarantine", "list").stdout == "0 messages.\n"


@pytest.mark.usefixtures("cli")
def test_a_key_that_may_not_listen_is_reported_in_a_sentence(endpoint, monkeypatch):
    sends_only = endpoint.connection_strings["dataverse-send"].partition(";EntityPath=")[0]
    monkeypatch.setenv("ServiceBus", sends_only)
    get_settings.cache_clear()

    with pytest.raises(Misconfigured, match="refused to show the queue dataverse"):
        stored_messages.browser().peek([Location(QUEUE_DATAVERSE)])
