"""The sample jobs, in one process: each ends as `run --once` expects."""

from types import SimpleNamespace

import pytest

from connector.dataverse.names import Contact, Job
from connector.dataverse.records import RecordRef
from sandbox.people import People
from sandbox.sample_records import create_fixtures
from sandbox.samples import SAMPLES


def create(people, sample, ids):
    if sample.deletes:
        return people.create_and_delete(Job.SET, sample.row(ids), f"{Contact.SET}({ids[sample.deletes]})")
    return people.create(Job.SET, sample.row(ids))


@pytest.fixture
def people(world):
    return People(SimpleNamespace(get=lambda key: getattr(world.ready, key)))


def test_every_sample_ends_as_it_should_and_its_work_is_seen_in_spotler(world, people):
    ids = create_fixtures(people)
    wrong = []
    for sample in sorted(SAMPLES, key=lambda sample: sample.last):
        before = world.effects()
        job = create(people, sample, ids)
        # The message still names a record that was deleted with it.
        deleted = RecordRef(Contact.TABLE, ids[sample.deletes]) if sample.deletes else None
        world.run(world.item(job, record=deleted))

        ended, says = world.status(job), world.row(job)[Job.RESULT_MESSAGE]
        if ended != (sample.status, sample.code) or sample.says not in says:
            wrong.append((sample.label, sample.record, ended, says))
        if sample.work is not None and sample.work.effect is not None:
            seen = world.effects()[len(before) :].count(sample.work.effect)
            wrong += [(sample.label, sample.work.effect, seen)] if seen != 1 else []

    assert wrong == []
