"""Set and Clear Contact Field: write straight into one Spotler field, outside the normal sync."""

from collections.abc import Callable, Sequence
from typing import Final

from connector.dataverse.choices import Operation as Choice
from connector.errors import Invalid
from connector.mapping import Mapping
from connector.mapping.values import typed
from connector.operations.attempt import Attempt
from connector.operations.field_write import Write, write_of
from connector.operations.job import Job
from connector.operations.operation import Accepts, Batch, Needs
from connector.operations.target_field import find_target, is_lasting
from connector.spotler import FIELDS_MISSED_TTL, ContactData, ContactUnknown, Fields, to_spotler

#: Spotler's code for a contact that it could reach in no way.
NO_CHANNEL: Final = "NO_ACTIVE_CHANNEL"

#: Reads from a job what is to be written.
type PropertyReader = Callable[[Job, Fields, Mapping], dict[str, object]]


class WriteContactField:
    """The field is named by its internal or display name; an item of a list field as `field:item`."""

    needs = Needs.RECORD
    repeatable = True
    accepts = Accepts.FIT
    syncs_first = True

    def __init__(self, choice: Choice, filled: Callable[[Job], None], read: PropertyReader, verb: str) -> None:
        self.slug = choice.slug
        self._filled = filled
        self._read = read
        self._verb = verb

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The field exists and may be written, and the value fits its type: an invalid value is never sent."""
        batch.examine(attempts, lambda attempt: self._filled(attempt.job))
        filled = [attempt for attempt in attempts if attempt.is_open]
        if not filled:
            return
        spotler, mapping = batch.services.spotler, batch.services.mapping
        fields = spotler.fields()
        if not all(is_lasting(attempt.job.field_name, fields) for attempt in filled):
            fields = spotler.fields(max_age=FIELDS_MISSED_TTL)  # somebody may have renamed or added one meanwhile

        def read(attempt: Attempt) -> Write:
            properties = self._read(attempt.job, fields, mapping)
            return Write.of(properties, fields, mapping.permission_fields(attempt.job.table))

        batch.examine(filled, read)

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One call for a hundred contacts."""
        self._update([attempt for attempt in attempts if not write_of(attempt).opens_channel], batch)
        batch.each(
            [attempt for attempt in attempts if write_of(attempt).opens_channel], lambda each: self._put(each, batch)
        )

    def _update(self, attempts: Sequence[Attempt], batch: Batch, *, again: bool = False) -> None:
        """Write what Spotler does not create a contact for; contacts that it has lost are sent again first."""
        if not attempts:
            return
        batch.check_time()
        lost = []
        contacts = [ContactData(attempt.known_record.ref.id, write_of(attempt).properties) for attempt in attempts]
        for attempt, answer in zip(attempts, batch.services.spotler.update_contacts(contacts), strict=True):
            if answer.error is None:
                self._finish(attempt)
            elif not again and (isinstance(answer.error, ContactUnknown) or answer.code == NO_CHANNEL):
                lost.append(attempt)  # or there, but in no way to be reached: Spotler tells after it was sent again
            else:
                attempt.fail(answer.error)
        self._update(batch.send(lost), batch, again=True)

    def _put(self, attempt: Attempt, batch: Batch) -> None:
        """Write what Spotler would create a contact for, were it not told that there must be one."""
        write = write_of(attempt)
        batch.for_contact(
            attempt.known_record, lambda contact: batch.services.spotler.update_contact(contact, write.properties)
        )
        self._finish(attempt)

    def _finish(self, attempt: Attempt) -> None:
        """The post names the field and never its value."""
        attempt.finish(
            f"The field was {self._verb}.", post=f"Spotler field {self._verb}: {attempt.job.field_name.strip()}"
        )


def named(job: Job) -> None:
    """The job says which field.

    Raises:
        Invalid: it does not.
    """
    if not job.field_name.strip():
        raise Invalid("The job has no field name; fill the column Field Name.")


def filled(job: Job) -> None:
    """The job says which field, and what to write into it.

    Raises:
        Invalid: it does not.
    """
    named(job)
    if not job.field_value.strip():
        raise Invalid("The job has no field value; to empty a field, use the operation Clear Contact Field.")


def property_to_set(job: Job, fields: Fields, mapping: Mapping) -> dict[str, object]:
    """The property that Set Contact Field writes, by its internal name.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    filled(job)
    target = find_target(job.field_name, job.table, fields, mapping)
    value = typed(target.type, job.field_value, mapping.times.zone)
    return {target.name: value if target.bit is None else [{"bit": target.bit, "enabled": value}]}


def property_to_clear(job: Job, fields: Fields, mapping: Mapping) -> dict[str, object]:
    """The property that Clear Contact Field empties; an item of a list field is switched off.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    named(job)
    target = find_target(job.field_name, job.table, fields, mapping)
    cleared = to_spotler(target.type, None) if target.bit is None else [{"bit": target.bit, "enabled": False}]
    return {target.name: cleared}


SET_CONTACT_FIELD: Final = WriteContactField(Choice.SET_CONTACT_FIELD, filled, property_to_set, "set")
CLEAR_CONTACT_FIELD: Final = WriteContactField(Choice.CLEAR_CONTACT_FIELD, named, property_to_clear, "cleared")
