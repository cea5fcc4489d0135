"""`reconcile`: the certificate on the screen, in a file, and on the row of a job."""

import json
from pathlib import Path

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job

MAPPING = Path(__file__).parents[3] / "mappings" / "default.json"


@pytest.fixture
def reconcile(cli, settings_file, environment):
    environment["MAPPING_FILE"] = str(MAPPING)

    def _reconcile(*arguments: str):
        return cli("--settings", str(settings_file), "reconcile", *arguments)

    return _reconcile


def test_the_file_has_counts_reasons_and_ids_and_no_personal_data(world, reconcile, tmp_path):
    ann = world.contact("ann", known=True, firstname="Marianne")
    world.contact("cas", donotemail=True)
    file = tmp_path / "certificate.json"

    ended = reconcile("--out", str(file))

    certificate = json.loads(file.read_text(encoding="utf-8"))
    assert ended.code == 0
    assert certificate["records"]["total"] == 2
    assert certificate["records"]["excluded"]["reasons"] == {"do not email": 1}
    assert certificate["records"]["remainder"] == 0
    assert ann.id in json.dumps(certificate["samples"]["repaired"])
    for text in (file.read_text(encoding="utf-8"), ended.out, ended.err):
        assert "Marianne" not in text
        assert "example.org" not in text


def test_the_screen_shows_every_class_of_both_sides_and_the_remainder(world, reconcile):
    world.contact("ann", known=True)

    lines = reconcile().out.splitlines()

    assert sum("repaired" in line for line in lines) == 2
    assert sum("total" in line for line in lines) == 2
    assert lines[-1] == "Remainder: 0."


def test_the_row_of_a_job_says_it_too(world, reconcile):
    world.contact("ann", known=True)

    reconcile()

    (row,) = world.rows(Job.TABLE)
    assert (row[Job.OPERATION], row[Job.STATUS]) == (Operation.RECONCILE, JobStatus.COMPLETED)
    assert row[Job.RESULT_MESSAGE].startswith("1 record: ")


def test_the_last_certificate_is_shown_without_comparing_anything(world, reconcile):
    world.contact("ann", known=True)
    first = json.loads(reconcile("--json").out)
    asked = len(world.spotler.journal())

    again = json.loads(reconcile("--last", "--json").out)

    assert again == first
    assert len(world.spotler.journal()) == asked
    assert len(world.rows(Job.TABLE)) == 1


def test_before_the_first_comparison_there_is_no_certificate(reconcile):
    ended = reconcile("--last")

    assert (ended.code, ended.err.strip()) == (1, "Both sides were not compared yet.")
