"""`run --once`: the table of what became of the sample jobs, and the exit code."""

import pytest

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from sandbox.run import report
from sandbox.samples import SAMPLES

BAD = next(sample for sample in SAMPLES if sample.says)


def ended(sample, **columns):
    row = {
        Job.STATUS: sample.status.value, Job.RESULT_CODE: sample.code, Job.RESULT_MESSAGE: f"[CODE] {sample.says}; do.",
        Job.COMPLETED_ON: "2026-01-01T00:00:03Z", "createdon": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    return sample, row | columns


def test_all_as_expected(capsys):
    assert report([ended(sample) for sample in SAMPLES]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert all(line.endswith("  3  yes") for line in lines[1:-1])
    assert lines[-1] == f"{len(SAMPLES)} jobs: {len(SAMPLES)} as expected"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Job.STATUS, JobStatus.COMPLETED.value),
        (Job.STATUS, JobStatus.QUEUED.value),
        (Job.RESULT_CODE, "INTERNAL_ERROR"),
        (Job.RESULT_CODE, None),
        (Job.RESULT_MESSAGE, "[JOB_NOT_VALID] Something else is wrong."),
        (Job.RESULT_MESSAGE, None),
    ],
)
def test_a_job_that_ends_otherwise_is_reported_with_its_message(capsys, column, value):
    assert report([ended(SAMPLES[0]), ended(BAD, **{column: value})]) == 1

    _, good, other, total = capsys.readouterr().out.splitlines()
    assert good.endswith("yes")
    assert f"  no, {BAD.status.label} {BAD.code} “{BAD.says}”: " in other
    assert total == "2 jobs: 1 as expected"


def test_every_bad_sample_says_what_is_wrong_with_it():
    assert [sample.record for sample in SAMPLES if sample.code == "JOB_NOT_VALID" and not sample.says] == []
