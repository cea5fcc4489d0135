"""What a job wants to do with a person, and whether consent forbids it.

| Intent | Refused when |
|---|---|
| contact the person: add, change, start | the person may not be mailed |
| switch a permission on | the person may not be mailed, or has Do Not Bulk Email |
| remove, stop, switch a permission off | never |
| sync, anonymise | never: they do what the decision says |

A removal is never refused: no state of a record, of a row or of Spotler Info forbids a withdrawal.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from connector.consent.decision import Decision
from connector.consent.reasons import Reason
from connector.errors import ConnectorError, Invalid, Refused
from connector.outcomes import SKIPPED_DO_NOT_EMAIL, SKIPPED_FILTER, SKIPPED_KEEP_OUT, SKIPPED_NO_EMAIL
from connector.words import Sentence


class Intent(StrEnum):
    """What a job wants."""

    CONTACT = "contact"
    REMOVE = "remove"
    SWITCH_ON = "switch on"
    SWITCH_OFF = "switch off"
    SYNC = "sync"
    ANONYMIZE = "anonymize"


class DoNotEmail(Refused):
    """Do not allow Emails is set on the record, and the job could get it mailed."""

    code = SKIPPED_DO_NOT_EMAIL
    advice = "Clear Do not allow Emails if the person wants to be mailed, then choose Retry."


class DoNotBulkEmail(Refused):
    """Do not allow Bulk Emails is set on the record, so none of its permissions can be switched on."""

    code = "DO_NOT_BULK_EMAIL"
    advice = "Clear Do not allow Bulk Emails if the person agrees to such mail, then choose Retry."


class KeptOut(Refused):
    """Keep Out is set on the Spotler Info of the record, so it may not be in Spotler."""

    code = SKIPPED_KEEP_OUT
    advice = "Clear Keep Out if the person wants to be in Spotler again, then choose Retry."


class NoAddress(Refused):
    """The record has no e-mail address, so it may not be in Spotler."""

    code = SKIPPED_NO_EMAIL
    advice = "Give the record an address, then choose Retry."


class Excluded(Refused):
    """The mapping excludes the record, so nothing may be added to it or started for it."""

    code = SKIPPED_FILTER
    advice = "Change the record or the filter of the mapping, then choose Retry."


class OptedOut(Refused):
    """The contact has opted out in Spotler."""

    code = "CONTACT_OPTOUT"
    advice = "Nothing can be sent to this person until they opt in again."


class PermissionsLost(OptedOut):
    """Spotler had lost the contact, so its permissions were switched off: an opt-out may have been lost with it."""

    code = "CONTACT_MISSING"
    advice = "The contact was made again; if the person wants this, choose Retry."


#: The error of a job that could get a person mailed, by the reason why it must not.
_REFUSALS: Final[Mapping[Reason | None, Callable[[], ConnectorError]]] = {
    Reason.DO_NOT_EMAIL: DoNotEmail,
    Reason.KEEP_OUT: KeptOut,
    Reason.NO_ADDRESS: NoAddress,
    Reason.EXCLUDED: Excluded,
    Reason.DELETED: lambda: Invalid("The customer or lead of the job was deleted."),
    Reason.DEACTIVATED: lambda: Invalid("The customer or lead of the job is deactivated."),
    Reason.MERGED: lambda: Invalid("The customer or lead of the job was merged into another record; use that one."),
    None: OptedOut,
}


def objection(decision: Decision, intent: Intent, *, permission: str = "") -> ConnectorError | None:
    """Why consent forbids a job; None if it does not.

    Args:
        decision: about the person.
        intent: what the job wants.
        permission: the name of the permission that it switches, for the sentence.
    """
    if intent not in (Intent.CONTACT, Intent.SWITCH_ON):
        return None
    if not decision.may_be_mailed:
        return _REFUSALS[decision.reason]()
    if intent is Intent.SWITCH_ON and decision.all_off is not None:
        return DoNotBulkEmail(
            Sentence(
                "Do not allow Bulk Emails is set on the record, so the permission {permission} cannot be switched on.",
                permission=permission,
            )
            if permission
            else ""
        )
    return None
