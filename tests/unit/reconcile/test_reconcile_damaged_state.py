"""What people have edited by hand in the state of a comparison: it goes on, or begins again; nothing else happens."""

import json

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.reconcile.certificate_text import sentence_of
from connector.reconcile.findings import FindingKind, PairFinding
from connector.reconcile.progress import LAST, RUN, ReconcileRun, last_certificate
from tests.damaged import damaged_objects, overwrite


def test_a_comparison_whose_progress_was_damaged_goes_on_or_begins_again(two):
    run = ReconcileRun.take(two.services)
    run.marks.put(b"x" * 16, PairFinding(FindingKind.EQUAL, ""))
    run.lists, run.after = {"a": "equal"}, 5
    run.save()
    run.give_back()
    state = two.services.state
    sound = {name: state.read(name).value for name in state.names("reconcile/")}
    assert len(sound) == 2
    begun_again = 0

    for name, value in sound.items():
        for each in damaged_objects(value):
            for other, whole in sound.items():
                overwrite(state, other, each if other == name else whole)

            taken = ReconcileRun.take(two.services)

            begun_again += taken.id != run.id
            assert (taken.after, len(taken.marks)) in {(0, 0), (taken.after, 1), (taken.after, 0)}
            assert taken.after >= 0
            taken.give_back()

    assert begun_again


def test_a_certificate_that_was_damaged_is_read_in_full_or_is_none(two, reconciling):
    sound = reconciling.run()
    read = 0

    for each in damaged_objects(json.loads(json.dumps(sound))):
        overwrite(two.services.state, LAST, each)
        if found := last_certificate(two.services):
            read += 1

            assert str(sentence_of(found))

    assert read


@pytest.mark.parametrize("value", [None, {}, {"records": {"total": "x"}}])
def test_a_job_whose_certificate_is_lost_compares_again(world, value):
    job = world.job(Operation.RECONCILE)
    item = world.item(job).model_copy(update={"step": 1})
    if value is not None:
        overwrite(world.services.state, LAST, value)
    assert world.services.state.read(RUN) is None

    world.run(item)

    assert world.status(job) == (JobStatus.COMPLETED, "OK")
    assert "0 records: 0 equal" in world.row(job)[Job.RESULT_MESSAGE]
