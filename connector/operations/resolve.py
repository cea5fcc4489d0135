"""Resolve Job: a job whose message did not tell its operation is read, and sent to the function that carries it out.

What nobody carries out is not valid, and its job fails here.
"""

from collections.abc import Sequence

from connector.errors import Invalid
from connector.operations.attempt import Attempt
from connector.operations.operation import Accepts, Batch, Needs
from connector.routing.subscriptions import CARRIED_OUT, RESOLVE


class Unknown:
    """The operation of the jobs that name none."""

    slug = RESOLVE
    needs = Needs.NOTHING
    repeatable = True
    accepts = Accepts.ANY
    syncs_first = False

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """No job that gets here is valid."""
        batch.examine(attempts, _refuse)

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """Nothing is left to perform."""


def _refuse(_: Attempt) -> None:
    known = ", ".join(choice.label for choice in CARRIED_OUT)
    raise Invalid(f"The job has no operation that the connector knows; choose one of: {known}.")
