"""Secrets are rotated as docs/operators/rotate-keys.md says: jobs wait until the new secret is set, and none fails."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connector.dataverse.api import connect
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.errors import Misconfigured
from connector.pulls.visitors import read_visitors
from connector.spotler import spotler_from

OLD = SecretStr("the secret before")


@pytest.fixture
def restarted(world, monkeypatch):
    """The app after a restart: clients of its own, made from settings that the test changes."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", world.ready.ca_file)
    first, made = world.services, []

    def _restarted(**changed):
        settings = first.settings.model_copy(update=changed)
        services = replace(first, settings=settings, spotler=spotler_from(settings), dataverse=connect(settings))
        made.append(services)
        return services

    yield _restarted
    world.services = first
    for each in made:
        each.close()


@pytest.mark.parametrize("secret", ["spotler_secret", "dataverse_client_secret"])
def test_a_job_waits_with_the_old_secret_and_is_done_with_the_new_one(world, restarted, secret):
    job = world.job(Operation.ADD_TAG, world.contact(known=True), **{Job.TAG: "Webinar"})

    world.services = restarted(**{secret: OLD})
    world.run(job)
    items = world.put_back()
    assert not world.status(job)[0].is_final
    assert [item.job for item in items] == [job]

    world.services = restarted()
    world.run(*items)

    assert world.status(job) == (JobStatus.COMPLETED, "OK")
    assert world.effects().count("tag.added") == 1


@pytest.mark.parametrize("secret", ["client_secret", "password"])
def test_visitors_that_could_not_be_read_with_the_old_secret_are_read_with_the_new_one(website, secret):
    state, new = website.services.state, website.account
    begun = {"seen": [], "until": (website.world.now - timedelta(hours=1)).isoformat()}
    state.write("feeds/visitors", begun, version=None)
    visitor = website.visitor("Acme")

    website.with_account(replace(new, **{secret: OLD.get_secret_value()}))
    with pytest.raises(Misconfigured):
        read_visitors(website.services)
    assert website.rows() == {}
    assert state.read("feeds/visitors").value["until"] == begun["until"]

    website.with_account(new)
    read_visitors(website.services)

    assert set(website.rows()) == {visitor}
