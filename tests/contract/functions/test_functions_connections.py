"""What the host asks of the Service Bus SDK beyond its public names, and would miss if it went."""

import threading

SUBSCRIPTION = "events/Subscriptions/batch"


def cut_off(caplog) -> list[str]:
    """The bus's complaints about silent connections."""
    return [record.getMessage() for record in caplog.records if "silent" in record.getMessage()]


def test_no_thread_of_the_sdk_reads_from_the_sockets_of_the_listeners(stage, until):
    # Clients of other tests in this process may have threads of their own.
    before = set(threading.enumerate())
    host = stage.host()
    stage.send("events", "a")
    until(lambda: stage.counts(SUBSCRIPTION)["completed"] == 1)

    threads = {thread.name for thread in threading.enumerate() if thread not in before}

    assert {name for name in threads if "keep_alive" in name} == set()
    assert {name for name in threads if name.startswith("listen-")} == {
        "listen-single",
        "listen-batch",
        "listen-text_batch",
        "listen-blocking",
    }
    assert host.figures()["batch"]["unsettled"] == 0


def test_a_connection_stays_open_while_a_batch_runs_long(impatient_bus, until, caplog):
    impatient_bus.send("events", "sleep 3")
    impatient_bus.sender("events").close()  # it would be cut off as well
    host = impatient_bus.host()

    until(lambda: impatient_bus.counts(SUBSCRIPTION)["completed"] == 1)
    until(lambda: host.figures()["batch"]["completed"] == 1)

    assert cut_off(caplog) == []


def test_a_connection_stays_open_while_all_calls_are_busy(impatient_bus, until, caplog):
    impatient_bus.send("single", *["sleep 3"] * 8)
    impatient_bus.sender("single").close()
    host = impatient_bus.host()

    until(lambda: impatient_bus.counts("single")["completed"] == 8)
    until(lambda: host.figures()["single"]["completed"] == 8)

    figures = host.figures()["single"]
    assert (figures["invocations"], figures["completed"], figures["unsettled"]) == (8, 8, 0)
    assert cut_off(caplog) == []
