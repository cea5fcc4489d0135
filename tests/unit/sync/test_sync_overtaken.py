"""A record whose content was sent before is sent again where Spotler has got something else meanwhile."""

import pytest

from connector.dataverse.names import Info
from connector.errors import Transient
from connector.sync.both_ways import inward
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync import consent_explorer  # noqa: F401 - fills the tables of what can happen
from tests.unit.sync.consent_story import Step, Story

NAME = "firstname"


@pytest.fixture
def story(systems):
    return Story(systems)


def tell(story, *whats):
    for what in whats:
        story.do(Step(what))


def test_a_permission_that_a_job_switched_on_is_switched_off_by_a_person(story):
    tell(story, "opts in, in Dataverse", "sync", "opts out, in Dataverse", "sync", "job on", "pull")
    ann = story.people[0].record
    assert story.two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]

    tell(story, "opts out, in Dataverse", "sync")

    assert story.two.in_spotler(ann)["permissions"] == []


def test_a_name_that_spotler_changed_while_another_column_waited_is_changed_back_by_a_person(story):
    two, ann = story.two, story.people[0].record
    tell(story, "sync", "pull")
    two.edit(ann, emailaddress1="wrong@example.org")  # waits to be sent
    two.profile(ann, firstName="Anna")
    two.pull()
    assert two.row(ann)[NAME] == "Anna"

    two.edit(ann, **{NAME: "ann", "emailaddress1": "ann@example.org"})
    tell(story, "sync")

    assert two.property(ann, "firstName") == "ann"


def test_a_record_that_nothing_has_overtaken_costs_no_call(story):
    tell(story, "opts in, in Dataverse", "sync", "pull", "sync")
    before = story.two.calls("integrationservice")

    tell(story, "sync")

    assert story.two.calls("integrationservice") == before


def test_that_another_column_waited_is_noted_with_the_name_that_spotler_changed(story, monkeypatch):
    two, ann = story.two, story.people[0].record
    tell(story, "sync", "pull")
    two.edit(ann, emailaddress1="wrong@example.org")  # waits to be sent
    two.profile(ann, firstName="Anna")

    def dies(*_):
        raise Transient

    with monkeypatch.context() as patched:
        patched.setattr(inward, "write_unchanged", dies)
        with pytest.raises(Transient):
            two.pull()
    two.pull()
    assert (two.row(ann)[NAME], two.info(ann)[Info.SENT_HASH]) == ("Anna", None)

    two.edit(ann, **{NAME: "ann", "emailaddress1": "ann@example.org"})
    two.sync(ann)

    assert (two.property(ann, "firstName"), two.property(ann, "email")) == ("ann", "ann@example.org")
