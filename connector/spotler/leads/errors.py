"""Refusals of Spotler Leads, as errors of the connector's families.

connector.errors
├── Misconfigured
│   └── LeadsNotAuthorized     the client, the user or the account is wrong
├── Transient
│   ├── NotSpotlerLeads        an answer without the error body of the API: a gateway, a wrong address
│   └── LeadsAnswerUnreadable  a success that is not what Spotler Leads answers
└── Refused
    └── LeadsRefused           any other refusal
        └── LeadsNotFound      there is no such lead, or account
"""

from collections.abc import Mapping
from typing import Final

import requests

from connector.errors import ConnectorError, Misconfigured, Refused, Transient
from connector.spotler.wire import as_object, read_json, text_of
from connector.words import Sentence


class LeadsNotAuthorized(Misconfigured):
    """Spotler Leads refused the credentials."""

    code = "LEADS_NOT_AUTHORIZED"
    advice = "Check LEADS_CLIENT_ID, LEADS_CLIENT_SECRET, LEADS_USER, LEADS_PASSWORD and LEADS_ACCOUNT."


class NotSpotlerLeads(Transient):
    """LEADS_URL or LEADS_IDENTITY_URL did not answer like Spotler Leads."""

    code = "LEADS_URL"
    advice = "The connector retries; if this persists, check LEADS_URL and LEADS_IDENTITY_URL."


class LeadsAnswerUnreadable(Transient):
    """The answer of Spotler Leads cannot be read."""

    code = "LEADS_ANSWER_UNREADABLE"


class LeadsRefused(Refused):
    """Spotler Leads refused the call."""

    code = "LEADS_REFUSED"
    advice = "Compare the call with the documentation of Spotler Leads; LEADS_FACTS corrects it."


class LeadsNotFound(LeadsRefused):
    """Spotler Leads has no such lead or account."""

    code = "LEADS_NOT_FOUND"
    advice = "Check LEADS_ACCOUNT."


_BY_STATUS: Final[Mapping[int, type[ConnectorError]]] = {
    401: LeadsNotAuthorized,
    403: LeadsNotAuthorized,
    404: LeadsNotFound,
}


def error_of(response: requests.Response) -> ConnectorError:
    """The error that an answer below 500 other than success stands for. Its text may quote values: it is not kept."""
    status = response.status_code
    if status != 401 and text_of(as_object(read_json(response)), "message") is None:
        return NotSpotlerLeads(Sentence("LEADS_URL did not answer like Spotler Leads ({status}).", status=status))
    family = _BY_STATUS.get(status, LeadsRefused)
    return (
        family()
        if family is not LeadsRefused
        else LeadsRefused(Sentence("Spotler Leads refused the call ({status}).", status=status))
    )
