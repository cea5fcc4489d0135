"""What is measured: which connector, which operation, under which limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from connector.dataverse.choices import Operation
from sandbox.launch import ROOT


@dataclass(frozen=True, slots=True)
class Contender:
    """A connector that takes part.

    Attributes:
        app: the folder of its Functions app.
        settings: application settings besides those of the sandbox.
        functions: the functions that do the work, by operation.
    """

    name: str
    app: Path
    functions: Mapping[Operation, str]
    settings: Mapping[str, str] = field(default_factory=dict)


CONNECTOR: Final = Contender("connector", ROOT, {each: each.slug.replace("-", "_") for each in Operation})
NAIVE: Final = Contender(
    "naive",
    Path(__file__).resolve().parent / "naive",
    dict.fromkeys(
        (
            Operation.SYNC_CONTACT,
            Operation.ADD_TAG,
            Operation.REMOVE_TAG,
            Operation.SET_SCORE,
            Operation.INCREASE_SCORE,
            Operation.DECREASE_SCORE,
            Operation.START_AUTOMATION,
            Operation.STOP_AUTOMATION,
            Operation.ADD_TO_AUDIENCE,
            Operation.REMOVE_FROM_AUDIENCE,
            Operation.SET_CONTACT_FIELD,
            Operation.CLEAR_CONTACT_FIELD,
            Operation.ANONYMIZE_CONTACT,
        ),
        "run_job",
    ),
    # It borrows names and settings of the connector, which are not in its own folder.
    {"PYTHONPATH": str(ROOT)},
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Service protection limits of Dataverse, or none.

    Attributes:
        arguments: of the stand-in.
    """

    name: str
    arguments: tuple[str, ...]


#: How much shorter than five minutes the window of the limits is here.
SCALE: Final = 20

NO_LIMITS: Final = Limits("no limits", ("--no-limits",))
#: 6,000 requests and 1,200 seconds of work in 300 seconds, and 52 requests at a time, as the Dataverse documentation
#: gives them: scaled in time, so that the rate stays the same and a run of minutes meets many windows, not one.
LIMITS: Final = Limits(
    "limits",
    (
        *("--limit-window-seconds", str(300 // SCALE)),
        *("--limit-requests", str(6000 // SCALE)),
        *("--limit-seconds", str(1200 // SCALE)),
        *("--limit-concurrency", "52"),
    ),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement.

    Attributes:
        jobs: how many jobs wait when the functions start.
        latency_ms: how long every call to Dataverse and to Spotler takes at least.
        warm_up: jobs of a backlog that is processed first and not measured: the connector finds out how many calls at a
            time Spotler can take.
        paced: jobs that come at a steady pace afterwards, to see how long each takes.
    """

    contender: Contender
    operation: Operation
    limits: Limits
    jobs: int
    latency_ms: int
    warm_up: int = 0
    paced: int = 0

    @property
    def function(self) -> str:
        """The function that does the work."""
        return self.contender.functions[self.operation]

    @property
    def title(self) -> str:
        """What the table calls the measurement, without the contender."""
        return f"{self.operation.label}, {self.limits.name}"

    @property
    def slug(self) -> str:
        """A name for files."""
        return "-".join((self.contender.name, self.operation.slug, self.limits.name.replace(" ", "-")))
