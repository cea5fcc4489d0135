"""What Set and Clear Contact Field write, and what consent has to say about it.

Nothing is switched on for somebody who refuses mail. A permission that is switched off is switched off in Dataverse
first: its row of Spotler Permission would bring it back with the next sync.
"""

from collections.abc import Mapping as Properties, Sequence
from dataclasses import dataclass

from connector.errors import Refused
from connector.jobs.attempt import Attempt
from connector.jobs.operation import DoNotEmail
from connector.mapping import Collection, Mapping
from connector.services import Services
from connector.spotler import CLEARED, PERMISSIONS, Fields, PropertyType
from connector.sync.consent import withdraw


class DoNotBulkEmail(Refused):
    """The record has Do Not Bulk Email, so none of its permissions can be switched on."""

    code = "DO_NOT_BULK_EMAIL"
    advice = "Clear Do Not Bulk Email if the person agrees to such mail, then set the job back to Queued."


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written.

    Attributes:
        properties: the property, by its internal name.
        only_removes: whether it empties a field or switches an item off.
        opens_channel: whether it gives the contact a mobile number, and so something that Spotler would create one for.
        permission: the permission that is switched, empty for anything else.
    """

    properties: Properties[str, object]
    only_removes: bool
    opens_channel: bool = False
    permission: str = ""

    @classmethod
    def of(cls, properties: Properties[str, object], fields: Fields, mapping: Mapping) -> "Write":
        """What a property, in the form in which it goes to Spotler, amounts to."""
        ((name, value),) = properties.items()
        field = fields.find(name)
        if not isinstance(value, list):
            clears = value == CLEARED
            return cls(properties, clears, opens_channel=field.type is PropertyType.MOBILE and not clears)
        (item,) = value
        option = field.option_of_bit(item["bit"])
        reserved = mapping.field_of(Collection.PERMISSIONS) or PERMISSIONS
        is_permission = option is not None and field.name.casefold() == reserved.casefold()
        return cls(properties, not item["enabled"], permission=option.name if option and is_permission else "")


def write_of(attempt: Attempt) -> Write:
    """What the check of the job has found to be written."""
    assert isinstance(attempt.plan, Write)  # noqa: S101 - made by the check
    return attempt.plan


def heed_consent(attempts: Sequence[Attempt], services: Services) -> None:
    """End the attempts that consent forbids, and withdraw in Dataverse what the others switch off."""
    rows = {}
    for attempt in attempts:
        record, write = attempt.known_record, write_of(attempt)
        if write.only_removes and write.permission:
            rows[record.ref] = record.rows_of(write.permission)
            attempt.record = record.without(write.permission)
        elif record.do_not_email and not write.only_removes:
            attempt.fail(DoNotEmail())
        elif record.do_not_bulk_email and write.permission:
            attempt.fail(DoNotBulkEmail())
    refused = withdraw(services, rows)
    for attempt in attempts:
        if error := refused.get(attempt.known_record.ref):
            attempt.fail(error)
