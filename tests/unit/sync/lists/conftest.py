"""Lists that are synced between both stand-ins."""

from dataclasses import replace

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job


class Lists:
    """Syncs and removes lists of a world."""

    def __init__(self, world) -> None:
        self.world = world

    def settings(self, **changed) -> None:
        """Change settings of the app."""
        services = self.world.services
        self.world.services = replace(services, settings=services.settings.model_copy(update=changed))

    def job(self, marketing_list: str, operation=Operation.SYNC_MARKETING_LIST) -> str:
        """A job about a list."""
        return self.world.job(operation, **{f"_{Job.LIST}_value": marketing_list})

    def run(self, job: str, *, steps: int = 100) -> list[str]:
        """Do the steps of a job; returns what its row said after each."""
        said = []
        self.world.run(job)
        for _ in range(steps):
            said.append(self.world.row(job)[Job.RESULT_MESSAGE])
            items = self.world.put_back()
            if not items:
                return said
            self.world.run(*items)
        raise AssertionError(said)

    def sync(self, marketing_list: str) -> tuple[JobStatus, str, str]:
        """Sync a list; how it ended."""
        return self.ended(self.job(marketing_list))

    def remove(self, marketing_list: str) -> tuple[JobStatus, str, str]:
        """Remove the audience of a list; how it ended."""
        return self.ended(self.job(marketing_list, Operation.REMOVE_MARKETING_LIST))

    def ended(self, job: str) -> tuple[JobStatus, str, str]:
        self.run(job)
        row = self.world.row(job)
        return JobStatus(row[Job.STATUS]), row[Job.RESULT_CODE], row[Job.RESULT_MESSAGE]


@pytest.fixture
def lists(world):
    return Lists(world)
