"""Orders of events about consent: random ones, and those in which a promise was broken once."""

import random
from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.consent_explorer import RECONCILE, story_steps
from tests.unit.sync.consent_lists import NOT_IN_LISTS, StoryInLists
from tests.unit.sync.consent_story import Meanwhile, Step, Story

#: The stories of a run, and their longest.
STORIES, NIGHTLY, LENGTH = 50, 5000, 12

#: The call of a job that switches a permission on in Spotler.
CALL = 9


def problems(systems, steps, *, variables=False, table="contact", kind=Story, ahead=timedelta()):
    story = kind(systems, variables=variables, table=table)
    story.two.ahead = ahead
    story.tell(steps)
    story.end()
    return list(story.problems())


def explore(systems, seeds, table="contact", *, kind=Story, without=(RECONCILE,), ahead=timedelta()):
    broken = {}
    for seed in seeds:
        chance = random.Random(seed)  # noqa: S311 - chance that can be repeated
        variables = chance.random() < 0.5
        steps = story_steps(chance, chance.randint(2, LENGTH), without)
        if found := problems(systems, steps, variables=variables, table=table, kind=kind, ahead=ahead):
            broken[seed] = [*found, *map(str, steps)]
    return broken


@pytest.mark.parametrize(
    ("table", "stories"), [("contact", STORIES), ("lead", STORIES // 5), ("account", STORIES // 5)]
)
def test_no_random_story_ends_with_somebody_mailed_who_said_no(systems, table, stories):
    assert explore(systems, range(stories), table) == {}


@pytest.mark.parametrize("stories", [STORIES // 5, pytest.param(NIGHTLY, marks=pytest.mark.nightly)])
def test_no_random_story_does_where_the_clock_of_spotler_is_behind(systems, stories):
    assert explore(systems, range(stories), ahead=-timedelta(minutes=3)) == {}


@pytest.mark.parametrize(("table", "stories"), [("contact", STORIES), ("lead", STORIES // 5)])
def test_no_random_story_with_marketing_lists_does_either(systems, table, stories):
    assert explore(systems, range(stories), table, kind=StoryInLists, without=(*NOT_IN_LISTS, RECONCILE)) == {}


@pytest.mark.nightly
def test_none_of_thousands_of_random_stories_with_marketing_lists_does_either(systems):
    assert explore(systems, range(STORIES, NIGHTLY), kind=StoryInLists, without=(*NOT_IN_LISTS, RECONCILE)) == {}


def test_comparing_both_sides_in_any_story_switches_nobody_on_who_said_no(systems):
    assert explore(systems, range(STORIES // 4), without=()) == {}


@pytest.mark.nightly
def test_comparing_both_sides_in_any_of_thousands_of_stories_switches_nobody_on_who_said_no(systems):
    assert explore(systems, range(STORIES, NIGHTLY), without=()) == {}


def test_the_oracle_notices_somebody_who_is_mailed_and_has_left_the_list(systems):
    story = StoryInLists(systems)
    story.tell([Step("opts in, in Dataverse"), Step("sync")])
    story.people[0].agreed.clear()

    assert "ann gets Newsletter and said no last" in list(story.problems())


@pytest.mark.nightly
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_none_of_thousands_of_random_stories_ends_with_somebody_mailed_who_said_no(systems, table):
    assert explore(systems, range(STORIES, NIGHTLY), table) == {}


def test_the_oracle_notices_somebody_who_is_mailed_and_said_no(systems):
    story = Story(systems)
    story.tell([Step("opts in, in Dataverse"), Step("sync")])
    story.people[0].agreed.clear()

    assert "ann gets Newsletter and said no last" in list(story.problems())


def test_the_oracle_knows_that_a_person_agreed_who_subscribes_a_row_while_a_job_for_it_waits(systems):
    """The job is refused later, because of Do Not Email; the row is as the person left it."""
    story = Story(systems)
    story.tell([Step("sync"), Step("pull"), Step("job on", meanwhile=Meanwhile(4, "death"))])
    story.tell([Step("opts in, in Dataverse"), Step("Do Not Email")])
    story.end()

    assert [row[Job.STATUS] for row in story.two.systems.rows(Job.TABLE)] == [JobStatus.FAILED]
    assert story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []


def test_the_oracle_knows_that_a_job_that_is_refused_switches_nothing_on(systems):
    story = Story(systems)
    story.tell([Step("sync"), Step("pull"), Step("job on", meanwhile=Meanwhile(4, "death"))])
    assert story.people[0].agreed == {NEWSLETTER_BIT}
    story.do(Step("Do Not Email"))
    story.end()

    assert story.people[0].agreed == set()


@pytest.mark.parametrize("why", ["Do Not Email", "deactivated", "loses the address", "anonymize"])
@pytest.mark.parametrize("out", ["opts out, in Spotler", "leaves everything"])
def test_an_opt_out_that_the_feed_has_not_shown_yet_is_not_lost_with_the_contact(systems, why, out):
    story = Story(systems)
    story.tell([Step("opts in, in Dataverse"), Step("sync"), Step("pull"), Step(out), Step(why), Step("sync")])
    assert story.contact_of(story.people[0]) is None
    assert not story.two.subscribed(story.people[0].record)["Newsletter"]
    story.end()

    assert list(story.problems()) == []


def test_a_job_switches_on_the_row_that_the_sync_before_it_has_made(systems):
    story = Story(systems, variables=True)
    story.do(Step("job on"))

    assert story.two.subscribed(story.people[0].record)["Newsletter"]
    assert [row[Job.STATUS] for row in story.two.systems.rows(Job.TABLE)] == [JobStatus.COMPLETED]


def test_what_a_job_switched_on_and_a_person_takes_back_is_off_with_the_next_sync(systems):
    """The feed has not shown what the job did, and the content is the one that was sent last."""
    story = Story(systems)
    story.tell([Step("sync"), Step("pull"), Step("job on"), Step("opts out, in Dataverse"), Step("sync")])

    assert story.two.in_spotler(story.people[0].record)["permissions"] == []
    assert list(story.problems()) == []


@pytest.mark.parametrize("out", ["opts out, in Spotler", "opts out, in Dataverse"])
def test_a_job_that_comes_back_does_not_undo_an_opt_out_that_is_newer_than_its_order(systems, out):
    """Its first attempt has switched the permission on, and its worker has died then."""
    story = Story(systems)
    story.tell(
        [Step("opts in, in Dataverse"), Step("sync"), Step("pull"), Step("opts out, in Dataverse"), Step("sync")]
    )
    story.do(Step("job on", meanwhile=Meanwhile(CALL, "death", after=True)))
    assert story.two.in_spotler(story.people[0].record)["permissions"] == [NEWSLETTER_BIT]
    story.tell([Step("pull"), Step(out)])
    story.end()

    assert list(story.problems()) == []
    assert story.two.in_spotler(story.people[0].record)["permissions"] == []


def test_a_job_that_comes_back_switches_on_what_nobody_refused_since(systems):
    story = Story(systems)
    story.tell([Step("sync"), Step("job on", meanwhile=Meanwhile(4, "death"))])
    story.end()

    assert story.two.in_spotler(story.people[0].record)["permissions"] == [NEWSLETTER_BIT]


def test_an_opt_in_is_newer_than_the_refusal_before_it_also_in_whole_seconds(systems):
    story = Story(systems, variables=True)
    story.two.time.sleep(0.284)
    story.tell([Step("sync"), Step("opts in, in Spotler"), Step("pull")])

    assert story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []


def test_a_job_that_waited_for_an_older_one_that_switches_off_is_not_too_late(systems):
    """Both were ordered while Dataverse refused the claims."""
    story = Story(systems)
    story.tell([Step("opts in, in Dataverse"), Step("sync"), Step("pull")])
    for what in ("job off", "job on"):
        story.do(Step(what, meanwhile=Meanwhile(2, "death")))
    story.end()

    assert story.two.in_spotler(story.people[0].record)["permissions"] == [NEWSLETTER_BIT]


def test_an_opt_out_right_before_a_job_is_claimed_is_newer_than_its_order(systems):
    story = Story(systems)
    story.tell([Step("sync"), Step("job on", meanwhile=Meanwhile(2, "step", Step("opts out, in Dataverse")))])
    story.end()

    assert story.two.in_spotler(story.people[0].record)["permissions"] == []


def test_a_row_that_a_person_makes_while_a_job_switches_the_permission_on_keeps_its_refusal(systems):
    story = Story(systems, variables=True)
    story.do(Step("job on", meanwhile=Meanwhile(10, "step", Step("second row refuses"), after=True)))
    story.end()

    assert story.two.in_spotler(story.people[0].record)["permissions"] == []


def test_the_history_shows_an_opt_out_after_a_job_whose_note_in_spotler_info_was_lost(systems):
    """The rows are off as they were before the job, so they look as if nobody had switched them since."""
    story = Story(systems, variables=True)
    story.do(Step("opts out, in Dataverse"))
    story.do(Step("job on", meanwhile=Meanwhile(14, "late", after=True)))
    story.do(Step("opts out, in Dataverse"))
    story.end()

    assert list(story.problems()) == []


def test_a_job_that_waited_switches_nothing_on_of_a_contact_that_was_lost_meanwhile(systems):
    """What the person refused there after the order is not known any more."""
    story = Story(systems)
    story.tell([Step("sync"), Step("pull"), Step("job on", meanwhile=Meanwhile(4, "death"))])
    story.tell([Step("opts in, in Spotler"), Step("opts out, in Spotler"), Step("lost in Spotler")])
    story.end()

    assert list(story.problems()) == []
    assert [row[Job.STATUS] for row in story.two.systems.rows(Job.TABLE)] == [JobStatus.FAILED]


def test_a_clock_of_spotler_that_is_behind_hides_no_opt_out_of_everything(systems):
    story = Story(systems)
    story.two.ahead = -timedelta(minutes=3)
    story.tell([Step("sync"), Step("opts in, in Dataverse"), Step("leaves everything")])
    story.end()

    assert not story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []


def test_the_row_of_somebody_whom_spotler_lost_goes_off_once_the_record_was_sent(systems):
    story = Story(systems)
    story.tell([Step("opts in, in Dataverse"), Step("sync"), Step("leaves everything"), Step("lost in Spotler")])
    story.end()

    assert not story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []


def test_a_row_that_gets_its_bit_after_a_person_switched_it_on_counts_from_the_switch(systems):
    """Somebody leaves everything between the two, and the history has not seen the switch yet."""
    story = Story(systems)
    story.tell([Step("opts out, in Dataverse"), Step("sync"), Step("pull"), Step("opts in, in Dataverse")])
    story.tell([Step("leaves everything"), Step("refresh")])
    story.end()

    assert not story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []


@pytest.mark.parametrize("off", ["opts out, in Spotler", "leaves everything"])
@pytest.mark.parametrize("call", range(4, 9))
def test_a_withdrawal_that_did_not_reach_its_row_is_finished_although_the_row_gets_its_bit(systems, off, call):
    """The process died between the history and the row; nobody has switched the row on since."""
    story = Story(systems)
    story.tell([Step("sync"), Step("pull"), Step("opts in, in Dataverse"), Step("sync"), Step("pull"), Step(off)])
    story.do(Step("pull", meanwhile=Meanwhile(call, "death", after=True)))
    story.tell([Step("refresh"), Step("pull")])
    story.end()

    assert list(story.problems()) == []


@pytest.mark.parametrize("off", ["opts out, in Spotler", "leaves everything"])
def test_who_left_in_spotler_and_came_back_on_a_form_is_on_although_the_row_gets_its_bit(systems, off):
    story = Story(systems)
    story.tell([Step("opts in, in Dataverse"), Step("sync"), Step("pull"), Step("opts out, in Dataverse")])
    story.tell([Step("sync"), Step("pull"), Step("opts in, in Spotler"), Step(off)])
    story.tell([Step("opts in, in Dataverse"), Step("refresh")])
    story.end()

    assert story.two.subscribed(story.people[0].record)["Newsletter"]
    assert list(story.problems()) == []
