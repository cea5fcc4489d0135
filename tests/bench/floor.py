"""The floor: how long the work takes at least, if everything but waiting for the other systems cost nothing.

    seconds = sum over the batches of  latency x rounds
    rounds  = the larger of: those of the chunks, so many chunks at a time, each as if it were alone
                             those of one chunk, with the calls to Spotler for all jobs of the batch

A function has one batch in its hands at a time, so the batches of an operation follow one another. A round is one call,
or several that run at the same time; rounds wait for one another, because each needs what the one before it found out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import batched
from math import ceil
from typing import Final

from connector.dataverse.choices import Operation
from connector.jobs.chunks import AT_A_TIME, AT_A_TIME_ONCE, SIZE
from connector.operations.registry import operation_of
from connector.settings import Settings
from sandbox.launch import ROOT

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
        calls_per_job: calls to Spotler for each job, made as many at a time as the settings allow, by all portions
            together.
    """

    dataverse: int
    spotler: int = 0
    calls_per_job: int = 0

    def of_portion(self, jobs: int, parallel: int) -> int:
        """All rounds of so many jobs that are in one portion."""
        return self.dataverse + self.spotler + ceil(jobs * self.calls_per_job / parallel)

    def of_batch(self, jobs: int, parallel: int, in_hand: int) -> int:
        """All rounds of a batch with so many jobs, so many portions of which are in hand at the same time."""
        turns = batched(_parts(jobs, SIZE), in_hand, strict=False)
        return max(self.of_portion(jobs, parallel), sum(self.of_portion(max(turn), parallel) for turn in turns))


_TOGETHER: Final = Rounds(_ROUNDS, spotler=1)
_ONE_BY_ONE: Final = Rounds(_ROUNDS, calls_per_job=1)
#: Which of the audiences a Marketing List keeps.
_AUDIENCE: Final = Rounds(_ROUNDS + 1, spotler=1)

ROUNDS: Final[Mapping[Operation, Rounds]] = {
    Operation.SYNC_CONTACT: _TOGETHER,
    Operation.ADD_TAG: _ONE_BY_ONE,
    Operation.REMOVE_TAG: _ONE_BY_ONE,
    Operation.SET_SCORE: _ONE_BY_ONE,
    Operation.INCREASE_SCORE: _ONE_BY_ONE,
    Operation.DECREASE_SCORE: _ONE_BY_ONE,
    # The rows of the automations.
    Operation.START_AUTOMATION: Rounds(_ROUNDS + 1, calls_per_job=1),
    # The jobs that started the runs, then the rows of their automations.
    Operation.STOP_AUTOMATION: Rounds(_ROUNDS + 2, calls_per_job=1),
    Operation.ADD_TO_AUDIENCE: _AUDIENCE,
    Operation.REMOVE_FROM_AUDIENCE: _AUDIENCE,
    Operation.SET_CONTACT_FIELD: _TOGETHER,
    Operation.CLEAR_CONTACT_FIELD: _TOGETHER,
    Operation.ANONYMIZE_CONTACT: _ONE_BY_ONE,
    # The rows that are there; automations and campaigns. Nothing has changed, so nothing is written.
    Operation.REFRESH_AUTOMATIONS: Rounds(_ROUNDS_WITHOUT_RECORDS + 1, spotler=2),
    # The variable and its value; the fields.
    Operation.REFRESH_PERMISSIONS: Rounds(_ROUNDS_WITHOUT_RECORDS + 2, spotler=1),
}


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
    rounds = ROUNDS[operation]
    in_hand = AT_A_TIME if operation_of(operation.slug).repeatable else AT_A_TIME_ONCE
    return sum(rounds.of_batch(size, parallel, in_hand) for size in _parts(jobs, batch)) * latency_ms / 1000


def _parts(jobs: int, most: int) -> list[int]:
    """Full parts of so many, and the rest."""
    return [min(most, jobs - start) for start in range(0, jobs, most)]
