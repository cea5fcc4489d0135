"""Refresh Automations and Refresh Permissions: what timers fetch, on demand."""

from collections.abc import Callable, Sequence
from typing import Final

from connector.dataverse.choices import Operation as Choice
from connector.operations.attempt import Attempt
from connector.operations.operation import Accepts, Batch, Needs
from connector.pulls.automations import refresh_automations
from connector.pulls.permissions import refresh_permissions
from connector.services import Services


class Refresh:
    """One refresh serves all jobs of a batch: each asks for the present state."""

    needs = Needs.NOTHING
    repeatable = True
    accepts = Accepts.ANY
    syncs_first = False

    def __init__(self, choice: Choice, refresh: Callable[[Services], object]) -> None:
        self.slug = choice.slug
        self._refresh = refresh

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The job needs nothing."""

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """Refresh once."""
        sentence = str(self._refresh(batch.services))
        for attempt in attempts:
            attempt.finish(sentence)


REFRESH_AUTOMATIONS: Final = Refresh(Choice.REFRESH_AUTOMATIONS, refresh_automations)
REFRESH_PERMISSIONS: Final = Refresh(Choice.REFRESH_PERMISSIONS, refresh_permissions)
