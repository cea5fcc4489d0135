"""The app that these tests run on the host: every function does what the body of its message says.

Each call appends a line of JSON to the file in the setting RECORD, so that the tests see what the function saw.
"""

import asyncio
import json
import logging
import os
import threading
from pathlib import Path
from typing import List  # noqa: UP035 - the engine refuses to index `list[...]` annotations

import azure.functions as func

app = func.FunctionApp()

#: Passed only by eight calls that are in it at the same time.
EIGHT = threading.Barrier(8)


def record(function: str, **seen: object) -> None:
    if file := os.environ.get("RECORD"):
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"function": function, "pid": os.getpid(), **seen}, default=str) + "\n")


def describe(message: func.ServiceBusMessage) -> dict[str, object]:
    return {
        "body": message.get_body().decode(),
        "message_id": message.message_id,
        "delivery_count": message.delivery_count,
        "sequence_number": message.sequence_number,
        "correlation_id": message.correlation_id,
        "subject": message.subject,
        "content_type": message.content_type,
        "enqueued": message.enqueued_time_utc,
        "expires": message.expires_at_utc,
        "lock_token": message.lock_token,
        "properties": message.application_properties,
    }


@app.service_bus_queue_trigger(arg_name="message", queue_name="%SINGLE_QUEUE%", connection="BUS")
async def single(message: func.ServiceBusMessage) -> str | None:
    seen = describe(message)
    record("single", **seen)
    body = str(seen["body"])
    if body == "fail":
        raise ValueError("this message is poison")
    if body == "return":
        return "a value"
    if body.startswith("sleep "):
        await asyncio.sleep(float(body.split()[1]))
    if body == "log":
        logging.getLogger("connector").info("first line\nsecond line")
    return None


@app.service_bus_topic_trigger(
    arg_name="messages",
    topic_name="events",
    subscription_name="batch",
    connection="BUS",
    cardinality="many",
    data_type="binary",
)
async def batch(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006 - as above
    record("batch", messages=[describe(message) for message in messages])
    bodies = [message.get_body() for message in messages]
    if b"fail" in bodies:
        raise ValueError("one bad item")
    await asyncio.sleep(sum(float(body.split()[1]) for body in bodies if body.startswith(b"sleep ")))


@app.service_bus_queue_trigger(arg_name="messages", queue_name="text", connection="BUS", cardinality="many")
async def text_batch(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006 - as above
    record("text_batch", messages=[describe(message) for message in messages])


@app.service_bus_queue_trigger(arg_name="message", queue_name="blocking", connection="BUS")
def blocking(message: func.ServiceBusMessage) -> None:
    record("blocking", body=message.get_body().decode())
    EIGHT.wait(timeout=float(message.get_body()))


@app.timer_trigger(arg_name="timer", schedule="%TICK_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def tick(timer: func.TimerRequest) -> None:
    record("tick", past_due=timer.past_due, status=timer.schedule_status, schedule=timer.schedule)
    await asyncio.sleep(float(os.environ.get("TICK_SECONDS", "0")))


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
async def failing(timer: func.TimerRequest) -> None:
    record("failing", past_due=timer.past_due)
    raise RuntimeError("the timer failed")
