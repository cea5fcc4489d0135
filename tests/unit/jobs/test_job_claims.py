"""The rules of the claim, one by one, and a model in which several runners share a bus and a table of jobs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connector import due
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.records import RecordRef
from connector.jobs.claims import Drop, End, Run, Wait, decide
from connector.operations.job import JobRow
from connector.routing.work_item import Claim, WorkItem

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECORD = RecordRef("contact", "cccccccc-0000-4000-8000-000000000001")
LEAD = RecordRef("lead", "dddddddd-0000-4000-8000-000000000001")
LEASE = timedelta(minutes=5)


def id_of(number: int) -> str:
    return f"{number:08}-0000-4000-8000-000000000000"


def job(number=5, status=JobStatus.QUEUED, operation=Operation.ADD_TAG, **columns) -> JobRow:
    return JobRow(
        id=id_of(number), number=f"{number:012}", status=status, operation=operation, customer=RECORD, **columns
    )


def in_progress(number=5, *, lease_until=NOW + LEASE, claim="theirs", started_on=NOW - LEASE, **columns) -> JobRow:
    return job(number, JobStatus.IN_PROGRESS, lease_until=lease_until, claim=claim, started_on=started_on, **columns)


def item_of(one: JobRow | None, *, claim: Claim | None = None, first_seen=NOW) -> WorkItem:
    return WorkItem(operation="add-tag", job=one.id if one else id_of(99), first_seen=first_seen, claim=claim)


def decision(one, *, item=None, siblings=(), together=(), repeatable=True, now=NOW):
    return decide(
        item or item_of(one), one, siblings=siblings, together=together, repeatable=repeatable, now=now
    )  # fmt: skip


def test_a_queued_job_is_run():
    assert decision(job()) == Run()


def test_a_job_whose_row_is_gone_is_dropped():
    assert decision(None) == Drop("the job row is gone")


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, 100000099, 0])
def test_a_job_that_is_over_is_dropped_and_an_unknown_status_counts_as_over(status):
    assert decision(job(status=status)) == Drop("the job is over")


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_job_that_another_worker_has_claimed_is_dropped(repeatable):
    assert decision(in_progress(), repeatable=repeatable) == Drop("the job is claimed by another worker")


def test_another_claim_than_that_of_the_row_is_worth_nothing():
    one = in_progress(claim="theirs")

    assert decision(one, item=item_of(one, claim=Claim(attempt=1, tokens=("mine",)))) == Drop(
        "the job is claimed by another worker"
    )


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize("lease_until", [NOW + LEASE, NOW - LEASE, None])
def test_an_item_that_comes_back_with_the_claim_of_the_row_goes_on_whatever_the_lease(repeatable, lease_until):
    one = in_progress(claim="mine", lease_until=lease_until)

    assert decision(one, item=item_of(one, claim=Claim(attempt=1, tokens=("mine",))), repeatable=repeatable) == Run()


@pytest.mark.parametrize("lease_until", [NOW, NOW - LEASE])
def test_a_stale_claim_of_a_repeatable_operation_is_taken_over(lease_until):
    assert decision(in_progress(lease_until=lease_until)) == Run()


def test_a_lease_ends_exactly_at_its_end():
    end = NOW + timedelta(seconds=1)

    assert isinstance(decision(in_progress(lease_until=end)), Drop)
    assert decision(in_progress(lease_until=end), now=end) == Run()


def test_a_stale_claim_of_an_operation_that_must_not_be_repeated_ends_as_unknown():
    outcome = decision(in_progress(lease_until=NOW), repeatable=False).outcome

    assert (outcome.status, outcome.code) == (JobStatus.FAILED, "OUTCOME_UNKNOWN")
    assert "choose Retry" in outcome.message


def test_a_stale_claim_of_a_job_that_was_not_begun_is_taken_over_even_if_it_must_not_be_repeated():
    assert decision(in_progress(lease_until=NOW, started_on=None), repeatable=False) == Run()


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_running_lease_protects_a_job_that_a_person_has_set_back_to_queued(repeatable):
    one = job(claim="theirs", lease_until=NOW + LEASE, started_on=NOW)

    assert isinstance(decision(one, repeatable=repeatable), Drop)
    assert decision(one, repeatable=repeatable, now=NOW + LEASE) == Run()
    assert decision(one, item=item_of(one, claim=Claim(attempt=1, tokens=("theirs",))), repeatable=repeatable) == Run()


def test_an_item_keeps_all_claims_that_it_tried():
    one = in_progress(claim="first")
    claim = Claim(attempt=0, tokens=()).and_tried("first").and_tried("second")

    assert (claim.attempt, claim.token) == (2, "second")
    assert decision(one, item=item_of(one, claim=claim), repeatable=False) == Run()


@pytest.mark.parametrize("columns", [{"claim": ""}, {"lease_until": None, "result_code": "OUTCOME_UNKNOWN"}])
def test_a_job_that_a_person_set_in_progress_is_ended_with_a_sentence(columns):
    outcome = decision(in_progress(**columns)).outcome

    assert (outcome.status, outcome.code) == (JobStatus.FAILED, "JOB_NOT_VALID")


def test_a_claim_without_a_lease_is_stale():
    one = in_progress(lease_until=None)

    assert decision(one) == Run()
    assert decision(one, repeatable=False).outcome.code == "OUTCOME_UNKNOWN"


def test_a_job_with_an_older_unfinished_sibling_waits():
    assert decision(job(5), siblings=[job(4), job(5)]) == Wait(NOW + due.OLDER_FIRST)


@pytest.mark.parametrize("sibling", [job(5), job(6), in_progress(6)])
def test_a_job_does_not_wait_for_itself_or_for_a_younger_one(sibling):
    assert decision(job(5), siblings=[sibling]) == Run()


def test_a_job_does_not_wait_for_an_older_one_that_the_same_batch_runs_before():
    assert decision(job(5), siblings=[job(4)], together={id_of(4)}) == Run()
    assert isinstance(decision(job(5), siblings=[job(3), job(4)], together={id_of(4)}), Wait)


def test_a_retry_waits_for_an_older_job_too():
    one = in_progress(5, claim="mine")

    assert isinstance(
        decision(one, item=item_of(one, claim=Claim(attempt=1, tokens=("mine",))), siblings=[job(4)]), Wait
    )


@pytest.mark.parametrize(
    ("age", "delay"),
    [
        (timedelta(seconds=-5), due.OLDER_FIRST),
        (timedelta(0), due.OLDER_FIRST),
        (timedelta(seconds=30), timedelta(seconds=15)),
        (timedelta(hours=1), due.OLDER_LONGEST),
    ],
)
def test_a_job_looks_less_often_the_longer_it_has_waited(age, delay):
    assert decision(job(5), item=item_of(job(5), first_seen=NOW - age), siblings=[job(4)]) == Wait(NOW + delay)


def sync(number, **more) -> JobRow:
    return job(number, operation=Operation.SYNC_CONTACT, **more)


def test_a_sync_is_superseded_by_a_newer_queued_sync_even_while_an_older_job_is_unfinished():
    for siblings in ([sync(5), sync(6)], [job(4), sync(5), sync(6)]):
        outcome = decision(sync(5), siblings=siblings).outcome

        assert (outcome.status, outcome.code) == (JobStatus.COMPLETED, "SUPERSEDED")


def test_a_sync_is_not_superseded_by_one_behind_a_job_of_another_operation_which_would_see_old_values():
    siblings = [sync(4), sync(5), job(6), sync(7)]

    assert decision(sync(4), siblings=siblings).outcome.code == "SUPERSEDED"
    assert decision(sync(5), siblings=siblings) == Wait(NOW + due.OLDER_FIRST)
    assert decision(sync(5), siblings=[in_progress(6), sync(7)]) == Run()


def test_a_sync_that_is_not_valid_stands_in_no_ones_way():
    assert decision(sync(5), siblings=[sync(6, lead=LEAD), sync(7)]).outcome.code == "SUPERSEDED"


@pytest.mark.parametrize(
    "other",
    [
        sync(4),
        sync(5),
        job(6),
        replace(sync(6), status=JobStatus.IN_PROGRESS, lease_until=NOW + LEASE),
        sync(6, claim="theirs", lease_until=NOW + LEASE),
        sync(6, lead=LEAD),
    ],
    ids=[
        "older",
        "itself",
        "another operation",
        "already running, perhaps with old values",
        "already running, although a person has set it to Queued",
        "not valid",
    ],
)
def test_a_sync_is_not_superseded_by(other):
    assert not (isinstance(decision(sync(5), siblings=[other]), End))


def test_a_sync_that_is_not_valid_is_not_superseded_so_that_its_error_is_seen():
    assert decision(sync(5, lead=LEAD), siblings=[sync(6)]) == Run()


def test_only_syncs_are_superseded():
    assert decision(job(5), siblings=[sync(6)]) == Run()


class Runners(RuleBasedStateMachine):
    """Jobs of one record, doubled and delayed items, runners that die, and the conditional claim of Dataverse."""

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.rows: dict[str, JobRow] = {}
        self.items: list[WorkItem] = []
        self.versions = 0
        self.hands: dict[str, str] = {}  # token of a runner at work -> its job
        self.seen: dict[str, JobRow] = {}  # what a runner read before it claims
        self.finished: list[str] = []
        self.runs: dict[str, int] = {}
        self.tokens = 0

    @initialize(repeatable=st.booleans())
    def begin(self, repeatable):
        self.repeatable = repeatable

    def write(self, row: JobRow) -> None:
        self.versions += 1
        self.rows[row.id] = replace(row, row_version=str(self.versions))

    @rule()
    def create(self):
        row = job(len(self.rows) + 1)
        self.write(row)
        self.items.append(item_of(row, first_seen=self.now))

    @precondition(lambda self: self.items)
    @rule(data=st.data())
    def double(self, data):
        self.items.append(data.draw(st.sampled_from(self.items)))

    @rule(seconds=st.sampled_from([1, 60, 301]))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)
        # A runner never works longer than its lease: beyond it, it must be taken for dead.
        for token, held in list(self.hands.items()):
            lease = self.rows[held].lease_until
            if lease is not None and lease <= self.now:
                del self.hands[token]

    @precondition(lambda self: self.items)
    @rule(data=st.data(), interloper=st.booleans())
    def deliver(self, data, interloper):
        """One item reaches a runner; between its reading and its claim another runner may claim first."""
        item = data.draw(st.sampled_from(self.items))
        read = self.rows[item.job]
        siblings = [other for other in self.rows.values() if not other.is_final]
        made = decide(item, read, siblings=siblings, together=(), repeatable=self.repeatable, now=self.now)
        if not isinstance(made, Run | End):
            return
        assert not read.is_final
        assert not any(other.number < read.number for other in siblings), "an older job is unfinished"
        assert item.job not in self.hands.values(), "two runners for one job"
        if interloper:
            self.write(read)  # the row changed in between, so the claim is refused
            return
        if isinstance(made, End):
            self.finish(replace(read, status=made.outcome.status))
            return
        self.tokens += 1
        token = f"token-{self.tokens}"
        self.runs[read.id] = self.runs.get(read.id, 0) + 1
        claimed = replace(read, status=JobStatus.IN_PROGRESS, claim=token, lease_until=self.now + LEASE)
        self.write(replace(claimed, started_on=self.now))
        self.hands[token] = read.id

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def die(self, data):
        del self.hands[data.draw(st.sampled_from(sorted(self.hands)))]

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def complete(self, data):
        token = data.draw(st.sampled_from(sorted(self.hands)))
        self.finish(replace(self.rows[self.hands.pop(token)], status=JobStatus.COMPLETED))

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def put_back(self, data):
        token = data.draw(st.sampled_from(sorted(self.hands)))
        row = self.rows[self.hands.pop(token)]
        self.runs[row.id] -= 1  # it says that nothing was done
        self.items.append(item_of(row, claim=Claim(attempt=1, tokens=(token,)), first_seen=self.now))

    def finish(self, row: JobRow) -> None:
        self.write(row)
        self.finished.append(row.number)

    @invariant()
    def jobs_end_in_the_order_of_their_numbers_and_once(self):
        assert self.finished == sorted(set(self.finished))

    @invariant()
    def what_must_not_be_repeated_runs_once(self):
        assert getattr(self, "repeatable", True) or all(count <= 1 for count in self.runs.values())


Runners.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_runners_never_share_a_job_nor_change_the_order = Runners.TestCase
