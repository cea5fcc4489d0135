"""Every class of fault at every touch: nothing is lost, done twice, confirmed falsely, or mailed against consent.

The cells are those of `tests.faults.matrix`. Here are a sample of them, all of them (nightly), and proof that a broken
connector is found.
"""

import logging
import re
import sys
import uuid
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from connector import telemetry
from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.errors import Transient
from connector.http import transport
from connector.jobs import store, writes
from connector.operations.registry import OPERATIONS
from connector.pulls import loop, visitors
from connector.routing.record_item import RecordItem
from connector.spotler import calls
from connector.spotler.errors import ContactUnknown, error_of
from connector.sync.automatic import deleted_lists, items as change_items
from connector.sync.both_ways import reports
from connector.sync.newcomers import newcomers
from connector.sync.permissions import imports as consent_import, switch as permission_switch
from connector.sync.records import Record, RecordReader
from connector.sync.status import contact_status
from connector.sync.visitors import promotion
from sandbox.dataverse.access.seeding import installed_role
from tests.faults.kill_points.scenarios import SCENARIOS
from tests.faults.matrix import __main__ as command, works as works_of_matrix
from tests.faults.matrix.broken import is_found, problems_found
from tests.faults.matrix.cell import Cell
from tests.faults.matrix.cells import SEEDS, Matrix, cells_of, counted, sample
from tests.faults.matrix.faults import FAULTS
from tests.faults.matrix.wire import Kind
from tests.faults.matrix.works import works

#: Cells of the usual run, and the tests among which they are divided.
SAMPLE = 640
PARTS = 8
WORKS = works()


@pytest.fixture(scope="module")
def matrix():
    return Matrix()


@pytest.fixture(scope="module")
def chosen(matrix):
    """The cells of the usual run."""
    return sample(matrix, SAMPLE, seed=1)


@pytest.fixture(autouse=True)
def _quiet(caplog):
    """What is logged about a fault is no news here."""
    telemetry.silence_loggers()
    caplog.set_level(logging.CRITICAL)


def broken(matrix, cells) -> list[str]:
    return [problem for cell in cells for problem in matrix.run(cell).problems()]


# The cells


def test_every_operation_works_and_so_do_the_router_and_what_is_ordered_by_hand():
    names = {"route-dataverse-message", "sync-records", "sync-records-lists", "plan-apply", "undo", "consent-import"}

    assert OPERATIONS.keys() | names <= WORKS.keys()
    assert {f"{slug}-for-refusing" for slug in ("sync-contact", "start-automation", "add-tag")} <= WORKS.keys()


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_fault_every_work_keeps_the_promise(matrix, seed):
    for work in WORKS.values():
        assert matrix.without_fault(work, seed).problems() == []


@pytest.mark.parametrize("seed", [pytest.param(each, marks=[pytest.mark.nightly] * (each > 1)) for each in SEEDS])
def test_without_a_fault_every_work_touches_the_same_each_time(matrix, seed):
    for work in WORKS.values():
        once, again = matrix.without_fault(work, seed), matrix.run(Cell(work, 0, None, seed))

        assert again.problems() == []
        assert [each.kind for each in once.touches] == [each.kind for each in again.touches]


def test_all_kinds_of_touches_are_there_and_every_fault_happens_to_some(matrix):
    kinds = {touch.kind for work in WORKS.values() for touch in matrix.without_fault(work, 1).touches}

    assert kinds == set(Kind)
    assert all(fault.kinds & kinds for fault in FAULTS.values())


def test_a_sample_has_as_much_of_every_work_and_every_fault(matrix, chosen):
    faults = defaultdict(set)
    for cell in chosen:
        faults[cell.work.name].add(cell.fault)

    assert faults.keys() == WORKS.keys()
    assert min(map(len, faults.values())) >= min(SAMPLE // len(WORKS), 10)
    assert set.union(*faults.values()) == {cell.fault for work in WORKS.values() for cell in cells_of(matrix, work, 1)}
    assert len({cell.command for cell in chosen}) == SAMPLE
    assert [cell.command for cell in sample(matrix, SAMPLE, seed=1)] == [cell.command for cell in chosen]


def test_the_page_of_promises_says_how_much_that_is(matrix):
    page = (Path(__file__).parents[2] / "docs/developers/promises.md").read_text()
    figures = {what: int(number.replace(",", "")) for number, what in re.findall(r"more than ([\d,]+) (\w+)", page)}
    found = counted(matrix)

    assert f"| {SAMPLE} cells: " in page
    for name in ("works", "touches", "cells"):
        assert figures[name] < getattr(found, name) < 1.25 * figures[name], found


@pytest.mark.parametrize("part", range(PARTS))
def test_no_fault_breaks_the_promise(matrix, chosen, part):
    cells = chosen[part::PARTS]

    found = broken(matrix, cells)

    assert len(cells) == SAMPLE / PARTS
    assert not found, "\n".join(found)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", WORKS)
def test_no_fault_at_any_touch_breaks_the_promise(matrix, name, seed):
    cells = list(cells_of(matrix, WORKS[name], seed))

    found = broken(matrix, cells)

    assert cells
    assert not found, "\n".join(found)


# The role of the connector

#: What no work of the matrix needs, and who does.
NEEDED_ELSEWHERE = {
    # The doctor reads endpoint, steps with their images, their system jobs, the version of the solution, and in which
    # time zone a day begins.
    *("prvReadasyncoperation", "prvReadserviceendpoint", "prvReadsdkmessageprocessingstep", "prvReadusersettings"),
    *("prvReadsdkmessageprocessingstepimage", "prvReadsolution"),
    # Permissions that are kept in a table of the customer.
    *(f"prv{right}new_periodiek" for right in ("Create", "Read", "Write", "Append")),
    # An event that is stored again; and rows made with a PATCH, for which Dataverse may ask for this right too.
    *("prvWritedh_marketinginteraction", "prvWritedh_spotlerconsent"),
    # `job create --automation`, the owner of website visitors by an address, and those who did not come back.
    *("prvAppendTodh_spotlerautomation", "prvReadsystemuser", "prvDeletedh_websitevisitor"),
}


def test_the_role_of_the_connector_has_every_privilege_that_is_needed_and_no_other(matrix):
    needed = frozenset[str]().union(*(matrix.privileges_needed(work, 1) for work in WORKS.values()))
    role = installed_role()
    granted = {f"prv{each.right}{each.table}" for each in role.privileges} | set(role.others)

    assert needed <= granted
    assert granted - needed == NEEDED_ELSEWHERE


# Operations that are added later


def test_an_operation_without_a_scenario_works_with_its_sample(monkeypatch):
    slug = Operation.INCREASE_SCORE.slug
    monkeypatch.setattr(works_of_matrix, "SCENARIOS", {key: each for key, each in SCENARIOS.items() if key != slug})
    work = works()[slug]
    fresh = Matrix()
    cells = [cell for cell in cells_of(fresh, work, 1) if cell.fault in (FAULTS["503-after-effect"], FAULTS["429"])]

    outcome = fresh.without_fault(work, 1)

    assert sum(outcome.trial.stories[order.job].code == "OK" for order in outcome.trial.orders) >= 2
    assert sum(len(order.effects) for order in outcome.trial.orders) >= 2
    assert broken(fresh, cells) == []


# A broken connector is found


LATE = "answer-lost-before-next", "answer-lost-after-lease", "answer-lost-after-end"


@pytest.mark.parametrize("name", ["start-automation-while-busy", "increase-score-while-busy"])
def test_an_unconditional_write_after_a_claim_is_found(matrix, name):
    unconditional = property(lambda write: writes.BatchRequest.update(Job.SET, write.job.id, write.values))

    assert is_found(matrix, lambda patch: patch.setattr(writes.Write, "request", unconditional), name, *LATE)


def test_an_unconditional_claim_is_found(matrix):
    def claiming(*claim):
        request = conditional(*claim)
        return replace(request, headers={**request.headers, "If-Match": "*"})

    conditional = store.claiming

    assert is_found(matrix, lambda patch: patch.setattr(store, "claiming", claiming), "start-automation", *LATE)


@pytest.mark.parametrize("says", ["Completed, but this is missing", "has contact"])
def test_a_page_of_a_gateway_that_is_believed_is_found(matrix, says):
    def believing(response, bare):
        return ContactUnknown() if response.status_code == 404 else error_of(response, bare)

    def breaks(patch):
        patch.setattr(calls, "error_of", believing)

    assert is_found(matrix, breaks, "anonymize-contact", "html-404", says=says)


@pytest.mark.parametrize("fault", ["503-after-effect", "html-502-after-effect", "answer-lost"])
@pytest.mark.parametrize("name", ["start-automation", "decrease-score"])
def test_a_start_that_is_repeated_after_an_unclear_answer_is_found(matrix, name, fault):
    def breaks(patch):
        patch.setattr(transport, "Unclear", Transient)

    assert is_found(matrix, breaks, name, fault, says=r"done \d times", kinds=frozenset({Kind.WRITE}))


def test_a_checkpoint_that_moves_before_the_work_is_found(matrix):
    window = loop._Run._window

    def early(run, start, end):
        run.checkpoint.save(end, ())
        return window(run, start, end)

    def breaks(patch):
        patch.setattr(loop._Run, "_window", early)

    assert is_found(matrix, breaks, "read-bounces", "death-before", "503", says="instead of")


def test_soft_bounces_that_are_counted_twice_are_found(matrix):
    def breaks(patch):
        patch.setattr(contact_status.Standing, "_is_older", lambda *_: False)

    assert is_found(matrix, breaks, "read-bounces", "death-after", "answer-lost", says="instead of")


def test_an_automatic_sync_that_puts_nothing_back_is_found(matrix):
    def breaks(patch):
        patch.setattr(change_items.Returned, "send", lambda *_: None)

    assert is_found(matrix, breaks, "sync-records", "503", says="instead of")


def test_an_automatic_sync_that_takes_absence_for_deletion_is_found(monkeypatch):
    def read(self, refs, deleted=()):
        return {ref: Record.deleted(ref) for ref in deleted} if faulty else original(self, refs, deleted)

    original, faulty = RecordReader.read, False
    fresh, work = Matrix(), works()["sync-records"]
    usual = fresh.without_fault(work, 1)
    assert usual.problems() == []
    faulty = True
    monkeypatch.setattr(RecordReader, "read", read)
    monkeypatch.setattr(RecordItem, "deleted", property(lambda _: True), raising=False)

    assert fresh.run(Cell(work, 0, None, 1)).problems()


def test_a_permission_that_is_switched_without_its_history_is_found(monkeypatch):
    monkeypatch.setattr(permission_switch, "append", lambda *_: {})

    found = Matrix().without_fault(works()["read-updates"], 1).problems()

    assert any("Newsletter off, and its history says on" in each for each in found), found


def test_an_audience_of_a_deleted_list_that_is_only_said_to_be_removed_is_found(monkeypatch):
    monkeypatch.setattr(deleted_lists, "remove_audience", lambda *_: None)

    found = Matrix().without_fault(works()["remove-marketing-list-left"], 1).problems()

    assert any("never over" in each for each in found), found


def test_an_opt_out_that_the_feed_brings_and_nobody_heeds_is_found(monkeypatch):
    monkeypatch.setattr(reports, "reported", lambda record, _contact, _field, **_: (record, record.last.permissions))

    found = Matrix().without_fault(works()["read-updates"], 1).problems()

    assert any("left subscribed" in each for each in found), found


def test_an_import_of_consent_that_forgets_its_syncs_when_it_is_repeated_is_found(monkeypatch):
    monkeypatch.setattr(consent_import, "_is_in_spotler", lambda *_, **__: True)
    fresh, work = Matrix(), works()["consent-import"]
    queue = next(
        each
        for each in fresh.without_fault(work, 1).touches
        if each.what.endswith("CreateMultiple") and "jobs" in each.what
    )

    assert fresh.run(Cell(work, queue.number, FAULTS["death-before"], 1)).problems()


def test_a_new_subscriber_who_gets_two_rows_is_found(monkeypatch):
    rows = iter(range(100))
    monkeypatch.setattr(newcomers, "own_id", lambda *_: str(uuid.UUID(int=next(rows))))
    fresh, work = Matrix(), works()["new-subscribers-lead"]
    tie = next(each for each in fresh.without_fault(work, 1).touches if each.what.endswith("/contact/list"))

    assert fresh.run(Cell(work, tie.number, FAULTS["death-before"], 1)).problems()


def test_page_views_that_are_acknowledged_before_they_are_stored_are_found(monkeypatch):
    fresh, work, store = Matrix(), works()["read-visitors"], visitors.store_views

    def acknowledged_first(services, leads, *views):
        for process_id in list(fresh._systems.leads.store.blocks):
            leads.acknowledge(process_id)
        return store(services, leads, *views)

    monkeypatch.setattr(visitors, "store_views", acknowledged_first)
    usual = fresh.without_fault(work, 1)
    upsert = next(each for each in usual.touches if each.what.endswith("UpsertMultiple"))

    assert usual.problems() == []
    assert fresh.run(Cell(work, upsert.number, FAULTS["death-before"], 1)).problems()


def test_a_visitor_that_becomes_two_leads_is_found(monkeypatch):
    tries, fresh, work = Counter(), Matrix(), works()["promote-visitor"]

    def another_id_each_time(visitor, _):
        tries[visitor] += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{visitor}/{tries[visitor]}"))

    monkeypatch.setattr(promotion, "own_id", another_id_each_time)
    touches = fresh.without_fault(work, 1).touches
    made = next(each for each in touches if each.request is not None and "Website visitor:" in str(each.request.body))

    tries.clear()
    assert fresh.run(Cell(work, 0, None, 1)).problems() == []
    tries.clear()
    assert fresh.run(Cell(work, made.number, FAULTS["death-after"], 1)).problems()


# The command


def test_one_cell_can_be_run_again_by_itself(monkeypatch, capsys, matrix):
    cell = next(cell for cell in cells_of(matrix, WORKS["add-tag"], 2) if cell.fault is FAULTS["answer-lost"])
    monkeypatch.setattr(sys, "argv", cell.command.split()[2:])

    status, printed = command.main(), capsys.readouterr().out

    assert status == 0
    assert "a new record: Completed, OK" in printed
    assert "1 cells, 0 with a broken promise" in printed


def test_a_problem_says_how_to_see_its_cell_again(monkeypatch):
    monkeypatch.setattr(transport, "Unclear", Transient)

    _, found = next(problems_found("start-automation", "503-after-effect"))

    assert "python -m tests.faults.matrix --operation start-automation --touch " in found
    assert "--fault 503-after-effect --seed 1" in found
