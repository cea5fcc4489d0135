"""A process that dies anywhere: nothing is lost, nothing is done twice, and it is said where nobody can know.

The deaths are in `kill_points`. Here are a sample of them, all of them (nightly), and proof that the checker finds what
it is made to find.
"""

from collections import Counter
from dataclasses import replace

import pytest

from connector.dataverse.choices import JobStatus
from connector.routing.subscriptions import CARRIED_OUT, RESOLVE
from tests.faults.kill_points.checker import violations
from tests.faults.kill_points.evidence import (
    ConsentEntry,
    Evidence,
    Happening,
    JobEvent,
    JobStory,
    Mailed,
    Written,
    by_contact,
)
from tests.faults.kill_points.orders import Happens, Holds, Order, ScoreMoves, Trial, Writes
from tests.faults.kill_points.scenarios import ABOUT_ALL, AT_MOST_ONCE, SCENARIOS
from tests.faults.kill_points.series import everything, sample, spread
from tests.faults.kill_points.stage import standing
from tests.faults.kill_points.truth import unexplained

#: Fewer deaths would leave parts of the work without one.
LEAST_DEATHS = 100
SEEDS = (1, 2, 3)

CLAIMED = JobEvent(status=JobStatus.IN_PROGRESS, claims=True)
RELEASED = JobEvent(releases=True)
COMPLETED = JobEvent(status=JobStatus.COMPLETED, code="OK")
NOT_VALID = JobEvent(status=JobStatus.FAILED, code="JOB_NOT_VALID")
UNKNOWN = JobEvent(status=JobStatus.FAILED, code="OUTCOME_UNKNOWN")

START = Order("a start", "job", record="anna", effects=(Happens("automation.started", "anna"),))
RAISE = Order("a raise", "job", record="anna", effects=(ScoreMoves("anna", "vip", 3),))
TAG = Order("a tag", "job", record="anna", effects=(Happens("tag.added", "anna", {"tag": "vip"}),))


def story(*events: JobEvent, by_victim: int = 1) -> JobStory:
    return JobStory(events, by_victim)


def trial(order: Order, reported: JobStory, *, repeatable: bool = False) -> Trial:
    return Trial("start-automation", repeatable, 1, 7, ("before a call",), True, (order,), {order.job: reported})


def journal(*happenings: tuple[str, dict[str, object]], of: str = "anna") -> Evidence:
    numbered = enumerate(happenings, start=1)
    return Evidence(by_contact(Happening(number, effect, of, detail) for number, (effect, detail) in numbered))


STARTED = ("automation.started", {})
RAISED = ("score.changed", {"tag": "vip", "old": None, "new": 3})
TAGGED = ("tag.added", {"tag": "vip"})


def problem(checked: Trial, evidence: Evidence) -> str:
    """The only thing that is wrong."""
    (found,) = violations(checked, evidence)
    return found


# The promise, where it is kept


@pytest.mark.parametrize(
    ("order", "reported", "happened"),
    [
        pytest.param(START, story(CLAIMED, COMPLETED, by_victim=2), [STARTED], id="killed after the receipt"),
        pytest.param(START, story(CLAIMED, COMPLETED, by_victim=0), [STARTED], id="killed before the claim"),
        pytest.param(START, story(CLAIMED, UNKNOWN), [STARTED], id="receipt lost, started"),
        pytest.param(START, story(CLAIMED, UNKNOWN), [], id="receipt lost, not started"),
        pytest.param(
            START, story(CLAIMED, RELEASED, CLAIMED, COMPLETED, by_victim=2), [STARTED], id="put back in time"
        ),
        pytest.param(RAISE, story(CLAIMED, COMPLETED, by_victim=2), [RAISED], id="a score raised once"),
    ],
)
def test_what_keeps_the_promise_is_not_reported(order, reported, happened):
    assert violations(trial(order, reported), journal(*happened)) == []


def test_work_that_may_be_repeated_ends_as_if_nothing_had_been():
    assert violations(trial(TAG, story(CLAIMED, CLAIMED, COMPLETED), repeatable=True), journal(TAGGED)) == []


# The promise, where it is broken


@pytest.mark.parametrize(
    "reported", [story(), story(CLAIMED), story(CLAIMED, COMPLETED, CLAIMED), story(CLAIMED, COMPLETED, NOT_VALID)]
)
def test_a_job_that_does_not_end_exactly_once_is_reported(reported):
    assert "the job ended" in problem(trial(TAG, reported, repeatable=True), journal(TAGGED))


def test_an_automation_that_was_started_twice_is_reported():
    found = problem(trial(START, story(CLAIMED, COMPLETED, by_victim=2)), journal(STARTED, STARTED))

    assert "done 2 times" in found


def test_an_automation_that_was_started_twice_is_reported_although_its_outcome_is_unknown():
    assert "done 2 times" in problem(trial(START, story(CLAIMED, UNKNOWN)), journal(STARTED, STARTED))


def test_a_score_that_was_raised_twice_is_reported():
    again = ("score.changed", {"tag": "vip", "old": 3, "new": 6})

    assert "done 2 times" in problem(trial(RAISE, story(CLAIMED, COMPLETED, by_victim=2)), journal(RAISED, again))


def test_a_score_that_was_raised_by_another_number_is_reported():
    other = ("score.changed", {"tag": "vip", "old": 3, "new": 7})
    found = violations(trial(RAISE, story(CLAIMED, COMPLETED, by_victim=2)), journal(RAISED, other))

    assert len(found) == 1
    assert "nobody ordered this" in found[0]


def test_a_tag_that_is_missing_is_reported():
    found = problem(trial(TAG, story(CLAIMED, COMPLETED), repeatable=True), journal())

    assert "missing" in found


def test_a_tag_with_another_name_is_no_substitute():
    other = ("tag.added", {"tag": "other"})

    assert "missing" in problem(trial(TAG, story(CLAIMED, COMPLETED), repeatable=True), journal(other))


def test_a_completed_start_without_its_start_is_reported():
    assert "missing" in problem(trial(START, story(CLAIMED, COMPLETED, by_victim=2)), journal())


@pytest.mark.parametrize("reported", [story(UNKNOWN, by_victim=0), story(CLAIMED, UNKNOWN, by_victim=2)])
def test_an_unknown_outcome_where_no_receipt_was_lost_is_reported(reported):
    assert "no receipt was lost" in problem(trial(START, reported), journal(STARTED))


def test_an_unknown_outcome_of_a_job_that_was_given_back_is_reported():
    assert "no receipt was lost" in problem(trial(START, story(CLAIMED, RELEASED, UNKNOWN, by_victim=2)), journal())


def test_an_unknown_outcome_of_a_process_that_lived_is_reported():
    lived = replace(trial(START, story(CLAIMED, UNKNOWN)), killed=False)

    assert "no receipt was lost" in problem(lived, journal(STARTED))


def test_an_unknown_outcome_of_work_that_may_be_repeated_is_reported():
    assert "no receipt was lost" in problem(trial(TAG, story(CLAIMED, UNKNOWN), repeatable=True), journal(TAGGED))


def test_an_outcome_that_nobody_can_know_is_reported_when_it_is_claimed_to_be_known():
    assert "the receipt was lost" in problem(trial(START, story(CLAIMED, CLAIMED, COMPLETED)), journal(STARTED))


def test_another_end_than_the_expected_one_is_reported():
    refused = JobEvent(status=JobStatus.FAILED, code="TRANSIENT_GIVEN_UP")
    found = problem(trial(TAG, story(CLAIMED, refused), repeatable=True), journal(TAGGED))

    assert "Failed with TRANSIENT_GIVEN_UP instead of Completed with OK" in found


def test_an_effect_on_behalf_of_a_job_that_is_not_valid_is_reported():
    order = Order(
        "bad", "job", record="anna", status=JobStatus.FAILED, codes=frozenset({"JOB_NOT_VALID"}), untouched="anna"
    )
    found = problem(trial(order, story(CLAIMED, NOT_VALID), repeatable=True), journal(("contact.created", {})))

    assert "not valid, but this happened" in found


def test_a_contact_that_was_created_twice_is_reported():
    created = ("contact.created", {})
    found = problem(trial(TAG, story(CLAIMED, COMPLETED), repeatable=True), journal(created, created, TAGGED))

    assert "was created 2 times" in found


def test_jobs_of_one_record_that_had_their_effects_in_the_wrong_order_are_reported():
    second = replace(TAG, name="second", job="job 2", effects=(Happens("tag.added", "anna", {"tag": "late"}),))
    done = story(CLAIMED, COMPLETED)
    both = replace(trial(TAG, done, repeatable=True), orders=(TAG, second), stories={TAG.job: done, second.job: done})

    assert violations(both, journal(TAGGED, ("tag.added", {"tag": "late"}))) == []
    assert "second had its effect before a tag" in problem(both, journal(("tag.added", {"tag": "late"}), TAGGED))


def test_a_property_with_another_value_is_reported():
    order = Order("a field", "job", record="anna", effects=(Holds("anna", "city", "Utrecht"),))
    checked = trial(order, story(CLAIMED, COMPLETED), repeatable=True)

    assert violations(checked, Evidence(contacts={"anna": {"city": "Utrecht"}})) == []
    assert "missing" in problem(checked, Evidence(contacts={"anna": {"city": "Gouda"}}))
    assert "missing" in problem(checked, Evidence())


def test_a_row_that_was_not_written_is_reported():
    order = Order("a refresh", "job", effects=(Writes("list", {"name": "new"}, before={"name": "old"}),))
    checked = trial(order, story(CLAIMED, COMPLETED), repeatable=True)

    assert violations(checked, Evidence(written=[Written("list", "1", {"name": ("old", "new")})])) == []
    assert "missing" in problem(checked, Evidence(written=[Written("list", "1", {"name": ("older", "new")})]))
    assert "missing" in problem(checked, Evidence(written=[Written("other", "1", {"name": ("old", "new")})]))


def test_a_write_that_was_on_its_way_at_the_death_belongs_to_the_dead():
    assert JobStory.divided((CLAIMED, COMPLETED), at_death=1).by_victim == 2
    assert JobStory.divided((CLAIMED, CLAIMED, COMPLETED), at_death=1).by_victim == 1
    assert JobStory.divided((CLAIMED, UNKNOWN), at_death=1).by_victim == 1
    assert JobStory.divided((CLAIMED, COMPLETED), at_death=0).by_victim == 0


@pytest.mark.parametrize("found", [{}, {"anna": {}}, {"anna": {"tags": {"vip": 6}}}])
def test_a_state_that_no_job_tells_of_is_reported(found):
    checked, wanted = trial(TAG, story(CLAIMED, COMPLETED), repeatable=True), {"anna": {"tags": {"vip": 5}}}
    evidence = replace(journal(TAGGED), wanted=wanted)

    assert violations(checked, replace(evidence, found=wanted)) == []
    assert "anna has tags" in problem(checked, replace(evidence, found=found))


def test_a_state_that_is_there_without_need_is_reported():
    checked, evidence = trial(TAG, story(CLAIMED, COMPLETED), repeatable=True), replace(journal(TAGGED))
    both = {"anna": {"tags": {}, "info": {"dh_gone": True}}}

    assert "anna has info" in problem(checked, replace(evidence, wanted={"anna": {"tags": {}}}, found=both))


@pytest.mark.parametrize(
    ("found", "is_kept"),
    [
        ({"dh_senthash": "h", "dh_keepout": True}, True),
        ({"dh_senthash": None, "dh_keepout": True}, True),
        ({"dh_senthash": "other", "dh_keepout": True}, False),
        ({"dh_senthash": "h", "dh_keepout": None}, False),
        ({"dh_senthash": "h", "dh_keepout": True, "dh_gone": True}, False),
        (None, False),
    ],
)
def test_spotler_info_may_say_less_but_nothing_else(found, is_kept):
    wanted = {"anna": {"info": {"dh_senthash": "h", "dh_keepout": True, "dh_gone": None}}}
    evidence = replace(journal(TAGGED), wanted=wanted, found={"anna": {"info": found}})

    assert (violations(trial(TAG, story(CLAIMED, COMPLETED), repeatable=True), evidence) == []) is is_kept


def test_nothing_is_confirmed_where_the_outcome_is_unknown():
    evidence = Evidence(wanted={"anna": {"runs": ["welcome"]}}, found={"anna": {}})

    assert violations(trial(START, story(CLAIMED, UNKNOWN)), evidence) == []


def test_a_mail_long_after_consent_was_withdrawn_is_reported():
    checked, withdrawn = trial(START, story(CLAIMED, COMPLETED, by_victim=2)), {"anna": 1000.0}
    evidence = replace(journal(STARTED), withdrawn=withdrawn)

    assert violations(checked, replace(evidence, mailed=[Mailed("anna", 1030.0), Mailed("bert", 9999.0)])) == []
    assert "was mailed 31 seconds" in problem(checked, replace(evidence, mailed=[Mailed("anna", 1031.0)]))


def test_who_is_left_subscribed_is_reported():
    found = problem(
        trial(TAG, story(CLAIMED, COMPLETED), repeatable=True), replace(journal(TAGGED), subscribed={"anna"})
    )

    assert "anna withdrew consent" in found


@pytest.mark.parametrize(
    ("is_on", "entries", "is_explained"),
    [
        (True, [(True, "10:00")], True),
        (True, [], False),
        (True, [(True, "10:00"), (False, "11:00")], False),
        (True, [(False, "10:00"), (True, "11:00")], True),
        (True, [(True, "10:00"), (False, "10:00")], False),
        (False, [], True),
        (False, [(True, "10:00")], False),
        (False, [(True, "10:00"), (False, "11:00")], True),
    ],
)
def test_a_permission_that_its_history_does_not_explain_is_reported(is_on, entries, is_explained):
    history = [ConsentEntry("anna", "newsletter", on, at) for on, at in entries]
    evidence = Evidence(permissions={"anna": [("Newsletter", is_on)]}, history=history)

    assert (list(unexplained(evidence)) == []) is is_explained


def test_a_report_says_how_to_see_the_death_again():
    found = problem(trial(START, story(CLAIMED, COMPLETED, by_victim=2)), journal())

    assert "killed before a call" in found
    assert "python -m tests.faults.kill_points --operation start-automation --point 7 --seed 1" in found


# The deaths


def test_every_operation_has_a_scenario():
    assert SCENARIOS.keys() == {RESOLVE, *(each.slug for each in CARRIED_OUT if each not in ABOUT_ALL)}


def test_a_sample_is_spread_over_all_touches():
    points = spread(47, 6, seed="any")

    assert points == spread(47, 6, seed="any")
    assert [(point - 1) * 6 // 47 for point in points] == pytest.approx(range(6), abs=1)
    assert spread(3, 6, seed="any") == [1, 2, 3]


def check(trials: list[Trial], evidence: Evidence) -> None:
    broken = [problem for each in trials for problem in violations(each, evidence)]

    assert not broken, "\n".join(broken)
    assert {each.slug for each in trials if each.killed} == SCENARIOS.keys()
    unknown = Counter(
        each.slug for each in trials for reported in each.stories.values() if reported.code == "OUTCOME_UNKNOWN"
    )
    # The deaths did reach the places where it matters, and all kinds of touches were there to die at.
    assert unknown.keys() == AT_MOST_ONCE
    touches = {touch for each in trials for touch in each.touches}
    # The token is no touch of the work: the check of the mapping at the start of a process has fetched it.
    kinds = ("Dataverse", "Spotler", "sending", "completing")
    assert {kind for kind in kinds if not any(kind in touch for touch in touches)} == set()


def test_no_death_loses_or_repeats_work(tmp_path):
    with standing(tmp_path) as stage:
        trials = sample(stage, seed=1)
        evidence = stage.evidence()

    assert sum(each.killed for each in trials) >= LEAST_DEATHS
    check(trials, evidence)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", SEEDS)
def test_no_death_at_any_touch_loses_or_repeats_work(tmp_path, seed):
    with standing(tmp_path) as stage:
        trials = everything(stage, seed=seed)
        evidence = stage.evidence()

    check(trials, evidence)
    for slug in SCENARIOS:
        points = [each.point for each in trials if each.slug == slug and each.killed]
        assert points == list(range(1, len(points) + 1))
