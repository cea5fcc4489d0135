"""Which things are replayed, and how: the options that all replays share."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Self

import typer

from connector.cli.output import refuse
from connector.servicebus.entities import QUEUE_DATAVERSE, QUEUE_QUARANTINE, subscriptions
from connector.words import Sentence

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]

IdsFile = Annotated[typer.FileText | None, typer.Option("--ids-file", help="A file with one id per line; - for input.")]
Codes = Annotated[list[str] | None, typer.Option("--code", help="Only those with this code; may be repeated.")]
Operations = Annotated[
    list[str] | None,
    typer.Option("--operation", help="Only those of this operation, or of the queue dataverse; may be repeated."),
]
Since = Annotated[datetime | None, typer.Option(help="Only those that failed then or later, in UTC.", formats=_TIMES)]
Before = Annotated[datetime | None, typer.Option(help="Only those that failed before then, in UTC.", formats=_TIMES)]
Rate = Annotated[float, typer.Option(help="So many in a second at most.", min=0.01, max=1000)]
Wait = Annotated[float, typer.Option(help="Seconds without any change after which a batch is over.", min=1, max=3600)]
Tolerate = Annotated[
    int, typer.Option(help="So many of a kind may fail again with the same error before it ends.", min=0)
]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which things are replayed: those that fit everything that is given.

    Attributes:
        ids: empty for all.
        codes: of the error; empty for all.
        operations: where it failed; empty for all.
        since: when it failed, the earliest; None for any time.
        before: when it failed, before this moment; None for any time.
    """

    ids: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()
    since: datetime | None = None
    before: datetime | None = None

    @classmethod
    def of(
        cls,
        ids: Iterable[str] | None,
        ids_file: typer.FileText | None,
        *,
        codes: Collection[str] | None,
        operations: Collection[str] | None,
        since: datetime | None,
        before: datetime | None,
        everything: bool,
    ) -> Self:
        """The choice of a command line.

        Raises:
            typer.Exit: nothing is chosen, or all of it beside a choice, or an operation is unknown; after saying so.
        """
        listed = ids_file.read().split() if ids_file else []
        if ids_file and not listed:
            refuse("The file of ids holds none.")
        selection = cls(
            tuple(dict.fromkeys((*(ids or ()), *listed))),
            frozenset(codes or ()),
            frozenset(operations or ()),
            since.replace(tzinfo=UTC) if since else None,
            before.replace(tzinfo=UTC) if before else None,
        )
        if (selection != cls()) == everything:
            refuse("Give ids, a filter (--code, --operation, --since, --before), or --all.")
        known = (QUEUE_DATAVERSE, QUEUE_QUARANTINE, *subscriptions())
        if unknown := selection.operations.difference(known):
            refuse(
                Sentence(
                    "Unknown: {unknown}. Choose one of: {names}.",
                    unknown=", ".join(sorted(unknown)),
                    names=", ".join(known),
                )
            )
        return selection

    def fits(self, *, code: str, operation: str, failed_on: datetime | None) -> bool:
        """Whether something fits everything but the ids. What has no time fits no limit of time."""
        return (
            (not self.codes or code in self.codes)
            and (not self.operations or operation in self.operations)
            and (self.since is None or (failed_on is not None and failed_on >= self.since))
            and (self.before is None or (failed_on is not None and failed_on < self.before))
        )
