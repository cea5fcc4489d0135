"""Topics: filters decide who gets a message, and repeated message ids are dropped."""

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue

from sandbox.servicebus.filters import CorrelationFilter
from tests.contract.servicebus.support import nothing_comes, receive, receive_one


@pytest.fixture
def jobs(start_bus):
    return start_bus(
        topics=[
            {
                "name": "jobs",
                "subscriptions": [
                    {"name": "tag", "correlationFilter": {"operation": "add-tag"}},
                    {"name": "urgent-tag", "correlationFilter": {"operation": "add-tag", "urgent": True}},
                    {"name": "letters", "correlationFilter": {"sys.Label": "letter"}},
                ],
            }
        ]
    )


def job(text, subject=None, **properties):
    return ServiceBusMessage(text, subject=subject, application_properties=properties)


def test_a_subscription_gets_what_passes_its_filter_and_nothing_else(jobs):
    jobs.send("jobs", job("sync", operation="sync-contact"), job("tag", operation="add-tag"))
    receiver = jobs.subscription("jobs", "tag")

    assert str(receive_one(receiver)) == "tag"
    assert nothing_comes(receiver)


def test_all_values_of_a_filter_must_match(jobs):
    jobs.send("jobs", job("slow", operation="add-tag", urgent=False), job("fast", operation="add-tag", urgent=True))

    assert [str(message) for message in receive(jobs.subscription("jobs", "tag"), 2)] == ["slow", "fast"]
    assert str(receive_one(jobs.subscription("jobs", "urgent-tag"))) == "fast"


def test_a_filter_can_name_a_system_property(jobs):
    jobs.send("jobs", job("no", subject="card"), job("yes", subject="letter"))

    assert str(receive_one(jobs.subscription("jobs", "letters"))) == "yes"


def test_a_message_that_passes_no_filter_is_dropped(jobs):
    jobs.send("jobs", job("nobody", operation="unknown"))

    assert jobs.stats("jobs")["unmatched"] == 1
    assert jobs.stats("jobs/Subscriptions/tag")["incoming"] == 0


def test_each_subscription_settles_its_own_copy(jobs):
    jobs.send("jobs", job("both", operation="add-tag", urgent=True))
    urgent = jobs.subscription("jobs", "urgent-tag")

    urgent.complete_message(receive_one(urgent))

    assert str(receive_one(jobs.subscription("jobs", "tag"))) == "both"


def test_a_subscription_has_a_dead_letter_queue_of_its_own(jobs):
    jobs.send("jobs", job("both", operation="add-tag", urgent=True))
    receiver = jobs.subscription("jobs", "tag")
    receiver.dead_letter_message(receive_one(receiver), reason="because")

    dead = receive_one(jobs.subscription("jobs", "tag", sub_queue=ServiceBusSubQueue.DEAD_LETTER))

    assert (dead.dead_letter_reason, dead.dead_letter_source) == ("because", "jobs/Subscriptions/tag")
    assert jobs.stats("jobs/Subscriptions/urgent-tag")["dead_lettered"] == 0


@pytest.mark.parametrize("kind", ["queues", "topics"])
def test_a_repeated_message_id_is_accepted_and_dropped(start_bus, kind):
    entity = {"name": "work", "requiresDuplicateDetection": True}
    bus = start_bus(**{kind: [entity | ({"subscriptions": [{"name": "all"}]} if kind == "topics" else {})]})
    bus.send("work", ServiceBusMessage("first", message_id="same"))
    bus.send("work", ServiceBusMessage("again", message_id="same"), ServiceBusMessage("other", message_id="other"))
    receiver = bus.receiver("work") if kind == "queues" else bus.subscription("work", "all")

    assert [str(message) for message in receive(receiver, 2)] == ["first", "other"]
    assert nothing_comes(receiver)
    assert bus.stats("work")["duplicates"] == 1


def test_without_duplicate_detection_every_message_counts(bus):
    bus.send("work", ServiceBusMessage("a", message_id="same"), ServiceBusMessage("b", message_id="same"))

    assert len(receive(bus.receiver("work"), 2)) == 2


@pytest.mark.parametrize("values", [{}, {"sys.Unknown": "x"}])
def test_a_filter_that_azure_would_refuse_is_refused(values):
    with pytest.raises(ValueError, match=r"filter"):
        CorrelationFilter.of(values)
