import base64

import pytest
import requests

from sandbox.leads.server import running
from sandbox.leads.settings import LeadsSettings
from sandbox.leads.side_door import LeadsDoor

ACCOUNT = LeadsSettings()


class LeadsApi:
    """A plain client: nothing hidden."""

    def __init__(self, url):
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Authorization": f"Bearer {self.token()['access_token']}", "api-version": "2"})

    def ask_for_token(self, *, client=None, **changes):
        pair = client or f"{ACCOUNT.client_id}:{ACCOUNT.client_secret}"
        form = {
            "grant_type": "password", "username": ACCOUNT.username, "password": ACCOUNT.password,
            "scope": "openid GatorLeadsApi",
        }  # fmt: skip
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return requests.post(f"{self.url}/core/connect/token", data=form | changes, headers=headers, timeout=10)

    def token(self):
        return self.ask_for_token().json()

    def get(self, path, **options):
        return self.session.get(f"{self.url}{path}", timeout=10, **options)

    def of_client(self, path, **options):
        return self.get(f"/leads/client/{ACCOUNT.account}{path}", **options)


@pytest.fixture(scope="session")
def leads_server():
    with running() as server:
        yield server


@pytest.fixture
def door(leads_server):
    door = LeadsDoor(leads_server.url)
    door.post("reset")
    return door


@pytest.fixture
def api(leads_server, door):  # noqa: ARG001 - every test starts from a reset account
    made = LeadsApi(leads_server.url)
    yield made
    made.session.close()
