"""Many messages per call."""

import itertools
import json

from azure.servicebus import ServiceBusMessage
from azure.servicebus.amqp import AmqpAnnotatedMessage

SUBSCRIPTION = "events/Subscriptions/batch"


def bodies(call: dict) -> list[str]:
    return [message["body"] for message in call["messages"]]


def test_a_batch_is_completed_as_a_whole(stage, until):
    stage.host()
    stage.send("events", "a", "b", "c")

    until(lambda: stage.counts(SUBSCRIPTION)["completed"] == 3)

    assert list(itertools.chain(*map(bodies, stage.seen("batch")))) == ["a", "b", "c"]


def test_one_bad_item_abandons_the_whole_batch_until_all_are_dead_letters(stage, until):
    stage.send("events", "good", "fail", "better")  # before the host starts, so that they make one batch
    stage.host()

    until(lambda: stage.counts(SUBSCRIPTION)["dead_lettered"] == 3)

    assert [bodies(call) for call in stage.seen("batch")] == [["good", "fail", "better"]] * 3
    assert [call["messages"][0]["delivery_count"] for call in stage.seen("batch")] == [1, 2, 3]
    assert stage.counts(SUBSCRIPTION)["completed"] == 0


def test_a_backlog_comes_in_full_batches(stage, until):
    for _ in range(10):
        stage.send("events", *["x"] * 100)
    host = stage.host()

    until(lambda: stage.counts(SUBSCRIPTION)["completed"] == 1000)

    sizes = host.figures()["batch"]["batch_sizes"]
    assert sum(size * calls for size, calls in sizes.items()) == 1000
    assert max(sizes) == 100, "host.json of the app says maxMessageBatchSize 100"
    assert sizes[100] >= 8, f"nearly all batches are full: {sizes}"


def test_a_message_on_an_idle_subscription_does_not_wait_for_company(stage, until):
    host = stage.host()
    stage.send("events", "alone")

    until(lambda: stage.counts(SUBSCRIPTION)["completed"] == 1)

    assert host.figures()["batch"]["batch_sizes"] == {1: 1}


def test_batches_of_a_function_run_one_at_a_time(stage, until):
    host = stage.host(workers=2)
    peak = 0
    stage.send("events", "sleep 1", "x")
    until(lambda: host.figures()["batch"]["in_flight"] == 1)
    stage.send("events", "sleep 0.3", "x")

    def done() -> bool:
        nonlocal peak
        peak = max(peak, host.figures()["batch"]["in_flight"])
        return stage.counts(SUBSCRIPTION)["completed"] == 4

    until(done)

    assert peak == 1


def test_messages_that_come_while_a_batch_runs_are_left_on_the_bus(stage, until):
    stage.send("events", "sleep 1")
    host = stage.host()
    until(lambda: host.figures()["batch"]["in_flight"] == 1)

    stage.send("events", *["x"] * 10)
    counts = stage.counts(SUBSCRIPTION)

    assert (counts["locked"], counts["active"]) == (1, 10)


def test_an_empty_body_stays_in_a_binary_batch(stage, until):
    stage.send("events", "a", "", "b")
    stage.host()

    until(lambda: stage.counts(SUBSCRIPTION)["completed"] == 3)

    assert bodies(stage.seen("batch")[0]) == ["a", "", "b"]


def test_an_empty_body_fails_a_text_batch_as_it_does_in_azure(stage, until):
    stage.send("text", "a", "", "b")
    host = stage.host()

    until(lambda: stage.counts("text")["dead_lettered"] == 3)

    assert stage.seen("text_batch") == []
    assert host.figures()["text_batch"]["failures"] == 2


def test_the_metadata_of_a_batch_belongs_to_its_messages(stage, until):
    stage.send(
        "events",
        *(ServiceBusMessage(f"b{n}", message_id=f"id-{n}", application_properties={"n": n}) for n in range(3)),
    )
    stage.host()

    until(lambda: stage.seen("batch"))
    messages = stage.seen("batch")[0]["messages"]

    assert [m["message_id"] for m in messages] == ["id-0", "id-1", "id-2"]
    assert [m["properties"] for m in messages] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert [m["delivery_count"] for m in messages] == [1, 1, 1]
    assert len({m["sequence_number"] for m in messages}) == 3
    assert all(m["enqueued"] and m["lock_token"] for m in messages)


def test_metadata_that_some_messages_lack_shifts_to_others_as_it_does_in_azure(stage, until):
    stage.send("events", ServiceBusMessage("a"), ServiceBusMessage("b", correlation_id="of b"))
    stage.host()

    until(lambda: stage.seen("batch"))
    messages = stage.seen("batch")[0]["messages"]

    assert [m["correlation_id"] for m in messages] == ["of b", None], "the host drops empty strings from its arrays"


def test_a_body_that_is_no_data_fails_the_batch_without_reaching_the_function(stage, until):
    stage.sender("events").send_messages(AmqpAnnotatedMessage(value_body={"not": "data"}))
    stage.host()

    until(lambda: stage.counts(SUBSCRIPTION)["dead_lettered"] == 1)

    assert stage.seen("batch") == []


def with_options(app_folder, stage, **options):
    """The tests' app with other options of the Service Bus extension."""
    content = {"version": "2.0", "extensions": {"serviceBus": options}}
    return app_folder((stage.app / "function_app.py").read_text("utf-8"), json.dumps(content))


def test_a_batch_waits_for_its_least_size_but_not_for_ever(stage, app_folder, until):
    app = with_options(app_folder, stage, minMessageBatchSize=3, maxBatchWaitTime="00:00:02")
    stage.send("events", "a", "b")
    host = stage.host(app)
    until(lambda: stage.counts(SUBSCRIPTION)["locked"] == 2)
    assert stage.seen("batch") == []

    stage.send("events", "c")
    until(lambda: stage.counts(SUBSCRIPTION)["completed"] == 3)
    stage.send("events", "late")
    until(lambda: stage.counts(SUBSCRIPTION)["completed"] == 4)

    assert host.figures()["batch"]["batch_sizes"] == {1: 1, 3: 1}


def test_messages_received_ahead_are_given_back_at_a_stop(stage, app_folder, until):
    app = with_options(app_folder, stage, prefetchCount=50, maxMessageBatchSize=10)
    stage.send("events", "sleep 1", *["x"] * 99)
    host = stage.host(app)
    until(lambda: stage.counts(SUBSCRIPTION)["locked"] > 10)

    host.stop()
    counts = stage.counts(SUBSCRIPTION)

    assert counts["locked"] == 0
    assert counts["completed"] + counts["active"] == 100
    assert counts["active"] > 0
