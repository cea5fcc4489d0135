"""One message per call."""

from datetime import UTC, datetime, timedelta

from azure.servicebus import ServiceBusMessage


def test_a_message_is_completed_when_its_function_returns(stage, until):
    host = stage.host()
    stage.send("single", "hello")

    until(lambda: stage.counts("single")["completed"] == 1)

    assert [call["body"] for call in stage.seen("single")] == ["hello"]
    assert host.figures()["single"]["failures"] == 0


def test_a_failing_message_is_tried_again_at_once_and_ends_among_the_dead_letters(stage, until):
    stage.host()
    stage.send("single", "fail")

    until(lambda: stage.counts("single")["dead_lettered"] == 1)

    assert [call["delivery_count"] for call in stage.seen("single")] == [1, 2, 3]
    assert stage.dead_letter_reasons("single") == ["MaxDeliveryCountExceeded"]
    assert stage.counts("single")["lock_expired"] == 0, "abandoned messages come again at once"


def test_a_function_that_returns_a_value_fails(stage, until):
    host = stage.host()
    stage.send("single", "return")

    until(lambda: stage.counts("single")["dead_lettered"] == 1)

    assert host.figures()["single"]["failures"] == 3


def test_a_poison_message_does_not_hold_up_its_neighbours(stage, until):
    stage.host()
    stage.send("single", "one", "fail", "two")

    until(lambda: stage.counts("single")["completed"] == 2)
    until(lambda: stage.counts("single")["dead_lettered"] == 1)


def test_calls_run_side_by_side_up_to_max_concurrent_calls(stage, until):
    host = stage.host()
    stage.send("single", *["sleep 0.5"] * 16)
    peak = 0

    def done() -> bool:
        nonlocal peak
        peak = max(peak, host.figures()["single"]["in_flight"])
        return stage.counts("single")["completed"] == 16

    until(done)

    assert peak == 8, "host.json of the app says maxConcurrentCalls 8"


def test_the_lock_is_renewed_while_a_function_runs(short_locks, until):
    short_locks.host()
    short_locks.send("single", "sleep 2.5")

    until(lambda: short_locks.counts("single")["completed"] == 1)

    assert len(short_locks.seen("single")) == 1, "with its lock of one second it would have come again"


def test_blocking_functions_do_not_hold_up_each_other(stage, until):
    host = stage.host()
    stage.send("blocking", *["10"] * 8)  # seconds that each waits for the seven others, and then fails

    until(lambda: stage.counts("blocking")["completed"] == 8)

    assert host.figures()["blocking"]["failures"] == 0, "eight calls have threads of their own"


def test_the_metadata_of_a_message_reaches_the_function(stage, until):
    stage.host()
    sent = ServiceBusMessage(
        "hello",
        message_id="id-1",
        correlation_id="correlation-1",
        subject="subject-1",
        content_type="application/json",
        application_properties={"operation": "add-tag", "count": 3},
        time_to_live=timedelta(hours=1),
    )
    stage.send("single", sent)

    until(lambda: stage.seen("single"))
    seen = stage.seen("single")[0]

    assert seen["message_id"] == "id-1"
    assert seen["correlation_id"] == "correlation-1"
    assert seen["subject"] == "subject-1"
    assert seen["content_type"] == "application/json"
    assert seen["properties"] == {"operation": "add-tag", "count": 3}
    assert seen["delivery_count"] == 1
    assert isinstance(seen["sequence_number"], int)
    enqueued = datetime.fromisoformat(seen["enqueued"])
    assert abs(datetime.now(UTC) - enqueued) < timedelta(minutes=1)
    assert datetime.fromisoformat(seen["expires"]) - enqueued == timedelta(hours=1)


def test_log_records_of_a_function_reach_the_host_with_its_name(stage, until):
    stage.host()
    stage.send("single", "log")

    until(lambda: any(record.category == "connector" for record in stage.logs))
    (record,) = [record for record in stage.logs if record.category == "connector"]

    assert (record.level, record.function, record.message) == ("Information", "single", "first line\nsecond line")
    assert not record.system


def test_stopping_waits_for_calls_under_way_and_settles_them(stage, until):
    host = stage.host()
    stage.send("single", "sleep 1")
    until(lambda: stage.seen("single"))

    host.stop()

    assert stage.counts("single")["completed"] == 1


def test_messages_that_arrive_after_a_stop_stay_unlocked(stage):
    host = stage.host()
    host.stop()
    stage.send("single", "later")

    counts = stage.counts("single")

    assert (counts["active"], counts["locked"]) == (1, 0)
