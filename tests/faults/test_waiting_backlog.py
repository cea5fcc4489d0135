"""A backlog that the functions do not keep up with is not multiplied by its own wake-ups."""

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.servicebus.entities import TOPIC_JOBS
from tests.faults.support import SWEEP_INTERVAL

JOBS = 40
#: At 2, 4, 8, 16, 32, 60, 120 and 180 minutes; the first may fall between two sweeps.
WAKE_UPS = 8


def test_jobs_that_wait_on_the_topic_for_three_hours_get_a_handful_of_messages_each(day):
    jobs = [day.job(Operation.ADD_TAG, day.contact(f"p{number}"), **{Job.TAG: "x"}) for number in range(JOBS)]
    day.wake(*jobs)

    for _ in range(100):
        day.time.sleep(SWEEP_INTERVAL.total_seconds())
        day.sweep()

    waiting = day.bus.namespace.stats()[f"{TOPIC_JOBS}/Subscriptions/add-tag"]["active"]
    assert JOBS * (WAKE_UPS - 1) <= waiting <= JOBS * (1 + WAKE_UPS)
    day.run_until_over()
    assert set(day.outcomes().values()) == {("Completed", "OK")}
    assert [entry["effect"] for entry in day.spotler.journal()].count("tag.added") == JOBS
