"""What each of Spotler's codes means for people, and what to do about it.

Spotler answers with a code and a message. The message may repeat values of a contact, so it is never shown or logged;
these sentences are. Three families of codes share one table, because they hardly overlap and mean the same where they
do: error types of single calls, codes of contacts in a batch, and results of triggers.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connector.outcomes import Meaning

#: Every code that Spotler publishes and the connector can meet; docs/codes.md is generated from it.
MEANINGS: Final[Mapping[str, Meaning]] = MappingProxyType({
    "INVALID_PARAMS": Meaning(
        "Spotler does not accept a part of the call.",
        "Look for an empty or too long value in the job, then choose Retry.",
    ),
    "INVALID_STATE": Meaning(
        "Spotler cannot do this in the present state of the object.",
        "Look it up in Spotler: it may be inactive, finished, in use, or already running for this contact.",
    ),
    "INVALID_PROPERTY": Meaning(
        "Spotler refused a contact field or its value.",
        "Compare the mapping and the record with the contact fields in Spotler, then choose Retry.",
    ),
    "PROPERTY_INVALID": Meaning(
        "Spotler refused a contact field or its value.",
        "Compare the mapping and the record with the contact fields in Spotler, then choose Retry.",
    ),
    "NAME_ALREADY_IN_USE": Meaning("The name is already in use in Spotler.", "Choose another name, then choose Retry."),
    "ID_NOTUNIQUE": Meaning(
        "The id is already in use in Spotler.", "Look in Spotler for an older object with this id or name."
    ),
    "AUTH_NOT_FOUND": Meaning(
        "Spotler does not know the consumer key, or did not accept the signature.",
        "Check SPOTLER_KEY, SPOTLER_SECRET and the clock of the machine.",
    ),
    "NOT_AUTHORIZED": Meaning(
        "Spotler did not accept the consumer key and secret.",
        "Check SPOTLER_KEY, SPOTLER_SECRET and the clock of the machine.",
    ),
    "CONTACT_NOT_FOUND": Meaning("Spotler does not know the contact.", "Sync the record first, then choose Retry."),
    "CONTACT_NOTFOUND": Meaning("Spotler does not know the contact.", "Sync the record first, then choose Retry."),
    "CONTACT_UNKNOWN": Meaning("Spotler does not know the contact.", "Sync the record first, then choose Retry."),
    "CONTACT_ALREADY_EXISTS": Meaning(
        "Spotler already has this contact under another record.",
        "Look for a second record with the same e-mail address; merge the two or deactivate one.",
    ),
    "CONTACT_OPTOUT": Meaning(
        "The contact has opted out in Spotler.", "Nothing can be sent to this person until they opt in again."
    ),
    "NO_ACTIVE_CHANNEL": Meaning(
        "The contact cannot be reached: no usable e-mail address or mobile number.",
        "Give the record a working e-mail address, then choose Retry.",
    ),
    "RESOURCE_NOT_FOUND": Meaning(
        "Spotler does not know the object that the job names.", "Check whether it still exists in Spotler."
    ),
    "TRIGGER_NOTFOUND": Meaning(
        "Spotler does not know the trigger.", "Refresh the automations and choose the automation again in a new job."
    ),
    "CAMPAIGN_NOTFOUND": Meaning("Spotler does not know the campaign.", "Refresh the automations."),
    "PRODUCT_NOTFOUND": Meaning(
        "Spotler does not know a product that the job names.", "Correct the product ids of the job, then choose Retry."
    ),
    "ORDER_NOTFOUND": Meaning("Spotler does not know the order.", "Check whether it still exists in Spotler."),
    "MAILING_NOTFOUND": Meaning("Spotler does not know the mailing.", "Check whether it still exists in Spotler."),
    "INVALID_MAILING": Meaning("The mailing has another type than the call expects.", "Report it to the maintainers."),
    "FORM_NOT_FOUND": Meaning("Spotler does not know the form.", "Check whether it still exists in Spotler."),
    "FORMRESULT_NOT_FOUND": Meaning("Spotler does not know the answer to the form.", "Nothing to do."),
    "BACKEND_EXCEPTION": Meaning("Spotler had an internal error.", "Nothing to do: the connector retries."),
    "ERROR": Meaning("Spotler could not write the contact.", "Nothing to do: the connector retries."),
    "NOT_TRIGGERED": Meaning(
        "Spotler knows the trigger but started no automation.",
        "Check in Spotler whether the automation is active and whether the contact may take part (again).",
    ),
    "AUTOMATION_INACTIVE": Meaning(
        "The automation is not active.", "Publish and activate it in Spotler, then choose Retry."
    ),
    "PARTICIPATION_LIMIT_REACHED": Meaning(
        "The contact has already taken part in the automation as often as it allows.",
        "Raise the limit in Spotler if the contact should take part again.",
    ),
    "SPOTLER_AUDIENCE_REFUSED": Meaning(
        "Spotler refused the audience: its name is empty, too long or in use, or there are too many audiences.",
        "Choose another name, or delete unused audiences, then choose Retry.",
    ),
    "SPOTLER_CODE_UNREADABLE": Meaning(
        "Spotler refused the call with something that does not look like a code.", "Report it to the maintainers."
    ),
    "UNKNOWN": Meaning(
        "Spotler does not say whether the automation was started.",
        "Look at the report of the automation in Spotler before you run the job again.",
    ),
})  # fmt: skip

#: `SPOTLER_HTTP_` and a status: Spotler refused the call and gave no code.
HTTP_PREFIX: Final = "SPOTLER_HTTP_"
