"""Set and Clear Contact Field: write straight into one Spotler field, outside the normal sync."""

from collections.abc import Callable, Sequence
from typing import Final

from connector.dataverse.choices import Operation as Choice
from connector.errors import Invalid
from connector.jobs.attempt import Attempt
from connector.jobs.model import Job
from connector.jobs.operation import Batch, Needs
from connector.jobs.target_field import find_target
from connector.mapping import Mapping
from connector.spotler import CLEARED, FIELDS_MISSED_TTL, ContactData, Fields, FieldUnknown, parse_text

#: Reads from a job what is to be written.
type PropertyReader = Callable[[Job, Fields, Mapping], dict[str, object]]


class WriteContactField:
    """The field is named by its internal or display name; an item of a list field as `field:item`."""

    needs = Needs.RECORD
    repeatable = True
    one_by_one = False
    accepts_inactive = False
    syncs_first = True

    def __init__(self, choice: Choice, read: PropertyReader, done: str) -> None:
        self.slug = choice.slug
        self._read = read
        self._done = done

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The field exists and may be written, and the value fits its type: an invalid value is never sent."""
        spotler, mapping = batch.services.spotler, batch.services.mapping

        def read(attempt: Attempt) -> dict[str, object]:
            try:
                return self._read(attempt.job, spotler.fields(), mapping)
            except FieldUnknown:  # somebody may have added it to Spotler meanwhile
                return self._read(attempt.job, spotler.fields(max_age=FIELDS_MISSED_TTL), mapping)

        batch.examine(attempts, read)

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One call for a hundred contacts."""
        batch.check_time()
        answers = batch.services.spotler.upsert_contacts([_data(attempt) for attempt in attempts])
        for attempt, answer in zip(attempts, answers, strict=True):
            if answer.error is not None:
                attempt.fail(answer.error)
            else:
                attempt.finish(self._done)


def property_to_set(job: Job, fields: Fields, mapping: Mapping) -> dict[str, object]:
    """The property that Set Contact Field writes, by its internal name.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    if not job.field_name.strip():
        raise Invalid("The job has no field name; fill the column Field Name.")
    if not job.field_value.strip():
        raise Invalid("The job has no field value; to empty a field, use the operation Clear Contact Field.")
    target = find_target(job.field_name, job.table, fields, mapping)
    value = parse_text(target.type, job.field_value)
    return {target.name: value if target.bit is None else [{"bit": target.bit, "enabled": value}]}


def property_to_clear(job: Job, fields: Fields, mapping: Mapping) -> dict[str, object]:
    """The property that Clear Contact Field empties; an item of a list field is switched off.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    if not job.field_name.strip():
        raise Invalid("The job has no field name; fill the column Field Name.")
    target = find_target(job.field_name, job.table, fields, mapping)
    return {target.name: CLEARED if target.bit is None else [{"bit": target.bit, "enabled": False}]}


def _data(attempt: Attempt) -> ContactData:
    assert isinstance(attempt.plan, dict)  # noqa: S101 - made by the check
    return ContactData(attempt.known_record.ref.id, attempt.plan)


SET_CONTACT_FIELD: Final = WriteContactField(Choice.SET_CONTACT_FIELD, property_to_set, "The field was set.")
CLEAR_CONTACT_FIELD: Final = WriteContactField(Choice.CLEAR_CONTACT_FIELD, property_to_clear, "The field was cleared.")
