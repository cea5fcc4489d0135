"""Spotler's refusals, as errors of the connector's families.

    connector.errors
    ├── Misconfigured   key, secret, clock (NOT_AUTHORIZED, AUTH_NOT_FOUND)
    ├── Transient       BACKEND_EXCEPTION, the batch code ERROR
    │   ├── NotSpotler           an answer without the error body of the API: a gateway, a redeployment, a wrong address
    │   ├── AnswerUnreadable     a success that is not what Spotler answers
    │   └── FieldsIncomplete     the list of contact fields lacks what every account has
    └── Refused         everything else, under Spotler's own code
        ├── ContactUnknown   the contact must be synced first
        │   └── UnknownMembers   some of the contacts named for an audience
        ├── NotLicensed      the edition of Mail+ lacks audiences and automations
        └── NotSupported     an unconfirmed call that this account does not have

The key is the `errorType` of the body and not the status, because Spotler answers the same error with different
statuses. An answer without it is not a refusal: "not there" and "no" count only in Spotler's own words.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import requests

from connector.errors import ConnectorError, Misconfigured, Refused, Transient
from connector.spotler.codes import HTTP_PREFIX, MEANINGS
from connector.spotler.wire import Json, as_object, objects, read_json, text_of
from connector.words import Sentence

_UNKNOWN_CONTACT: Final = frozenset({"CONTACT_NOT_FOUND", "CONTACT_NOTFOUND", "CONTACT_UNKNOWN"})
_PASSING: Final = frozenset({"BACKEND_EXCEPTION", "ERROR"})
_BAD_CREDENTIALS: Final = frozenset({"AUTH_NOT_FOUND", "NOT_AUTHORIZED"})
#: Statuses that mean something only together with a code.
_SAYS_NOTHING: Final = frozenset({404, 405, 408})
#: What a code looks like; anything else in its place could be a value of a record.
CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,49}")


class ContactUnknown(Refused):
    """Spotler does not know the contact."""

    code = "CONTACT_NOT_FOUND"
    advice = MEANINGS["CONTACT_NOT_FOUND"].advice


class UnknownMembers(ContactUnknown):
    """Spotler does not know some of the contacts.

    Attributes:
        external_ids: which, in lower case.
    """

    def __init__(self, external_ids: Iterable[str]) -> None:
        super().__init__()
        self.external_ids = frozenset(each.casefold() for each in external_ids)


class NotLicensed(Refused):
    """The account's edition of Mail+ lacks this call; audiences and automations need Automation or eCommerce."""

    code = "NOT_AUTHORIZED"
    advice = "Ask Spotler for the edition that has it, or stop using this operation."


class NotSupported(Refused):
    """This Spotler account does not offer the call that the operation needs."""

    code = "SPOTLER_NOT_SUPPORTED"
    advice = "Ask Spotler for the path of this call and set it in SPOTLER_PATHS (docs/to-verify.md lists the calls)."


class NotSpotler(Transient):
    """SPOTLER_URL did not answer like Spotler.

    Attributes:
        status: of the answer; 0 if it is not known.
        is_bare: whether the answer had no body at all.
    """

    code = "SPOTLER_URL"
    advice = "The connector retries; if this persists, check SPOTLER_URL."

    def __init__(self, status: int = 0, *, is_bare: bool = False) -> None:
        said = Sentence("SPOTLER_URL did not answer like Spotler ({status}).", status=status) if status else ""
        super().__init__(said)
        self.status = status
        self.is_bare = is_bare


class FieldsIncomplete(Transient):
    """Spotler's list of contact fields lacks the e-mail address or the permissions."""

    code = "SPOTLER_FIELDS_INCOMPLETE"
    advice = "The connector retries; make email and permissions (with an item) visible to the API in Spotler."


class AnswerUnreadable(Transient):
    """Spotler's answer cannot be read."""

    code = "SPOTLER_ANSWER_UNREADABLE"


class SamePageTwice(Transient):
    """Spotler sent the same page of a list twice."""

    code = "SPOTLER_PAGING"


def error_type_of(response: requests.Response) -> str | None:
    """The `errorType` of the body, or the `result` of a trigger, if the body has one that looks like a code."""
    body = as_object(read_json(response))
    code = text_of(body, "errorType") or text_of(body, "result")
    if code == "NOT_TRIGGERED":
        code = _why_not_triggered(body)
    return code if code and CODE.fullmatch(code) else None


def error_of(response: requests.Response, bare: Mapping[int, str]) -> ConnectorError:
    """The error that an answer below 500 other than success stands for.

    Args:
        response: the answer.
        bare: the codes that answers without a body stand for, by status: those of resources that declare none.
    """
    status = response.status_code
    if status == 404 and (unknown := _unknown_members(response)):
        return UnknownMembers(unknown)
    code = error_type_of(response)
    if code is None and status in {401, 403}:
        code = "NOT_AUTHORIZED"
    is_bare = not response.content.strip()
    if code is None and is_bare:
        code = bare.get(status)
    if code is None and status >= 400 and status not in _SAYS_NOTHING and _is_error_body(response):
        code = f"{HTTP_PREFIX}{status}"
    return error_for(code) if code else NotSpotler(status, is_bare=is_bare)


def _is_error_body(response: requests.Response) -> bool:
    """Whether this is an error of the API, although its code cannot be read."""
    return "errorType" in as_object(read_json(response))


def error_for(code: str, *, field: str | None = None) -> ConnectorError:
    """The error that a code stands for. `field` is the internal name of the contact field that was refused."""
    if not CODE.fullmatch(code):
        code = "SPOTLER_CODE_UNREADABLE"
    meaning = MEANINGS.get(code)
    sentence = meaning.sentence if meaning else Sentence("Spotler refused the call with the code {code}.", code=code)
    advice = meaning.advice if meaning else ""
    if field:
        sentence = Sentence("Spotler refused the contact field {field} or its value.", field=field)
    family = _family_of(code)
    return family(sentence, code=code, advice=advice)


def named_field(message: str | None, known: Iterable[str]) -> str | None:
    """The first of the known field names that a message of Spotler mentions as a whole word.

    The message itself may hold values of the contact and goes no further than here.
    """
    if not message:
        return None
    found: Mapping[int, str] = {
        match.start(): name for name in known if (match := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message))
    }
    return found[min(found)] if found else None


def _why_not_triggered(body: Json) -> str:
    """The result of the automations behind a trigger, if it is one and the same for all; else NOT_TRIGGERED."""
    results = {text_of(each, "result") for each in objects(body.get("automationResults"))}
    return results.pop() or "NOT_TRIGGERED" if len(results) == 1 else "NOT_TRIGGERED"


def _unknown_members(response: requests.Response) -> list[str]:
    members = as_object(read_json(response)).get("externalContactIds")
    return [each for each in members if isinstance(each, str)] if isinstance(members, list) else []


def _family_of(code: str) -> type[ConnectorError]:
    if code in _UNKNOWN_CONTACT:
        return ContactUnknown
    if code in _BAD_CREDENTIALS:
        return Misconfigured
    if code in _PASSING:
        return Transient
    return Refused
