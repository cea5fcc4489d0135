"""`TriggerServiceEndpointCheck`: posts a test message through a service endpoint.

| name                        | on                 | takes   | answers |
|-----------------------------|--------------------|---------|---------|
| TriggerServiceEndpointCheck | a service endpoint | nothing |         |

The outcome is in a system job. It waits with the reason where the post failed; where the message arrived it has
succeeded and stays, because it is the job of no step.
"""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sandbox.dataverse import errors
from sandbox.dataverse.admission import ACT, admit
from sandbox.dataverse.calls import Answer, Call, empty_answer
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.context import reference
from sandbox.dataverse.endpoints import ENDPOINT
from sandbox.dataverse.errors import ApiError, not_supported, unknown_segment
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.placing import place
from sandbox.dataverse.posting import Posting
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.steps import SYSTEM_EVENT, Steps
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.users import Caller
from sandbox.dataverse.values import JsonObject
from sandbox.dataverse.writes import RowEvent

CHECK: Final = "TriggerServiceEndpointCheck"


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """Answers it.

    Attributes:
        store: the rows.
        clock: what time it is.
        steps: knows how messages are posted.
    """

    store: Store
    clock: Clock
    steps: Steps

    def on_endpoint(self, call: Call, endpoint: Row, name: str) -> Answer:
        """`POST serviceendpoints(id)/Microsoft.Dynamics.CRM.TriggerServiceEndpointCheck`.

        Raises:
            ApiError: 404 for another action, 403 without the right to change endpoints, 400 for a parameter.
        """
        if name != CHECK:
            raise unknown_segment(name)
        if call.method != "POST":
            raise ApiError(405, errors.BAD_QUERY, f"The resource does not support http method '{call.method}'.")
        admit(call, parse_query(call.query) if call.query else {}, ACT)
        if not call.user.role.allows(Verb.WRITE, ENDPOINT):
            raise errors.missing_privilege(call.user.id, f"{Verb.WRITE.value}{ENDPOINT}", ENDPOINT)
        if call.body.strip() and call.json():
            raise not_supported(f"{CHECK} takes no parameters.")
        self._post(call, endpoint)
        return empty_answer()

    def _post(self, call: Call, endpoint: Row) -> None:
        caller = Caller(
            call.user, call.user, user_agent=call.headers.get("user-agent", ""), correlation_id=call.correlation_id
        )
        now = self.clock.now()
        inputs: JsonObject = {"Entity": reference(ENDPOINT, endpoint.id, None, typed=True)}
        event = RowEvent(CHECK, ENDPOINT, endpoint.id, None, None, {}, caller, now, inputs=inputs)
        posting = Posting(str(uuid4()), endpoint.id, (), event, now, endpoint.id, owner=ENDPOINT)
        place(
            self.store,
            self.clock,
            "asyncoperation",
            posting.job_id,
            {
                "name": f"{CHECK} of {endpoint.values['name']}",
                "operationtype": SYSTEM_EVENT,
                "messagename": CHECK,
                "primaryentitytype": ENDPOINT,
                "correlationid": call.correlation_id,
                "retrycount": 0,
                "statecode": 0,
                "statuscode": 0,
            },
        )
        if self.steps.submit is not None:
            self.steps.submit(posting)
