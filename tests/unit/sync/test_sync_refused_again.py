"""What is off already is refused again, by a job or a sheet: only what the person agrees to after that counts."""

import pytest

import tests.unit.sync.consent_explorer  # noqa: F401 - fills the table of what the connector can do
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from connector.errors import Transient
from connector.operations import fields
from connector.spotler.fields import Option
from connector.sync.permissions import job_switches
from connector.sync.permissions.imports import bring_in
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.consent_story import Step, Story


@pytest.fixture
def story(systems):
    """Ann is in both systems, and has agreed to nothing."""
    told = Story(systems, variables=True)
    told.two.time.sleep(0.284)  # rows keep whole seconds
    told.do(Step("sync"))
    return told


def by_job(story):
    story.do(Step("job off"))


def by_sheet(story):
    story.two.tick()
    ann, item = story.people[0], Option(NEWSLETTER_BIT, "Newsletter", 0)
    bring_in(
        story.two.services,
        {ann.record: {NEWSLETTER_BIT: False}},
        [item],
        agreed_on=story.two.now(),
        evidence="Paper forms",
    )
    ann.agreed.discard(NEWSLETTER_BIT)


refused = pytest.mark.parametrize("refuse", [by_job, by_sheet])


@refused
def test_an_opt_in_before_it_that_nobody_has_seen_counts_no_more(story, refuse):
    story.do(Step("opts in, in Spotler"))
    refuse(story)
    story.end()

    assert not story.two.subscribed(story.people[0].record)["Newsletter"]
    assert story.contact_of(story.people[0])["permissions"] == []
    assert list(story.problems()) == []


@refused
def test_an_opt_in_after_it_counts_and_the_history_says_so(story, refuse):
    refuse(story)
    story.end()
    story.do(Step("opts in, in Spotler"))
    story.end()

    assert story.two.subscribed(story.people[0].record)["Newsletter"]
    assert story.contact_of(story.people[0])["permissions"] == [NEWSLETTER_BIT]
    assert list(story.problems()) == []


def test_an_opt_in_right_after_a_job_counts(story):
    story.tell([Step("job off"), Step("opts in, in Spotler")])
    story.end()

    assert story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []


def test_a_page_of_the_feed_that_was_read_before_it_switches_nothing_on(story):
    story.tell([Step("pull"), Step("opts in, in Spotler"), Step("reads the feed"), Step("job off")])
    story.do(Step("works on the old feed"))

    assert not story.two.subscribed(story.people[0].record)["Newsletter"]
    story.end()
    assert list(story.problems()) == []


@pytest.fixture
def meanwhile(story, monkeypatch):
    """Lets these steps happen between the call of a job to Spotler and its note of that."""

    def _meanwhile(*steps):
        def late(services, opt_outs):
            if opt_outs:
                before = story.two.services
                story.tell(map(Step, steps))
                story.two.services = before
            return note(services, opt_outs)

        note = fields.record_opt_outs
        monkeypatch.setattr(fields, "record_opt_outs", late)
        story.tell([Step("pull"), Step("job off")])
        story.end()

    return _meanwhile


@pytest.mark.parametrize(
    "steps",
    [
        ["opts in, in Spotler", "pull", "opts out, in Spotler"],
        ["opts in, in Dataverse", "sync", "opts out, in Spotler"],
    ],
)
def test_an_opt_out_before_a_job_notes_what_spotler_has_is_newer_than_the_note(story, meanwhile, steps):
    meanwhile(*steps)

    assert not story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []


def test_an_opt_in_before_a_job_notes_what_spotler_has_is_newer_than_the_note(story, meanwhile):
    meanwhile("opts in, in Spotler")

    assert story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []


def test_a_note_that_fails_does_not_let_the_job_run_again_over_a_newer_opt_in(story, monkeypatch):
    story.do(Step("pull"))
    with monkeypatch.context() as patch:
        patch.setattr(job_switches, "write_unchanged", lambda _, writes: {each.ref: Transient() for each in writes})
        story.do(Step("job off"))
    story.do(Step("opts in, in Dataverse"))
    story.end()

    assert [row[Job.STATUS] for row in story.two.systems.rows(Job.TABLE)] == [JobStatus.COMPLETED]
    assert story.contact_of(story.people[0])["permissions"] == [NEWSLETTER_BIT]
    assert list(story.problems()) == []
