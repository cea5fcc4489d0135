"""The asynchronous client of the SDK, which has an AMQP implementation of its own."""

import asyncio

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from tests.contract.servicebus.support import DEADLINE_SECONDS


async def _round_trip(connection_string):
    async with ServiceBusClient.from_connection_string(connection_string) as client:
        async with client.get_queue_sender("work") as sender:
            await sender.send_messages([ServiceBusMessage("first"), ServiceBusMessage("second")])
        async with client.get_queue_receiver("work") as receiver:
            messages = []
            while len(messages) < 2:
                messages += await receiver.receive_messages(2, max_wait_time=DEADLINE_SECONDS)
            first, second = messages
            await receiver.renew_message_lock(first)
            await receiver.complete_message(first)
            await receiver.dead_letter_message(second, reason="because")
    return [str(message) for message in messages]


def test_the_asynchronous_client_sends_receives_and_settles(bus):
    came = asyncio.run(asyncio.wait_for(_round_trip(bus.endpoint.connection_string), DEADLINE_SECONDS))

    assert came == ["first", "second"]
    assert (bus.stats("work")["completed"], bus.stats("work")["dead_lettered"]) == (1, 1)
