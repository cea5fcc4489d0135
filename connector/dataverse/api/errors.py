"""What Dataverse's refusals mean.

    Transient
    ├── NotDataverse        an answer that the Web API does not give: a gateway, a page to sign in, a wrong address
    └── Locked              another customisation runs: a 429 that is no throttling

    Refused
    └── DataverseRefused    any other refusal
        ├── NotFound        the row does not exist
        ├── Conflict        the row was changed meanwhile, or it exists already
        ├── Duplicate       a row with this key exists
        └── Forbidden       the connector's user lacks a privilege

Throttling and faults of the server become `Transient`; a token refused twice, an application without a user and a table
that does not exist `Misconfigured`. An answer without the error object of the Web API is never a refusal.

Messages of Dataverse and of customers' plug-ins may quote values of a record, so they are not passed on. Two kinds of
names are picked from them: the privilege that is missing, and columns that the call used.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from connector.dataverse.api.sign_in import refused_token, without_user
from connector.errors import ConnectorError, Misconfigured, Refused, Transient, Unclear
from connector.http import SYSTEM_CLOCK, retry_after
from connector.words import Sentence, marked

#: The name of a privilege: prvWriteContact, prvReaddh_SpotlerJob.
_PRIVILEGE: Final = re.compile(r"\bprv[A-Z]\w{1,100}\b", re.ASCII)
#: How many columns are named: a row that Dataverse cannot read at all would name them all.
_COLUMNSNAMED: Final = 5


class NotDataverse(Transient):
    """DATAVERSE_URL did not answer like Dataverse."""

    code = "DATAVERSE_URL"
    advice = "The connector retries; if this persists, check DATAVERSE_URL."


class DataverseRefused(Refused):
    """Dataverse refused the work.

    Attributes:
        status: of the answer.
        dataverse_code: "0x…", or empty.
        request_id: of Dataverse, for Microsoft's support; or empty.
        lasting: whether the answer names a cause that does not pass by itself.
    """

    code = "DATAVERSE_REFUSED"

    def __init__(
        self,
        sentence: str = "",
        *,
        code: str = "",
        advice: str = "",
        on_row: str = "",
        status: int = 0,
        dataverse_code: str = "",
        request_id: str = "",
        lasting: bool = False,
    ) -> None:
        super().__init__(sentence, code=code, advice=advice, on_row=on_row)
        self.status = status
        self.dataverse_code = dataverse_code
        self.request_id = request_id
        self.lasting = lasting


class UnknownName(Misconfigured):
    """Dataverse does not know a table, column or option that the connector names."""

    advice = (
        "Install the tables and columns of the connector in this environment, and compare the mapping with its tables."
    )


class NotFound(DataverseRefused):
    """The row does not exist in Dataverse, or the connector's user may not see it."""

    code = "DATAVERSE_NOT_FOUND"
    advice = "Check whether the row was deleted."


class Locked(Transient):
    """Somebody else is customising this environment, or importing or publishing."""

    code = "DATAVERSE_LOCKED"
    advice = "Wait until it has ended (Solutions, See history), then try again."


class Conflict(DataverseRefused):
    """The row was changed in Dataverse meanwhile, or it exists already."""

    code = "DATAVERSE_CONFLICT"
    advice = "Nothing to do: the connector reads the row again."


class Duplicate(DataverseRefused):
    """Dataverse has a row with this key already."""

    code = "DATAVERSE_DUPLICATE"
    advice = "Find the row with the same key; merge the two or correct the key."


class Forbidden(DataverseRefused):
    """The connector's user lacks a privilege in Dataverse."""

    code = "DATAVERSE_FORBIDDEN"
    advice = "Give the application user of the connector a role with this privilege."


#: What the platform itself answers where a privilege is missing, and no plug-in (PrivilegeDenied).
_PRIVILEGE_DENIED: Final = "0x80040220"

#: What a code of Dataverse means to us ("Web service error codes" in the documentation of Power Apps).
_BY_CODE: Final[Mapping[str, type[DataverseRefused]]] = {
    "0x80040217": NotFound,  # ObjectDoesNotExist
    "0x80060891": NotFound,  # no row for this alternate key
    "0x80060882": Conflict,  # ConcurrencyVersionMismatch
    "0x80060892": Duplicate,  # DuplicateRecordEntityKey
    "0x80040237": Duplicate,  # DuplicateRecord
    _PRIVILEGE_DENIED: Forbidden,
}
_BY_STATUS: Final[Mapping[int, type[DataverseRefused]]] = {403: Forbidden, 404: NotFound, 409: Duplicate, 412: Conflict}

#: Plain refusals that have a name and an advice of their own, by the code of Dataverse.
NAMED: Final[Mapping[str, tuple[str, str]]] = {
    "0x80040265": (
        "DATAVERSE_PLUGIN_REFUSED",
        marked("A plug-in or workflow of this environment stopped the change; its trace log says why."),
    ),
    "0x8004431a": ("DATAVERSE_CHOICE_OUT_OF_RANGE", marked("Compare the choices of the column with the mapping.")),
    "0x80048d19": (
        "DATAVERSE_PAYLOAD_NOT_VALID",
        marked("Compare the columns of the mapping, and their types, with the table."),
    ),
}

#: What a code looks like: a number of Windows.
_CODE: Final = re.compile("0x[0-9a-f]{1,8}")

#: The address names a table or column that the environment does not have.
_UNKNOWN_NAME: Final = ("0x8006088a", "0x80060888")

#: The token is good, but its application has no user in this environment.
_NO_USER: Final = "0x80072560"

#: Its message says whether it passes: of definitions that are too new it says one of these (dataverse-setup,
#: section 23), of anything else what is wrong with the call ("Invalid layout xml").
_UNEXPECTED: Final = "0x80040216"
_PASSES: Final = re.compile(
    "unexpected error|metadata ?cache|invalid property|try again|being processed", re.IGNORECASE
)

#: Only one customisation, import or publication runs at a time.
_LOCKED: Final = ("0x80071151", "0x80071154", "0x80071155", "0x80090412")


def missing_privilege(text: str) -> str:
    """The first privilege that a text names; empty for none."""
    found = _PRIVILEGE.search(text)
    return found[0] if found else ""


def is_lock(status: int, content: bytes) -> bool:
    """Whether an answer says that another customisation runs. It is no throttling, and trying again at once is vain."""
    error = _standard_error(decoded(content)) if status == 429 or status >= 500 else None
    return error is not None and error[0] in _LOCKED


def refusal(
    status: int, headers: Mapping[str, str], body: object, call: str, *, columns: Iterable[str] = ()
) -> ConnectorError:
    """The error for an answer that is not a success.

    Args:
        status: of the answer.
        headers: of the answer, with names in lower case or indifferent to case.
        body: the decoded JSON, or anything else where it was none.
        call: method and route, as they may be logged.
        columns: names that the call used; those that the message mentions are named in the sentence.
    """
    if status == 401:
        return refused_token(call)
    if status == 429 or status >= 500:
        return _busy(status, headers, body, call)
    error = _standard_error(body)
    if error is None or (status == 404 and not error[0]):
        return NotDataverse(
            Sentence("DATAVERSE_URL did not answer {call} like Dataverse ({status}).", call=call, status=status)
        )
    code, message = error
    if code in _UNKNOWN_NAME:
        return UnknownName(
            Sentence(
                "Dataverse does not know a table, column or option that the connector names, in {call} ({code}).",
                call=call,
                code=code,
            )
        )
    if code == _NO_USER:
        return without_user(call, code)
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, DataverseRefused)
    name, advice = NAMED.get(code, ("", "")) if kind is DataverseRefused else ("", "")
    answered = f"{status} ({code})" if code else str(status)
    said = [Sentence("Dataverse answered {status} to {call}.", status=answered, call=call)]
    on_row = said[0]
    if kind is not DataverseRefused:
        on_row = kind.default_sentence()
        said.insert(0, on_row)
    if code == _PRIVILEGE_DENIED and (privilege := missing_privilege(message)):
        said.append(Sentence("Missing privilege: {name}.", name=privilege))
        on_row = Sentence("The connector's user lacks the privilege {name} in Dataverse.", name=privilege)
    elif kind in (DataverseRefused, Duplicate) and (mentioned := _mentioned(columns, message)):
        names = ", ".join(mentioned)
        said.append(Sentence("It mentions {names}.", names=names))
        if kind is DataverseRefused:
            on_row = Sentence("Dataverse answered {status}, and mentions {names}.", status=answered, names=names)
    return kind(
        Sentence.joined(*said),
        code=name,
        advice=advice,
        on_row=on_row,
        status=status,
        dataverse_code=code,
        request_id=headers.get("x-ms-service-request-id") or headers.get("req_id") or "",
        lasting=code == _UNEXPECTED and not _PASSES.search(message),
    )


def _busy(status: int, headers: Mapping[str, str], body: object, call: str) -> Transient:
    """The error for a 429 or 5xx."""
    error = _standard_error(body)
    if error is not None and error[0] in _LOCKED:
        return Locked(
            Sentence(
                "{locked} Dataverse answered {status} ({code}) to {call}.",
                locked=Locked.default_sentence(),
                status=status,
                code=error[0],
                call=call,
            ),
            on_row=Locked.default_sentence(),
        )
    wait = retry_after(headers.get("retry-after"), SYSTEM_CLOCK)  # inside a batch, no transport has read it
    return Transient(Sentence("Dataverse answered {status} to {call}.", status=status, call=call), retry_after=wait)


def not_dataverse(call: str, *, repeatable: bool = True) -> Transient:
    """The error for a success that Dataverse does not answer: it comes from a proxy, or is a page to sign in."""
    error = NotDataverse(Sentence("DATAVERSE_URL did not answer {call} like Dataverse.", call=call))
    return unclear_unless(error, repeatable=repeatable)


def unclear_unless[E: ConnectorError](error: E, *, repeatable: bool) -> E | Unclear:
    """The error of a call that was sent: where it must not be repeated, only a refusal or a 429 proves no effect."""
    if isinstance(error, Transient) and not repeatable:
        return Unclear(error.sentence, code=error.result_code, retry_after=error.retry_after)
    return error


def decoded(content: bytes) -> object:
    """The JSON in a body; None where it is empty or something else."""
    try:
        value: object = json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None
    return value


def _mentioned(columns: Iterable[str], message: str) -> list[str]:
    """The columns that a message names; nothing else of it may be passed on."""
    return [column for column in columns if re.search(rf"\b{re.escape(column)}\b", message)][:_COLUMNSNAMED]


def _standard_error(body: object) -> tuple[str, str] | None:
    """Code (in lower case) and message of the Web API's error object; None if this is none.

    What does not look like a code could be a value of a record, and is no code.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return None
    code, message = error.get("code"), error.get("message")
    if not isinstance(code, str) or not isinstance(message, str):
        return None
    code = code.lower()
    return code if _CODE.fullmatch(code) else "", message
