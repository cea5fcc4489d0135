"""A Dataverse without a bus: what its steps would post is caught, for tests of the messages themselves."""

import json
from collections.abc import Sequence
from uuid import uuid4

from connector.dataverse.schema import Step
from sandbox.dataverse.calls import Call
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.settings import Settings


class PostingScene:
    """An environment with these steps, and the postings since the last look."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.environment = Environment(Settings(), tuple(steps))
        self.postings = []
        self.environment.steps.submit = self.postings.append

    def call(self, method, path, body=None, query="", **headers):
        """A call of the Web API that succeeds; returns the id of the row that it made."""
        call = Call(
            method,
            path,
            query,
            {"content-type": "application/json", "user-agent": "tests/1.0 (x/y)", **headers},
            json.dumps(body).encode(),
            self.environment.administrator,
            "https://localhost",
            str(uuid4()),
        )
        answer = self.environment.answer(call)
        assert answer.status < 300, answer.body
        return answer.headers.get("OData-EntityId", "")[-37:-1]
