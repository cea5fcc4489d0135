"""What people have edited by hand in the state and in plan files is refused by name; nothing is half done."""

import json
from datetime import timedelta

import pytest

from connector.mapping import mapping_version
from connector.plans.applying import Applied, apply_plan
from connector.plans.expiry import erase_expired
from connector.plans.file import Header, PlanUnreadable, environment_of, read_header, read_lines, write_plan
from connector.plans.kept import NoSuchPlan, approve, discard, kept_plans
from connector.plans.making import PlanMaker
from connector.plans.undoing import Undone, undo
from connector.plans.why import why
from connector.pulls.checkpoint import FeedCheckpoint
from connector.state import StoredValueUnreadable
from connector.sync.brake.brake import BrakeCount
from connector.sync.old_values import OLD, RUNS, Overwritten, begun, runs
from tests.damaged import damaged, damaged_objects, overwrite
from tests.unit.plans.conftest import LAST
from tests.unit.plans.test_brake import FILTER, JOB, LEAST, many, use  # noqa: F401 - many is a fixture
from tests.unit.plans.test_undo import pull
from tests.unit.sync.two_systems import PERMISSIONS

RUN = "20260301t120000-updates-abc123"

# Any part of a value


def refusals(read, values):
    """The errors of values that are refused; all others are read."""
    found = []
    for each in values:
        try:
            read(each)
        except StoredValueUnreadable as error:
            found.append(error)
    return found


def test_a_count_of_the_brake_is_read_or_refused():
    sound = {"since": "2026-03-01T12:00:00+00:00", "total": 5, "passed": ["ab"], "plan": "", "approved": False}
    assert BrakeCount.parse("odd/value", sound).value == sound

    found = refusals(lambda value: BrakeCount.parse("brake/odd", value), damaged_objects(sound))

    assert len(found) > 150
    assert all("brake/odd" in each.sentence and "counts anew" in each.what_to_do for each in found)


def test_old_values_are_read_or_refused():
    sound = {"table": "contact", "columns": {"city": ["Delft", None]}, "permissions": {"id": [True, False]}}
    assert Overwritten.parse("odd/value", sound).value == sound

    found = refusals(lambda value: Overwritten.parse("old/odd", value), damaged_objects(sound))

    assert len(found) > 150
    assert all("old/odd" in each.sentence and "Delete it" in each.what_to_do for each in found)


def test_a_checkpoint_is_taken_or_refused(two):
    sound = {"until": "2026-03-01T12:00:00+00:00", "seen": ["ab"], "lease": {"run": "x", "until": "2026-03-01"}}

    def take(value):
        overwrite(two.services.state, "feeds/odd", value)
        FeedCheckpoint.take(two.services, "odd")

    found = refusals(take, damaged_objects(sound))

    assert len(found) > 50
    assert all("feeds/odd" in each.sentence and "FEED_FIRST_DAYS" in each.what_to_do for each in found)


# Plans of the brake


@pytest.fixture
def held(two, many):  # noqa: F811 - the fixture
    """A plan that waits, with its names in the state."""
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many[:6])
    (kept,) = kept_plans(two.services.state)
    (part,) = two.services.state.names(f"plans/{kept.id}/")
    return kept.id, f"plans/{kept.id}", part


def test_a_plan_with_a_part_that_is_no_list_of_records_is_shown_and_can_only_be_discarded(two, held):
    plan, _, part = held
    state, before = two.services.state, two.written()
    sound = dict(state.read(part).value)
    for each in ({"contact/1": ["filter"]}, {"task/" + "0" * 36: ["filter"]}, {next(iter(sound)): "filter"}):
        overwrite(state, part, {**sound, **each})

        (shown,) = kept_plans(state)
        assert (shown.id, shown.records) == (plan, 0)
        assert part in shown.problem
        with pytest.raises(StoredValueUnreadable, match="plans/"):
            approve(two.services, plan, seen=print)
    assert two.written() == before
    assert not any(BrakeCount.parse(name, state.read(name).value).approved for name in state.names("brake/"))

    discard(two.services, plan)

    assert kept_plans(state) == []


@pytest.mark.parametrize("header", [None, {}, {"made_on": "2026-03-01T12:00:00+00:00"}, {"mapping": 7}])
def test_a_plan_that_does_not_say_its_mapping_is_not_approved(two, held, header):
    plan, name, _ = held
    before = two.written()
    two.services.state.delete(name)
    if header is not None:
        overwrite(two.services.state, name, header)

    with pytest.raises(StoredValueUnreadable, match=name):
        approve(two.services, plan, seen=print)

    assert two.written() == before


def test_a_plan_whose_alert_was_lost_in_a_crash_is_announced_with_the_next_record(two, held, many):  # noqa: F811
    plan, name, _ = held
    two.services.state.delete(name)

    two.sync(many[6])

    assert two.services.state.read(name) is not None
    assert [each.problem for each in kept_plans(two.services.state)] == [""]
    assert kept_plans(two.services.state)[0].id == plan


def test_a_count_that_cannot_be_read_stops_only_records_with_derived_effects(two, many):  # noqa: F811
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    overwrite(two.services.state, f"brake/{mapping_version(two.services.mapping)}", {"since": "x"})

    (stopped,) = two.sync(many[0])
    two.edit(many[1], donotphone=False)
    (sent,) = two.sync(many[1])

    assert isinstance(stopped.error, StoredValueUnreadable)
    assert sent.code in ("OK", "UNCHANGED")


def test_a_count_that_began_in_the_future_begins_anew(two, many):  # noqa: F811
    """Else an approval that somebody gave while a clock was wrong would hold forever."""
    future = (two.now() + timedelta(days=400)).isoformat()
    overwrite(
        two.services.state, "brake/reads", {"since": future, "total": 10, "passed": [], "plan": "", "approved": True}
    )
    for record in many:
        two.edit(record, jobtitle=None)

    two.sync(*many)

    count = BrakeCount.parse("brake/reads", two.services.state.read("brake/reads").value)
    assert (count.approved, len(count.passed)) == (False, LEAST)
    assert kept_plans(two.services.state)[0].records == 10 - LEAST


def test_an_unknown_plan_is_named_as_such(two):
    with pytest.raises(NoSuchPlan):
        approve(two.services, "x", seen=print)
    with pytest.raises(NoSuchPlan):
        discard(two.services, "x")


# Undo and why


@pytest.fixture
def run(two):
    """A run that wrote the city of two records."""
    found = [two.contact(name) for name in ("ann", "bob")]
    two.sync(*found)
    for each in found:
        two.profile(each, city="Delft")
    two.pull()
    for each in found:
        two.profile(each, city="Gouda")
    return pull(two), found


def taken_back(two, run_id):
    two.tick()
    return {(each.record, each.column): each.undone for each in undo(two.services, run_id, seen=print)}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"table": "contact"},
        {"table": 7, "columns": {}, "permissions": {}},
        {"table": "contact", "columns": {"address1_city": ["Delft"]}, "permissions": {}},
        {"table": "contact", "columns": {"address1_city": "Delft"}, "permissions": {}},
        {"table": "contact", "columns": {"address1_city": [{"x": 1}, "Gouda"]}, "permissions": {}},
    ],
)
def test_what_cannot_be_read_is_left_and_named_and_all_else_is_taken_back(two, run, value):
    run_id, (ann, bob) = run
    overwrite(two.services.state, f"{OLD}/{ann.id}/{run_id}", value)

    undone = taken_back(two, run_id)

    assert undone[f"{OLD}/{ann.id}/{run_id}", ""] is Undone.UNREADABLE
    assert undone[f"contact/{bob.id}", "address1_city"] is Undone.RESTORED
    assert (two.row(ann)["address1_city"], two.row(bob)["address1_city"]) == ("Gouda", "Delft")


def test_an_undo_never_writes_what_the_mapping_does_not_read_from_spotler(two, run):
    """Else an old value that somebody has written there by hand could take Do Not Email back."""
    run_id, (ann, _) = run
    two.edit(ann, donotemail=True, lastname="Smith")
    columns = {"donotemail": [False, True], "lastname": ["Ann", "Smith"]}
    overwrite(
        two.services.state, f"{OLD}/{ann.id}/{run_id}", {"table": "contact", "columns": columns, "permissions": {}}
    )

    undone = taken_back(two, run_id)

    assert {undone[f"contact/{ann.id}", column] for column in columns} == {Undone.NOT_MAPPED}
    assert (two.row(ann)["donotemail"], two.row(ann)["lastname"]) == (True, "Smith")


def test_old_values_below_the_name_of_no_record_are_left(two, run):
    run_id, _ = run
    sound = {"table": "contact", "columns": {"address1_city": ["a", "b"]}, "permissions": {}}
    overwrite(two.services.state, f"{OLD}/x/{run_id}", sound)

    assert taken_back(two, run_id)[f"{OLD}/x/{run_id}", ""] is Undone.UNREADABLE


@pytest.mark.parametrize("value", [{}, {"began": "yesterday", "kind": "x", "mapping": "m"}, {"began": 7}])
def test_a_run_that_cannot_be_read_is_named_and_its_old_values_are_erased_at_night(two, run, value):
    run_id, (ann, _) = run
    overwrite(two.services.state, f"{RUNS}/{run_id}", value)

    for look in (lambda: runs(two.services.state), lambda: why(two.services, ann, "address1_city")):
        with pytest.raises(StoredValueUnreadable, match=f"{RUNS}/"):
            look()
    erase_expired(two.services)

    assert two.services.state.names(f"{OLD}/") == []
    assert runs(two.services.state) == []


# Plan files


@pytest.fixture
def plan(two, tmp_path):
    """A plan of two records, as its lines."""
    found = [two.contact(name) for name in ("ann", "bob")]
    file = tmp_path / "x.plan"
    header = Header(environment_of(two.services.settings), mapping_version(two.services.mapping), "", asked=True)
    list(write_plan(file, header, PlanMaker(two.services).records("contact", seen=print)))
    assert read_header(file) == header
    assert len(found) == 2
    return file


def test_a_line_that_was_changed_by_hand_makes_the_whole_plan_unreadable(plan):
    lines = [json.loads(line) for line in plan.read_text().splitlines()]
    unreadable = 0
    for place, line in enumerate(lines):
        for each in list(damaged(line))[::7]:
            changed = [*lines[:place], each, *lines[place + 1 :]]
            plan.write_text("\n".join(json.dumps(every) for every in changed), encoding="utf-8", errors="surrogatepass")
            try:
                read_header(plan)
            except PlanUnreadable:
                unreadable += 1
    assert unreadable > 60


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines, *lines],
        lambda lines: [*lines, lines[1]],
        lambda lines: [lines[0], lines[1], lines[1], lines[3]],
        lambda lines: [lines[0], lines[1], '{"x": 1}', lines[3]],
        lambda lines: [lines[0], lines[0], lines[1], lines[3]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], "[" * 100_000, *lines[2:]],
        lambda lines: [lines[0], lines[1], lines[3].replace('"records": 2', '"records": 1')],
        lambda lines: [lines[0], lines[2], lines[1], lines[3]],
        lambda lines: [lines[0], lines[1].replace("ann@", "bob@"), *lines[2:]],
        lambda lines: [lines[0].replace('"plan": 3', '"plan": 2'), *lines[1:]],
    ],
    ids=[
        "twice",
        "after the end",
        "record twice",
        "other line",
        "header twice",
        "no header",
        "deep",
        "record left out",
        "other order",
        "other value",
        "older form",
    ],
)
def test_a_file_that_was_put_together_by_hand_is_no_plan(plan, change):
    plan.write_text("\n".join(change(plan.read_text().splitlines())), encoding="utf-8")

    with pytest.raises(PlanUnreadable):
        read_header(plan)


def test_the_environment_of_a_plan_tells_systems_and_accounts_apart(two):
    settings = two.services.settings
    others = [
        settings.model_copy(update={"dataverse_url": "https://other.crm4.dynamics.com"}),
        settings.model_copy(update={"spotler_url": "https://other.example"}),
        settings.model_copy(update={"spotler_key": type(settings.spotler_key)("another")}),
    ]

    names = {environment_of(each) for each in (settings, *others)}

    assert len(names) == 4
    assert settings.spotler_key.get_secret_value() not in "".join(names)


def test_a_plan_that_an_editor_saved_with_other_line_ends_is_the_same_plan(plan):
    plan.write_bytes(plan.read_bytes().replace(b"\n", b"\r\n"))

    read_header(plan)


def test_marks_that_were_changed_by_hand_are_refused_for_their_record_too(two, plan):
    lines = plan.read_text().splitlines()
    first = json.loads(lines[1])
    first["marks"] = []
    plan.write_text("\n".join([lines[0], json.dumps(first), *lines[2:]]), encoding="utf-8")
    with pytest.raises(PlanUnreadable):
        read_header(plan)

    outcomes = [
        each.applied for each in apply_plan(begun(two.services, "apply"), read_lines(plan), asked=True, seen=print)
    ]

    assert outcomes == [Applied.CONTENT_CHANGED, Applied.DONE]
