"""The floor: how long the work takes at least, if everything but waiting for the other systems cost nothing.

    seconds = sum over the batches of  latency x rounds
    rounds  = the larger of: those of the chunks, so many chunks at a time, each as if it were alone
                             those of one chunk, with the calls to Spotler for all jobs of the batch

A function works on one batch at a time, so the batches of an operation follow one another. A round is one call,
or several that run at the same time; rounds wait for one another, because each needs what the one before it found out.
"""

import json
from dataclasses import dataclass
from itertools import batched
from math import ceil
from typing import Final

from connector.dataverse.choices import Operation
from connector.jobs.chunks import AT_A_TIME, AT_A_TIME_ONCE, SIZE
from connector.operations.registry import operation_of
from connector.settings import Settings
from sandbox.launch import ROOT
from tests.bench.work import is_about_contact, work_of

#: Jobs in a full batch.
BATCH: Final = int(
    json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["serviceBus"]["maxMessageBatchSize"]
)
#: Calls to Spotler at the same time, once the limiter has found out that Spotler accepts them.
PARALLEL: Final = int(Settings.model_fields["spotler_parallel"].default)

#: Read the jobs; claim them; read records, Spotler Info and permissions; write outcomes, Spotler Info and posts.
_ROUNDS: Final = 4
#: The same for an operation that is not about records.
_ROUNDS_WITHOUT_RECORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Rounds:
    """What one batch waits for.

    Attributes:
        dataverse: rounds of calls to Dataverse.
        spotler: rounds of calls to Spotler, for all jobs of the batch together.
        calls_per_job: calls to Spotler for each job, made as many at a time as the settings allow, by all chunks
            together.
    """

    dataverse: int
    spotler: int = 0
    calls_per_job: int = 0

    def of_chunk(self, jobs: int, parallel: int) -> int:
        """All rounds of so many jobs that are in one chunk."""
        return self.dataverse + self.spotler + ceil(jobs * self.calls_per_job / parallel)

    def of_batch(self, jobs: int, parallel: int, chunks_at_a_time: int) -> int:
        """All rounds of a batch with so many jobs, so many chunks of which are worked on at the same time."""
        turns = batched(_parts(jobs, SIZE), chunks_at_a_time, strict=False)
        return max(self.of_chunk(jobs, parallel), sum(self.of_chunk(max(turn), parallel) for turn in turns))


def rounds_of(operation: Operation) -> Rounds:
    """The rounds that an operation needs, by what its sample says of its calls."""
    work = work_of(operation)
    dataverse = (_ROUNDS if is_about_contact(operation) else _ROUNDS_WITHOUT_RECORDS) + work.reads
    return Rounds(dataverse, spotler=work.calls) if work.shared else Rounds(dataverse, calls_per_job=work.calls)


def floor_seconds(
    operation: Operation, jobs: int, latency_ms: float, *, batch: int = BATCH, parallel: int = PARALLEL
) -> float:
    """The seconds that so many waiting jobs take at least.

    Args:
        operation: of the jobs.
        jobs: how many.
        latency_ms: of every call to Dataverse and to Spotler.
        batch: jobs in a full batch.
        parallel: calls to Spotler at the same time.
    """
    rounds = rounds_of(operation)
    at_a_time = AT_A_TIME if operation_of(operation.slug).repeatable else AT_A_TIME_ONCE
    return sum(rounds.of_batch(size, parallel, at_a_time) for size in _parts(jobs, batch)) * latency_ms / 1000


def _parts(jobs: int, most: int) -> list[int]:
    """Full parts of so many, and the rest."""
    return [min(most, jobs - start) for start in range(0, jobs, most)]
