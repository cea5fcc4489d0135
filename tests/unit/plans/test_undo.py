"""Undo: what a run wrote is taken back where nobody has changed it since, and consent is never loosened by it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.names import Contact
from connector.mapping import mapping_version
from connector.plans.applying import apply_plan
from connector.plans.expiry import erase_expired
from connector.plans.file import Header, read_lines, write_plan
from connector.plans.making import PlanMaker
from connector.plans.undoing import NoSuchRun, Undone, undo
from connector.sync.old_values import OLD, RUNS, begun, runs
from sandbox.spotler.seed import NEWSLETTER_BIT


@pytest.fixture
def ann(two):
    record = two.contact("ann", firstname="Ann")
    two.sync(record)
    two.profile(record, city="Delft")
    two.pull()
    return record


def pull(two) -> str:
    """One run of the feed of updates; its id."""
    two.tick()
    own = two.services
    two.services = begun(own, "updates")
    run = two.services.run
    two.pull()
    two.services = own
    return run


def take_back(two, run):
    two.tick()
    return {(each.record.partition("/")[2], each.column): each.undone for each in undo(two.services, run, seen=print)}


def test_what_a_run_wrote_is_restored_and_stays_so(two, ann):
    two.profile(ann, firstName="Anna", city="Gouda")
    run = pull(two)
    assert (two.row(ann)["firstname"], two.row(ann)["address1_city"]) == ("Anna", "Gouda")

    undone = take_back(two, run)

    assert set(undone.values()) == {Undone.RESTORED}
    for _ in range(3):
        pull(two)
        two.sync(ann)
        assert (two.row(ann)["firstname"], two.row(ann)["address1_city"]) == ("Ann", "Delft")
    assert two.property(ann, "firstName") == "Ann", "both may change it, so Spotler gets the old value"
    assert two.property(ann, "city") == "Gouda", "only Spotler may change it there"


def test_a_newer_value_of_spotler_is_written_again(two, ann):
    two.profile(ann, city="Gouda")
    take_back(two, pull(two))

    two.profile(ann, city="Breda")
    pull(two)

    assert two.row(ann)["address1_city"] == "Breda"


def test_what_somebody_has_changed_since_is_left_and_said(two, ann):
    two.profile(ann, firstName="Anna", city="Gouda")
    run = pull(two)
    two.edit(ann, firstname="Annabel")

    undone = take_back(two, run)

    assert undone[ann.id, "firstname"] is Undone.CHANGED
    assert undone[ann.id, "address1_city"] is Undone.RESTORED
    assert two.row(ann)["firstname"] == "Annabel"


def test_a_refusal_that_the_run_brought_stays_and_is_said(two):
    ann = two.contact("ann", firstname="Ann")
    row = two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.pull()
    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.profile(ann, firstName="Anna")
    run = pull(two)
    assert two.subscribed(ann)["Newsletter"] is False

    undone = take_back(two, run)

    assert undone[ann.id, f"permission {row}"] is Undone.CONSENT
    assert undone[ann.id, "firstname"] is Undone.RESTORED
    assert two.subscribed(ann)["Newsletter"] is False
    assert two.property(ann, "permissions") != [{"bit": NEWSLETTER_BIT, "enabled": True}]


def test_an_undo_can_be_undone_and_twice_the_same_changes_nothing(two, ann):
    two.profile(ann, city="Gouda")
    run = pull(two)
    take_back(two, run)

    assert set(take_back(two, run).values()) == {Undone.ALREADY}
    (again,) = [each.id for each in runs(two.services.state) if each.kind == "undo"]
    assert set(take_back(two, again).values()) == {Undone.RESTORED}
    assert two.row(ann)["address1_city"] == "Gouda"


def test_a_run_that_overwrites_nothing_leaves_no_trace(two, ann):  # noqa: ARG001 - it is in step
    pull(two)

    assert two.services.state.names(f"{RUNS}/") == two.services.state.names(f"{OLD}/") == []


def test_only_runs_are_kept_and_only_while_the_setting_says_so(two, ann):
    two.services = replace(
        two.services, settings=two.services.settings.model_copy(update={"undo_days": 0})
    )  # fmt: skip
    two.profile(ann, city="Gouda")

    run = pull(two)

    assert run == ""
    assert two.services.state.names(f"{OLD}/") == []


def test_old_values_are_erased_when_the_person_is_anonymised(two, ann):
    two.profile(ann, city="Gouda")
    run = pull(two)
    two.edit(ann, donotemail=True)

    two.sync(ann)

    assert two.services.state.names(f"{OLD}/") == []
    assert take_back(two, run) == {}


def test_at_night_old_runs_are_erased_and_those_of_anonymised_people_too(two, ann):
    bob = two.contact("bob", address1_city="Delft")
    two.sync(bob)
    two.profile(ann, city="Gouda")
    old = pull(two)
    two.tick(timedelta(days=10))
    two.profile(bob, city="Gouda")
    recent = pull(two)
    erase_expired(two.services)
    assert {each.id for each in runs(two.services.state)} == {old, recent}

    two.tick(timedelta(days=5))
    erase_expired(two.services)

    assert {each.id for each in runs(two.services.state)} == {recent}
    assert two.services.state.names(f"{OLD}/") == [f"{OLD}/{bob.id}/{recent}"]
    two.services.dataverse.update("dh_spotlerinfos", two.info(bob)["dh_spotlerinfoid"], {"dh_gone": True})
    erase_expired(two.services)
    assert two.services.state.names(f"{OLD}/") == []


def test_an_applied_plan_is_undone_like_any_run(two, ann, tmp_path):
    two.profile(ann, city="Gouda")
    file = tmp_path / "plan"
    records = PlanMaker(two.services).records(Contact.TABLE, seen=print)
    list(write_plan(file, Header("here", mapping_version(two.services.mapping), "", asked=True), records))
    running = begun(two.services, "plan-apply")
    assert [each.applied.name for each in apply_plan(running, read_lines(file), asked=True, seen=print)] == ["DONE"]

    undone = Counter(take_back(two, running.run).values())

    assert undone == {Undone.RESTORED: 1}
    assert two.row(ann)["address1_city"] == "Delft"


def test_a_record_that_is_gone_is_said_to_be(two, ann):
    two.profile(ann, city="Gouda")
    run = pull(two)
    two.systems.environment.store.tables[Contact.TABLE].rows.pop(ann.id)

    assert set(take_back(two, run).values()) == {Undone.NOT_THERE}


def test_what_cannot_be_kept_is_not_overwritten(two, ann, monkeypatch):
    from connector.errors import Transient

    two.profile(ann, city="Gouda")
    write = two.services.state.write

    def refuse(name, value, *, version):
        if name.startswith(OLD):
            raise Transient
        return write(name, value, version=version)

    monkeypatch.setattr(two.services.state, "write", refuse)
    own = two.services
    two.services = begun(own, "updates")
    with pytest.raises(Transient):
        two.pull()
    assert two.row(ann)["address1_city"] == "Delft"

    monkeypatch.undo()
    two.pull()
    assert two.row(ann)["address1_city"] == "Gouda"


def test_a_run_that_is_not_known_cannot_be_undone(two):
    with pytest.raises(NoSuchRun):
        take_back(two, "20260101t000000-updates-000000")
