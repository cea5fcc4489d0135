"""Whether the key of the service endpoint works: Dataverse posts a test message, and a system job has the outcome.

    POST serviceendpoints(id)/Microsoft.Dynamics.CRM.TriggerServiceEndpointCheck    answers nothing
    GET  asyncoperations?$filter=messagename eq 'TriggerServiceEndpointCheck'       succeeded, or waits with the reason

Nobody can read a key again, and Dataverse accepts a wrong one without a word: only a post shows it. The router takes
the test message from the queue and does nothing about it (`connector.routing.route`).
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import DataverseRefused, Forbidden, UnknownName, filters
from connector.dataverse.names import ENDPOINT_CHECK, SERVICE_ENDPOINT
from connector.setup.calls import SetupCalls
from connector.setup.endpoints import ENDPOINTS, our_endpoint
from connector.setup.errors import EndpointRefused
from connector.setup.patience import Patience
from connector.words import Sentence, marked

_ACTION: Final = f"Microsoft.Dynamics.CRM.{ENDPOINT_CHECK}"
_JOBS: Final = "asyncoperations?$select=asyncoperationid,statuscode,message,friendlymessage"
_SUCCEEDED: Final = 30
#: The states in which the outcome of a post is known: it arrived, or it failed once (waiting) or for good.
_OVER: Final = (10, _SUCCEEDED, 31, 32)
#: What Dataverse says of a failed post, in lower case, and what is wrong then.
_REASONS: Final[Sequence[tuple[tuple[str, ...], str]]] = (
    (("saskey has not been configured",), marked("It has no key.")),
    ((r"\b401(?:\d\d)?\b", "unauthorized", "signature"), marked("Its key is wrong.")),
    ((r"\b404(?:\d\d)?\b", "notfound", "not found", "could not be found"), marked("Its queue does not exist.")),
)
#: What else stands in that text, in which any number can occur: ids and addresses.
_ELSE: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:_\w+)?|\w+://\S+|\S+\.servicebus\.\S+")


class EndpointVerdict(StrEnum):
    """What the test showed, where it showed no mistake."""

    ARRIVED = marked("The test message of the service endpoint arrived: its key is right.")
    NOT_SHOWN = marked(
        "The key of the service endpoint is not verified: Dataverse has not said yet what became of its test message. "
        "Run doctor --probe once the app runs."
    )
    NOT_DONE = marked(
        "The key of the service endpoint is not verified: Dataverse refused to test the endpoint. Run doctor --probe "
        "once the app runs."
    )
    NOT_ALLOWED = marked("The key of the service endpoint is not verified: it takes a System Administrator to test it.")


def check_endpoint(calls: SetupCalls, patience: Patience) -> EndpointVerdict:
    """Have Dataverse post a test message, and wait until it says what became of it.

    That Dataverse refuses the test itself says nothing of the key, and stops nothing.

    Raises:
        EndpointRefused: there is no endpoint, or Dataverse could not post through it.
        ConnectorError: Dataverse could not be reached for long.
    """
    found = our_endpoint(calls)
    if found is None:
        raise EndpointRefused("The service endpoint is missing.", advice="Run setup plan, and apply it.")
    earlier = {_id(each) for each in _jobs(calls)}
    path = f"{ENDPOINTS.set_name}({found[ENDPOINTS.id_column]})/{_ACTION}"
    if (refused := patience.patiently(lambda: _trigger(calls, path))) is not None:
        return refused

    ended: list[Mapping[str, object]] = []

    def is_over() -> bool:
        ended[:] = [each for each in _jobs(calls) if _id(each) not in earlier and each["statuscode"] in _OVER]
        return bool(ended)

    if not patience.until(is_over, patience.endpoint):
        return EndpointVerdict.NOT_SHOWN
    # Two administrators may test at the same time; either message shows the key.
    if any(each["statuscode"] == _SUCCEEDED for each in ended):
        return EndpointVerdict.ARRIVED
    raise EndpointRefused(
        Sentence(
            "Dataverse cannot post through the service endpoint {endpoint}. {why}",
            endpoint=SERVICE_ENDPOINT,
            why=Sentence.of(why(ended[0])),
        )
    )


def _trigger(calls: SetupCalls, path: str) -> EndpointVerdict | None:
    """Trigger the test; a verdict where Dataverse refuses that."""
    try:
        calls.act(path, {})
    except Forbidden:
        return EndpointVerdict.NOT_ALLOWED
    except (DataverseRefused, UnknownName):
        return EndpointVerdict.NOT_DONE
    return None


def _jobs(calls: SetupCalls) -> list[Mapping[str, object]]:
    """The system jobs of tests."""
    return [*calls.rows(f"{_JOBS}&$filter={quote(filters.eq('messagename', ENDPOINT_CHECK))}")]


def _id(job: Mapping[str, object]) -> str:
    return str(job["asyncoperationid"])


def why(job: Mapping[str, object]) -> str:
    """What is wrong, by the system job of a post that failed."""
    said = f"{job.get('message') or ''} {job.get('friendlymessage') or ''}".lower()
    said = _ELSE.sub(" ", said)
    known = (sentence for words, sentence in _REASONS if any(re.search(each, said) for each in words))
    return next(known, marked("The newest system job of the name TriggerServiceEndpointCheck says why."))
