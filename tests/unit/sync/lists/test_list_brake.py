"""Too many people who would leave an audience stay until a person approves; also where what was sent is lost."""

import pytest

from connector.plans.kept import discard, kept_plans
from connector.sync.brake.lists import EMPTIED, LEAVES
from connector.sync.lists.ids import text_of
from connector.sync.lists.result import outcome_of
from tests.unit.sync.lists.audience_model import LIST, Nights, person

PEOPLE = [person(number) for number in range(60)]


@pytest.fixture
def nights(monkeypatch):
    """An account with 60 people in the audience; at most 5 % or 3 of them may leave within a day."""
    made = Nights(monkeypatch, page=50, block=10, share=0.05, least=3)
    made.list.people = list(PEOPLE)
    made.night()
    return made


def texts(people):
    return {text_of(each) for each in people}


def approve(nights):
    """What `plan approve` does to the count; the job that it orders is the next night."""
    (plan,) = kept_plans(nights.state)
    name = f"brake/list-{LIST}"
    stored = nights.state.read(name)
    nights.state.write(name, {**stored.value, "plan": "", "approved": True}, version=stored.version)
    nights.state.delete(f"plans/{plan.id}")


def test_a_few_people_leave_without_asking(nights):
    nights.list.people = PEOPLE[3:]

    run = nights.night()

    assert nights.audiences.members == texts(PEOPLE[3:])
    assert (run.counts["removed"], run.held, kept_plans(nights.state)) == (3, "", [])


def test_too_many_stay_all_together_and_newcomers_are_added_all_the_same(nights):
    newcomer = person(99)
    nights.list.people = [*PEOPLE[4:], newcomer]

    run = nights.night()

    assert nights.audiences.members == texts([*PEOPLE, newcomer])
    (plan,) = kept_plans(nights.state)
    assert (plan.list_id, plan.records, plan.causes) == (LIST, 4, {LEAVES: 4})
    outcome = outcome_of(run)
    assert (outcome.code, outcome.is_failed) == ("REMOVALS_HELD", False)
    assert f"stay for now. Ask an administrator to approve or discard plan {plan.id}." in outcome.message


def test_what_a_person_approves_leaves_and_the_approval_holds_for_nothing_else(nights):
    nights.list.people = PEOPLE[30:]
    nights.night()
    approve(nights)

    run = nights.night()

    assert (run.counts["removed"], nights.audiences.members) == (30, texts(PEOPLE[30:]))
    nights.list.people = PEOPLE[50:]
    assert nights.night().held


def test_people_leave_by_and_by_within_the_share_of_a_day(nights):
    nights.list.people = PEOPLE[2:]
    nights.night()
    nights.list.people = PEOPLE[4:]

    assert nights.night().held == "", "another day"


def test_one_day_has_one_share_however_often_the_list_is_synced(nights):
    nights.list.people = PEOPLE[2:]
    nights.night()
    nights.list.people = PEOPLE[4:]

    run = nights.night(after_days=0)

    assert run.held
    assert nights.audiences.members == texts(PEOPLE[2:])


def test_a_plan_whose_cause_is_gone_is_forgotten(nights):
    nights.list.people = PEOPLE[30:]
    nights.night()
    nights.list.people = list(PEOPLE)

    run = nights.night()

    assert (run.held, run.counts["members"]) == ("", 60)


def test_a_plan_shows_what_the_newest_run_found(nights):
    nights.list.people = PEOPLE[30:]
    nights.night()
    first = kept_plans(nights.state)
    nights.list.people = PEOPLE[40:]
    nights.night()

    (plan,) = kept_plans(nights.state)

    assert (plan.id, plan.records) == (first[0].id, 40)


def test_a_plan_that_is_discarded_comes_again_as_long_as_its_cause_lasts(nights):
    nights.list.people = PEOPLE[30:]
    nights.night()
    (first,) = kept_plans(nights.state)
    discard(nights.services, first.id)

    nights.night()

    (second,) = kept_plans(nights.state)
    assert second.id != first.id
    assert nights.audiences.members == texts(PEOPLE)


def test_whoever_may_not_be_sent_any_more_leaves_whatever_the_brake_says(nights):
    nights.list.silent = nights.list.seen_silent = set(PEOPLE[:30])

    run = nights.night()

    assert (run.held, nights.audiences.members) == ("", texts(PEOPLE[30:]))
    assert run.left_out == {"no address": 30}


def test_whoever_a_read_missed_is_asked_for_again_and_stays(nights):
    nights.list.missed = set(PEOPLE[:40])

    run = nights.night()

    assert (run.held, run.counts["removed"], nights.audiences.members) == ("", 0, texts(PEOPLE))


# What was sent is lost


def lose(nights, *kinds):
    for name in nights.state.names("lists/"):
        if not kinds or name.rpartition("/")[2].startswith(kinds):
            nights.state.delete(name)


def test_a_copy_that_is_lost_is_made_again_from_the_one_before(nights):
    nights.list.people = PEOPLE[2:]
    nights.night()
    newest = max(name.split("/")[2] for name in nights.state.names("lists/"))
    nights.state.delete(f"lists/{LIST}/{newest}/full-00000")
    nights.list.people = [*PEOPLE[:1], *PEOPLE[3:]]
    nights.audiences.added.clear()

    run = nights.night()

    assert not run.is_lost
    assert nights.audiences.members == texts(nights.list.people)
    assert [len(block) for block in nights.audiences.added] == [1], "only what differs is sent"


def test_a_copy_with_another_content_than_its_checksum_is_not_relied_on(nights):
    nights.list.people = PEOPLE[2:]
    nights.night()
    newest = max(name.split("/")[2] for name in nights.state.names("lists/"))
    name = f"lists/{LIST}/{newest}/full-00000"
    other = nights.state.read(f"lists/{LIST}/{newest}/sent-00000") or nights.state.read(name)
    nights.state.write(name, {"ids": other.value["ids"][:24]}, version=nights.state.read(name).version)

    assert not nights.night().is_lost
    assert nights.audiences.members == texts(PEOPLE[2:])


def test_a_lost_membership_waits_for_approval_and_new_members_are_added_meanwhile(nights):
    lose(nights)
    newcomer = person(99)
    nights.list.people = [*PEOPLE[30:], newcomer]

    run = nights.night()

    assert nights.audiences.members == texts([*PEOPLE, newcomer]), "nobody is removed of whom nothing is known"
    (plan,) = kept_plans(nights.state)
    assert plan.causes == {EMPTIED: 31}
    outcome = outcome_of(run)
    assert outcome.code == "REMOVALS_HELD"
    assert outcome.message.endswith(f"Ask an administrator to approve or discard plan {plan.id}.")
    assert nights.night().held == plan.id, "it waits night after night"


def test_a_lost_membership_is_emptied_and_filled_again_once_a_person_approves(nights):
    lose(nights)
    nights.list.people = PEOPLE[30:]
    nights.night()
    approve(nights)

    run = nights.night()

    assert nights.audiences.members == texts(PEOPLE[30:])
    assert "was lost, so the audience was emptied and filled again" in outcome_of(run).message
    assert not nights.night().is_lost


def test_a_small_audience_is_emptied_and_filled_again_at_once(nights):
    nights.list.people = PEOPLE[:3]
    nights.night()
    approve(nights)
    nights.night()
    lose(nights)
    nights.audiences.members.add(text_of(PEOPLE[50]))

    run = nights.night()

    assert run.is_emptied
    assert nights.audiences.members == texts(PEOPLE[:3])


def test_an_audience_of_which_nothing_is_known_is_not_emptied_for_an_empty_list(nights):
    lose(nights)
    nights.list.people = []

    run = nights.night()

    assert run.held
    assert nights.audiences.members == texts(PEOPLE)


@pytest.mark.parametrize("kind", ["run", "sent-", "full"])
def test_whatever_else_is_lost_the_audience_is_right_after_an_approval(nights, kind):
    nights.list.people = PEOPLE[2:]
    nights.night()
    nights.list.people = PEOPLE[1:50]
    nights.night({12: True}, lives=1)
    lose(nights, kind)
    nights.list.people = PEOPLE[:40]
    nights.night()
    for _ in range(3):
        if kept_plans(nights.state):
            approve(nights)
            nights.night()

    assert nights.audiences.members == texts(PEOPLE[:40])


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
def test_a_death_while_a_lost_audience_is_filled_again_does_no_harm(monkeypatch, after):
    for touch in range(1, 40):
        nights = Nights(monkeypatch, share=0.05)
        nights.list.people = PEOPLE[:6]
        nights.night()
        lose(nights)
        nights.list.people = PEOPLE[3:9]

        nights.night({touch: after})

        assert nights.audiences.members == texts(PEOPLE[3:9]), touch


def test_an_approval_does_not_cover_a_list_that_broke_since(nights):
    nights.list.people = PEOPLE[4:]
    nights.night()
    approve(nights)
    nights.list.people = PEOPLE[40:]

    run = nights.night()

    assert run.held
    assert nights.audiences.members == texts(PEOPLE)


def test_a_person_is_asked_once_where_what_is_left_of_the_membership_shows_who_has_left(nights):
    nights.list.people = [*PEOPLE, person(99)]
    nights.night()
    for name in nights.state.names("lists/"):
        if name.endswith("/full"):
            nights.state.delete(name)
    nights.list.people = list(PEOPLE)

    run = nights.night()

    (plan,) = kept_plans(nights.state)
    assert (run.is_lost, run.held, plan.causes) == (True, plan.id, {EMPTIED: 60})
    assert text_of(person(99)) in nights.audiences.members
