"""What is written on rows is in the language of the settings; codes, and what the log says, are not."""

from dataclasses import replace

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Info, Job
from connector.errors import Misconfigured
from connector.sync.automatic.failed_jobs import write_failed_jobs


@pytest.fixture
def dutch(world):
    settings = world.services.settings.model_copy(update={"result_language": "nl"})
    world.services = replace(world.services, settings=settings)
    return world


def message(world, job):
    return world.row(job)[Job.RESULT_MESSAGE]


def test_a_job_ends_in_dutch(dutch):
    record = dutch.contact("anna", known=True)
    job = dutch.job(Operation.SET_SCORE, record, **{Job.TAG: "Spring", Job.SCORE: 1200})

    dutch.run(job)

    assert (dutch.status(job), message(dutch, job)) == (
        (JobStatus.COMPLETED, "OK"),
        "De score is ingesteld op 1.200.",
    )


def test_a_refusal_of_spotler_is_dutch_on_the_job_and_on_spotler_info(dutch):
    record = dutch.contact("anna", emailaddress1="no address")
    job = dutch.job(Operation.SYNC_CONTACT, record)

    dutch.run(job)

    assert dutch.status(job)[0] is JobStatus.FAILED
    assert message(dutch, job).startswith(f"[{dutch.status(job)[1]}] Spotler weigerde")
    assert message(dutch, job).endswith("en kies dan Opnieuw proberen.")
    assert str(dutch.info(record)[Info.LAST_ERROR]).startswith("Spotler weigerde")


def test_a_job_that_waits_says_why_in_dutch_and_the_log_in_english(dutch, caplog):
    record = dutch.contact("anna", known=True)
    job = dutch.job(Operation.ADD_TAG, record, **{Job.TAG: "Spring"})
    dutch.spotler.arm("empty_error", status=503, count=None)

    dutch.run(job)

    assert "Spotler antwoordde 503 op" in message(dutch, job)
    assert "Niets te doen: de connector probeert het opnieuw." in message(dutch, job)
    assert "Spotler answered 503 to" in caplog.text
    assert "antwoordde" not in caplog.text


def test_the_failed_job_of_an_automatic_sync_is_dutch(dutch):
    record = dutch.contact("anna")

    write_failed_jobs(dutch.services, {record: Misconfigured()}, deleted=[])

    (row,) = dutch.rows(Job.TABLE)
    assert row[Job.RESULT_MESSAGE] == (
        "[MISCONFIGURED] De connector is niet goed ingesteld. "
        "Een beheerder moet de instellingen corrigeren; het werk wacht tot dan."
    )
