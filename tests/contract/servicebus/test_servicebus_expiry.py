"""Time to live: what is too old is dead-lettered or dropped, as the queue is set up."""

from datetime import timedelta

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue

from tests.contract.servicebus.support import nothing_comes, receive_one, wait_until


@pytest.fixture
def keeper(start_bus):
    return start_bus(
        queues=[{"name": "work", "deadLetteringOnMessageExpiration": True}, {"name": "dropper"}],
        topics=[
            {
                "name": "jobs",
                "defaultMessageTimeToLive": "PT1S",
                "subscriptions": [{"name": "all", "deadLetteringOnMessageExpiration": True}],
            }
        ],
    )


def short_lived(text):
    return ServiceBusMessage(text, time_to_live=timedelta(seconds=1))  # the SDK cuts off fractions


def test_an_expired_message_is_dead_lettered_with_the_reason(keeper):
    keeper.send("work", short_lived("old"))

    dead = receive_one(keeper.receiver("work", sub_queue=ServiceBusSubQueue.DEAD_LETTER))

    assert (str(dead), dead.dead_letter_reason) == ("old", "TTLExpiredException")
    assert nothing_comes(keeper.receiver("work"))


def test_an_expired_message_is_dropped_where_dead_lettering_is_off(keeper):
    keeper.send("dropper", short_lived("old"))

    wait_until(lambda: keeper.stats("dropper")["expired"] == 1)
    assert (keeper.stats("dropper")["active"], keeper.stats("dropper")["dead_lettered"]) == (0, 0)


def test_the_limit_of_a_topic_holds_for_its_subscriptions(keeper):
    keeper.send("jobs", ServiceBusMessage("old", time_to_live=timedelta(days=1)))

    dead = receive_one(keeper.subscription("jobs", "all", sub_queue=ServiceBusSubQueue.DEAD_LETTER))

    assert dead.dead_letter_reason == "TTLExpiredException"


def test_a_locked_message_does_not_expire_before_its_lock_ends(keeper):
    receiver = keeper.receiver("work")
    keeper.send("work", short_lived("old"), short_lived("older"))
    message = receive_one(receiver)
    wait_until(lambda: keeper.stats("work")["expired"] == 1)  # the other one

    receiver.complete_message(message)

    assert keeper.stats("work")["completed"] == 1


def test_a_message_that_expired_while_it_was_locked_does_not_come_back(keeper):
    receiver = keeper.receiver("work")
    keeper.send("work", short_lived("old"), short_lived("older"))
    message = receive_one(receiver)
    wait_until(lambda: keeper.stats("work")["expired"] == 1)

    receiver.abandon_message(message)

    assert keeper.stats("work")["dead_lettered"] == 2
    assert nothing_comes(receiver)
