"""A comparison goes on in short steps, survives a crash at any of them, and never runs twice at the same time."""

from dataclasses import replace

import pytest

from connector.dataverse.names import Info
from connector.errors import Transient
from connector.mapping import parse_mapping
from connector.reconcile import reading, reconciling as reconciling_module
from connector.reconcile.progress import LEASE, LONGEST, RUN, ReconcileBusy, ReconcileRun, ReconcileWaits, is_under_way
from connector.reconcile.reconciling import Reconciler, to_the_end
from connector.sync.all_records import all_records
from connector.sync.info import write_infos
from tests.faults.matrix.wire import Death
from tests.unit.reconcile.comparing import classes
from tests.unit.sync.two_systems import EMAIL

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of two, saved one by one."""
    monkeypatch.setattr(reading, "CHUNK", 2)
    monkeypatch.setattr(reconciling_module, "CHUNK", 2)
    monkeypatch.setattr(reconciling_module, "SAVE", 1)


@pytest.fixture
def people(two):
    """Five people in step, and one who was never sent."""
    found = [two.contact(name) for name in ("ann", "bob", "cas", "dan", "eve")]
    two.sync(*found)
    two.contact("fay")
    two.pull()
    return found


def one_block():
    """Says that the time is over after each block."""
    return True


def steps(two, is_over=one_block):
    """The certificate, and after how many steps."""
    for number in range(1, 100):
        try:
            certificate = Reconciler(two.services, is_over=is_over).step()
        except ReconcileWaits:
            two.tick()
            continue
        if certificate is not None:
            return certificate, number
    raise AssertionError("it does not end")


def in_all(certificate):
    return {name: classes(certificate, name) for name in ("records", "contacts")}


def test_many_steps_find_what_one_step_finds(two):
    at_once, one = steps(two, lambda: False)
    by_steps, number = steps(two)

    assert in_all(by_steps) == in_all(at_once)
    assert at_once["records"]["total"] == 6
    assert (one, at_once["records"]["remainder"], by_steps["records"]["remainder"]) == (1, 0, 0)
    assert number > 3


def test_nothing_is_left_in_the_state_but_the_certificate(two):
    steps(two)

    assert two.services.state.names("reconcile/") == ["reconcile/last"]
    assert not is_under_way(two.services)


def test_each_step_says_how_far_it_is(two):
    said = []
    while Reconciler(two.services, is_over=one_block, seen=lambda *each: said.append(each)).step() is None:
        pass

    assert said[0] == (0, 6)
    assert said == sorted(said)
    assert {of for _, of in said} == {6}


@pytest.mark.parametrize("call", range(1, 30, 3))
def test_a_comparison_that_died_at_any_call_goes_on(two, people, call, monkeypatch):
    two.edit(people[0], lastname="Smith")
    two.profile(people[1], lastName="Smith")
    calls, send = [], two.wire.send

    def dying(request, **options):
        calls.append(request)
        if len(calls) == call:
            raise Death
        return send(request, **options)

    monkeypatch.setattr(two.wire, "send", dying)
    try:
        steps(two)
    except Death:
        two.tick(LEASE)

    certificate, _ = steps(two)

    assert certificate["records"]["total"] == 6
    assert certificate["records"]["remainder"] == 0
    assert certificate["records"]["quarantined"]["total"] == 0
    assert [two.property(each, "lastName") for each in people[:2]] == ["Smith", "Bob"]
    assert steps(two)[0]["records"]["repaired"]["total"] == 0


def test_an_outage_leaves_what_was_found_and_the_next_step_goes_on(two, monkeypatch):
    assert Reconciler(two.services, is_over=one_block).step() is None
    monkeypatch.setattr(two.services.spotler.feeds, "updates", lambda *_, **__: failing())
    with pytest.raises(Transient):
        Reconciler(two.services, is_over=one_block).step()
    monkeypatch.undo()

    run = ReconcileRun.take(two.services)

    assert (run.after, len(run.marks)) == (2, 2)


def failing():
    raise Transient
    yield


def test_two_never_work_at_the_same_time(two):
    run = ReconcileRun.take(two.services)

    with pytest.raises(ReconcileBusy):
        Reconciler(two.services, is_over=one_block).step()
    run.give_back()

    assert Reconciler(two.services, is_over=lambda: False).step() is not None


def test_one_that_was_silent_for_too_long_cannot_write_any_more(two):
    silent = ReconcileRun.take(two.services)
    two.tick(LEASE)
    Reconciler(two.services, is_over=one_block).step()

    with pytest.raises(Transient):
        silent.save()


@pytest.mark.parametrize("why", ["another mapping", "too old", "not readable", "a shard is lost"])
def test_a_comparison_that_says_little_by_now_begins_again(two, why):
    assert Reconciler(two.services, is_over=one_block).step() is None
    before = two.services.state.read(RUN)
    if why == "another mapping":
        two.services = replace(two.services, mapping=parse_mapping({"rows": [EMAIL]}))
    elif why == "too old":
        two.tick(LONGEST)
    elif why == "not readable":
        two.services.state.write(RUN, {**before.value, "findings": 17}, version=before.version)
    else:
        for name in two.services.state.names("reconcile/found/"):
            two.services.state.delete(name)

    run = ReconcileRun.take(two.services)

    assert run.id != before.value["id"]
    assert len(run.marks) == 0


def test_contacts_that_move_while_they_are_read_are_found_by_the_next_pass(two, monkeypatch):
    """A contact that changes goes to the end, and the one behind it to the place of one that was read."""
    windows = []
    read = two.services.spotler.feeds.updates

    def moving(*window, after=0, **_):
        windows.append(after)
        contacts = list(read(*window, after=after))
        return iter(contacts[1:] if len(windows) == 1 else contacts)  # one was skipped

    monkeypatch.setattr(two.services.spotler.feeds, "updates", moving)

    certificate, _ = steps(two, lambda: False)

    assert classes(certificate, "contacts") == {"equal": 5}
    assert certificate["not_shown_by_the_feed"] == 0
    assert len(windows) == 3
    assert certificate["contacts_settled"] is True


def test_records_that_come_and_go_meanwhile_leave_no_remainder(two, people):
    assert Reconciler(two.services, is_over=one_block).step() is None
    two.systems.by_person("DELETE", f"contacts({people[3].id})", {})
    gus = two.contact("gus")
    two.sync(gus)

    certificate, _ = steps(two)

    assert certificate["records"]["total"] == 6
    assert certificate["records"]["remainder"] == 0


def test_a_record_that_is_deleted_right_before_it_is_read_is_no_record(two, people, monkeypatch):
    def listed(*arguments):
        yield from all_records(*arguments)
        two.systems.by_person("DELETE", f"contacts({people[3].id})", {})

    monkeypatch.setattr(reading, "all_records", listed)

    certificate, _ = steps(two, lambda: False)

    assert certificate["records"]["total"] == 5
    assert certificate["records"]["remainder"] == 0
    assert classes(certificate, "contacts")["excluded", "deleted meanwhile"] == 1


def test_a_record_that_is_busy_is_compared_again_before_the_end(two, monkeypatch):
    held = []

    def is_held(last, *_):
        held.append(last)
        return len(held) == 1

    monkeypatch.setattr("connector.sync.last_common.LastCommon.is_held", is_held)

    certificate, _ = steps(two, lambda: False)

    assert classes(certificate) == {"equal": 5, ("excluded", "never sent to Spotler"): 1}


def test_a_record_that_stays_busy_is_quarantined_and_stops_nothing(two, monkeypatch):
    monkeypatch.setattr("connector.sync.last_common.LastCommon.is_held", lambda *_: True)

    certificate, _ = steps(two, lambda: False)

    assert classes(certificate) == {("quarantined", "RECORD_BUSY"): 6}
    assert certificate["records"]["remainder"] == 0


def test_records_that_met_an_outage_are_compared_again_a_while_later(two, people, monkeypatch):
    two.edit(people[0], lastname="Smith")
    upsert, failed = two.services.spotler.upsert_contacts, []

    def failing(contacts, **options):
        if len(failed) < 2:
            failed.append(contacts)
            raise Transient
        return upsert(contacts, **options)

    monkeypatch.setattr(two.services.spotler, "upsert_contacts", failing)

    with pytest.raises(ReconcileWaits):
        Reconciler(two.services, is_over=lambda: False).step()
    certificate, _ = steps(two, lambda: False)

    assert classes(certificate)["repaired", "content"] == 1
    assert certificate["records"]["quarantined"]["total"] == 0
    assert two.property(people[0], "lastName") == "Smith"


def test_a_command_waits_longer_each_time(two, monkeypatch):
    monkeypatch.setattr("connector.sync.last_common.LastCommon.is_held", lambda *_: True)
    waited = []

    to_the_end(Reconciler(two.services, is_over=lambda: False), pause=waited.append)

    assert waited == [5, 10, 20, 40]


def test_a_repair_that_could_not_be_remembered_is_done_once_more_and_counts_once(two, people, monkeypatch):
    """Spotler has it, and Spotler Info does not know that."""
    two.edit(people[0], lastname="Smith")
    monkeypatch.setattr("connector.sync.outward.outward.Outward._remember", _forgetting)
    with pytest.raises(ReconcileWaits):
        Reconciler(two.services, is_over=lambda: False).step()
    monkeypatch.undo()

    certificate, _ = steps(two, lambda: False)

    assert classes(certificate) == {"equal": 4, ("repaired", "content"): 1, ("excluded", "never sent to Spotler"): 1}
    assert two.info(people[0])[Info.SENT_HASH]


def _forgetting(outward, results):
    """Nothing is written, as if Dataverse had not taken it; it is forgotten what was sent."""
    rows = [(ref, {**result.info, Info.SENT_HASH: ""}) for ref, result in results.items() if result.info]
    write_infos(outward._services.dataverse, rows)
    return {ref: replace(result, info=None) for ref, result in results.items()}


def test_records_in_step_cost_three_queries_and_one_of_their_statuses_for_each_block(two, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 100)
    monkeypatch.setattr(reconciling_module, "CHUNK", 100)
    steps(two, lambda: False)
    before = len(two.wire.touches)

    steps(two, lambda: False)

    made = [touch.what for touch in two.wire.touches[before:]]
    assert sum("/contact/" in each for each in made) == 1  # the feed
    # The ids; records, permissions, Spotler Info, status; and three for the record that was never sent.
    assert sum("dh_" in each or "contacts" in each for each in made) == 8
