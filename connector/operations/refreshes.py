"""Refresh Automations and Refresh Permissions: what timers fetch, on demand."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final, override

from connector.dataverse.choices import Operation as Choice
from connector.operations.context import Context
from connector.operations.operation import Needs, ParameterlessOperation, Task
from connector.operations.results import Done, Result
from connector.pulls.automations import refresh_automations
from connector.pulls.permissions import refresh_permissions
from connector.services import Services
from connector.words import Sentence


class Refresh(ParameterlessOperation):
    """One refresh serves all jobs of a chunk: each asks for the present state."""

    needs = Needs.NOTHING

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """Refresh once."""
        done = Done(self._refresh(context.services))
        return {task.job.id: done for task in tasks}

    @abstractmethod
    def _refresh(self, services: Services) -> Sentence:
        """Refresh, and say what changed."""


class RefreshAutomations(Refresh):
    """The automations and campaigns that are published in Spotler."""

    choice = Choice.REFRESH_AUTOMATIONS

    @override
    def _refresh(self, services: Services) -> Sentence:
        return refresh_automations(services).sentence


class RefreshPermissions(Refresh):
    """The names of the permissions."""

    choice = Choice.REFRESH_PERMISSIONS

    @override
    def _refresh(self, services: Services) -> Sentence:
        return refresh_permissions(services)


OPERATIONS: Final = (RefreshAutomations(), RefreshPermissions())
