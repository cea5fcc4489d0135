"""Lists that are synced between both stand-ins."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
import requests

from connector.dataverse.api.client import API
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job, ListMember, MarketingList
from connector.dataverse.records import RECORD_TABLES, RecordRef


class Lists:
    """Syncs and removes lists of a world."""

    def __init__(self, world) -> None:
        self.world = world

    def settings(self, **changed) -> None:
        """Change settings of the app."""
        services = self.world.services
        self.world.services = replace(services, settings=services.settings.model_copy(update=changed))

    def create(self, members: Iterable[RecordRef] = (), **columns: object) -> str:
        """A static list of contacts, unless the columns say otherwise, with these members."""
        made = self.world.load(
            MarketingList.TABLE, **{MarketingList.NAME: "Friends", MarketingList.MEMBER_TYPE: 2, **columns}
        )
        self.join(made, members)
        return made

    def join(self, marketing_list: str, members: Iterable[RecordRef]) -> None:
        """Put people on a list."""
        rows = [
            {
                f"{ListMember.LIST}@odata.bind": f"/{MarketingList.SET}({marketing_list})",
                f"{ListMember.MEMBER}_{ref.table}@odata.bind": f"/{RECORD_TABLES[ref.table].set_name}({ref.id})",
            }
            for ref in members
        ]
        self.world.door("POST", "rows", json={ListMember.TABLE: rows})

    def leave(self, marketing_list: str, members: Iterable[RecordRef]) -> None:
        """Take people from a list."""
        answer = requests.post(
            f"{self.world.ready.url}/{self.world.ready.tenant_id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.world.ready.admin_client_id,
                "client_secret": self.world.ready.admin_client_secret,
                "scope": f"{self.world.ready.url}/.default",
            },
            timeout=10,
        )
        token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        action = (
            f"{self.world.ready.url}{API}/{MarketingList.SET}({marketing_list})/Microsoft.Dynamics.CRM.RemoveMemberList"
        )
        for ref in members:
            answer = requests.post(action, json={"EntityId": ref.id}, headers=token, timeout=10)
            assert answer.ok, answer.text

    def audience(self, marketing_list: str) -> list[str] | None:
        """The ids of those who are in the audience of a list; None where there is no audience."""
        found = next(
            (each for each in self.world.spotler.state()["audiences"] if each["externalId"] == marketing_list), None
        )
        return None if found is None else sorted(found["members"])

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
