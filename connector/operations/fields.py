"""Set and Clear Contact Field: write straight into one Spotler field, outside the normal sync."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, override

from connector.consent import Intent, Item
from connector.dataverse.choices import Operation as Choice
from connector.dataverse.names import Job as Names
from connector.errors import Invalid
from connector.mapping.values import typed
from connector.operations.context import Context, ended
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation, Task, each_job
from connector.operations.refused_since import refused_since
from connector.operations.results import Done, Failed, Result
from connector.operations.target_field import find_target, is_lasting
from connector.spotler import (
    CLEARED,
    FIELDS_MISSED_TTL,
    ContactData,
    ContactUnknown,
    Fields,
    PropertyType,
    to_spotler,
)
from connector.sync.permissions.job_switches import JobSwitch, record_opt_ins, record_opt_outs
from connector.words import Sentence

#: Spotler's code for a contact that it could reach in no way.
NO_CHANNEL: Final = "NO_ACTIVE_CHANNEL"

if TYPE_CHECKING:
    from connector.mapping import Mapping as FieldMapping


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """What is to be written.

    Attributes:
        properties: the property, by its internal name.
        only_removes: whether it empties a field or switches an item off.
        opens_channel: whether it gives the contact a mobile number, and so something that Spotler would create one for.
        permission: the permission that is switched; None for anything else.
    """

    properties: Mapping[str, object]
    only_removes: bool
    opens_channel: bool = False
    permission: Item | None = None

    @property
    def intent(self) -> Intent:
        """What it means for the person."""
        if self.permission:
            return Intent.SWITCH_OFF if self.only_removes else Intent.SWITCH_ON
        return Intent.REMOVE if self.only_removes else Intent.CONTACT

    @classmethod
    def of(cls, properties: Mapping[str, object], fields: Fields, permission_fields: Collection[str]) -> FieldWrite:
        """What a property, in the form in which it goes to Spotler, amounts to.

        Args:
            properties: the property, by its internal name.
            fields: the account's fields.
            permission_fields: the fields that hold permissions of such a record.
        """
        ((name, value),) = properties.items()
        field = fields.find(name)
        if not isinstance(value, list):
            clears = value == CLEARED
            return cls(properties, clears, opens_channel=field.type is PropertyType.MOBILE and not clears)
        (item,) = value
        option = field.option_of_bit(item["bit"])
        is_permission = field.name.casefold() in {each.casefold() for each in permission_fields}
        if option is None or not is_permission:
            return cls(properties, not item["enabled"])
        return cls(properties, not item["enabled"], permission=option)


class FieldOperation(JobOperation[FieldWrite]):
    """The field is named by its internal or display name; an item of a list field as `field:item`."""

    syncs_first = True
    done: str
    post: str

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, FieldWrite | Exception]:
        """The field exists and may be written, and the value fits its type: an invalid value is never sent."""
        checked = each_job(jobs, self._check)
        filled = [job for job in jobs if checked[job.id] is None]
        refused = {job: problem for job, problem in checked.items() if problem is not None}
        if not filled:
            return refused
        spotler, mapping = context.services.spotler, context.services.mapping
        fields = spotler.fields()
        if not all(is_lasting(job.field_name, fields) for job in filled):
            fields = spotler.fields(max_age=FIELDS_MISSED_TTL)  # somebody may have renamed or added one meanwhile

        def write(job: JobRow) -> FieldWrite:
            return FieldWrite.of(self._property(job, fields, mapping), fields, mapping.permission_fields(job.table))

        return refused | each_job(filled, write)

    @override
    def intent(self, plan: FieldWrite) -> Intent:
        """It depends on the field and on the value."""
        return plan.intent

    @override
    def permission(self, plan: FieldWrite) -> Item | None:
        """The permission that is switched."""
        return plan.permission

    @override
    def perform(self, tasks: Sequence[Task[FieldWrite]], context: Context) -> Mapping[str, Result]:
        """One call for a hundred contacts."""
        late = refused_since(tasks, context)
        tasks = [task for task in tasks if task.job.id not in late]
        single = [task for task in tasks if task.plan.opens_channel]
        together = [task for task in tasks if not task.plan.opens_channel]
        began = context.services.now()
        results = self._update(together, context)
        done = [task for task in together if isinstance(results.get(task.job.id), Done)]
        results |= _rows_follow(done, context, began)
        return late | results | context.each(single, lambda task: self._put(task, context))

    def _update(self, tasks: Sequence[Task[FieldWrite]], context: Context, *, again: bool = False) -> dict[str, Result]:
        """Write what Spotler does not create a contact for; contacts that it has lost are sent again first."""
        if not tasks:
            return {}
        tasks, results = context.allowed(tasks)
        lost = []
        contacts = [ContactData(task.known_record.ref.id, task.plan.properties) for task in tasks]
        for task, answer in zip(tasks, context.services.spotler.update_contacts(contacts), strict=True):
            if answer.error is None:
                results[task.job.id] = self._done(task.job)
            elif not again and (isinstance(answer.error, ContactUnknown) or answer.code == NO_CHANNEL):
                lost.append(task)  # or it is there but not found; the call after sending it again shows which
            else:
                results[task.job.id] = ended(task, answer.error)
        missing = context.send_lost(lost)
        back = [task for task in lost if task.job.id not in missing]
        return results | missing | self._update(back, context, again=True)

    def _put(self, task: Task[FieldWrite], context: Context) -> Done:
        """Write what Spotler would otherwise create a contact for: the call says that there must be one."""
        spotler = context.services.spotler
        context.for_contact(task.known_record, lambda contact: spotler.update_contact(contact, task.plan.properties))
        return self._done(task.job)

    def _done(self, job: JobRow) -> Done:
        """The post names the field and never its value."""
        return Done(self.done, post=Sentence(self.post, name=job.field_name.strip()))

    @abstractmethod
    def _check(self, job: JobRow) -> None:
        """The columns that the job needs are filled."""

    @abstractmethod
    def _property(self, job: JobRow, fields: Fields, mapping: FieldMapping) -> dict[str, object]:
        """What is written, by the internal name of the field."""


class SetContactField(FieldOperation):
    """A value in the form in which users write it."""

    choice = Choice.SET_CONTACT_FIELD
    required = (Names.FIELD_NAME, Names.FIELD_VALUE)
    done = "The field was set."
    post = "Spotler field set: {name}"

    @override
    def _check(self, job: JobRow) -> None:
        filled(job)

    @override
    def _property(self, job: JobRow, fields: Fields, mapping: FieldMapping) -> dict[str, object]:
        return property_to_set(job, fields, mapping)


class ClearContactField(FieldOperation):
    """The field is emptied; an item of a list field is switched off."""

    choice = Choice.CLEAR_CONTACT_FIELD
    required = (Names.FIELD_NAME,)
    done = "The field was cleared."
    post = "Spotler field cleared: {name}"

    @override
    def _check(self, job: JobRow) -> None:
        named(job)

    @override
    def _property(self, job: JobRow, fields: Fields, mapping: FieldMapping) -> dict[str, object]:
        return property_to_clear(job, fields, mapping)


def _rows_follow(tasks: Sequence[Task[FieldWrite]], context: Context, began: datetime) -> dict[str, Result]:
    """Permissions are in Dataverse as they are in Spotler now; the results of those where that failed."""
    ended = context.services.now()
    switched = {
        intent: [
            JobSwitch(task.job.id, task.known_record, task.permission, began, ended)
            for task in tasks
            if task.permission is not None and task.intent is intent
        ]
        for intent in (Intent.SWITCH_ON, Intent.SWITCH_OFF)
    }
    failed = record_opt_ins(context.services, switched[Intent.SWITCH_ON])
    # Both systems have what is switched off. A job that ran again for the note would undo what was agreed to since.
    record_opt_outs(context.services, switched[Intent.SWITCH_OFF])
    return {job: Failed(error) for job, error in failed.items()}


OPERATIONS: Final = (SetContactField(), ClearContactField())


def named(job: JobRow) -> None:
    """The job says which field.

    Raises:
        Invalid: it does not.
    """
    if not job.field_name.strip():
        raise Invalid("The job has no field name; fill the column Field Name.")


def filled(job: JobRow) -> None:
    """The job says which field, and what to write into it.

    Raises:
        Invalid: it does not.
    """
    named(job)
    if not job.field_value.strip():
        raise Invalid("The job has no field value; to empty a field, use the operation Clear Contact Field.")


def property_to_set(job: JobRow, fields: Fields, mapping: FieldMapping) -> dict[str, object]:
    """The property that Set Contact Field writes, by its internal name.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    filled(job)
    target = find_target(job.field_name, job.table, fields, mapping)
    value = typed(target.type, job.field_value, mapping.times.zone)
    return {target.name: value if target.bit is None else [{"bit": target.bit, "enabled": value}]}


def property_to_clear(job: JobRow, fields: Fields, mapping: FieldMapping) -> dict[str, object]:
    """The property that Clear Contact Field empties; an item of a list field is switched off.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    named(job)
    target = find_target(job.field_name, job.table, fields, mapping)
    cleared = to_spotler(target.type, None) if target.bit is None else [{"bit": target.bit, "enabled": False}]
    return {target.name: cleared}
