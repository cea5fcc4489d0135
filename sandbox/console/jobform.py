"""The form of a job: the columns that the chosen operation takes, as docs/developers/operations.md lists them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.dataverse.choices import Operation, PromoteTo
from connector.dataverse.names import (
    Account,
    Automation,
    Contact,
    Job,
    Lead,
    MarketingList,
    Visitor,
)
from connector.dataverse.schema import TABLES
from sandbox.console.rows import Party
from sandbox.console.state import State
from sandbox.console.systems import Systems

#: The name of the field that chooses the record; a contact or account is the Customer, a lead the Lead.
RECORD: Final = "record"

_RECORD, _TAG, _SCORE = (RECORD,), (Job.TAG,), (Job.SCORE,)
_AUTOMATION: Final = (Job.AUTOMATION,)
#: What each operation takes, in the order of the form.
TAKES: Final[Mapping[Operation, tuple[str, ...]]] = {
    Operation.SYNC_CONTACT: _RECORD,
    Operation.ADD_TAG: (*_RECORD, *_TAG),
    Operation.REMOVE_TAG: (*_RECORD, *_TAG),
    Operation.SET_SCORE: (*_RECORD, *_TAG, *_SCORE),
    Operation.INCREASE_SCORE: (*_RECORD, *_TAG, *_SCORE),
    Operation.DECREASE_SCORE: (*_RECORD, *_TAG, *_SCORE),
    Operation.START_AUTOMATION: (*_RECORD, *_AUTOMATION, Job.AUTOMATION_FIELDS),
    Operation.STOP_AUTOMATION: (*_RECORD, *_AUTOMATION, Job.AUTOMATION_CONTACT_ID),
    Operation.ADD_TO_AUDIENCE: (*_RECORD, Job.AUDIENCE),
    Operation.REMOVE_FROM_AUDIENCE: (*_RECORD, Job.AUDIENCE),
    Operation.SET_CONTACT_FIELD: (*_RECORD, Job.FIELD_NAME, Job.FIELD_VALUE),
    Operation.CLEAR_CONTACT_FIELD: (*_RECORD, Job.FIELD_NAME),
    Operation.ANONYMIZE_CONTACT: _RECORD,
    Operation.SYNC_MARKETING_LIST: (Job.LIST,),
    Operation.REMOVE_MARKETING_LIST: (Job.LIST,),
    Operation.PROMOTE_VISITOR: (Job.VISITOR, Job.PROMOTE_TO),
    Operation.REFRESH_AUTOMATIONS: (),
    Operation.REFRESH_PERMISSIONS: (),
    Operation.RECONCILE: (),
    Operation.CHECK: (),
}
_NAVIGATION: Final = {
    Contact.TABLE: Job.CUSTOMER_CONTACT_NAVIGATION,
    Account.TABLE: Job.CUSTOMER_ACCOUNT_NAVIGATION,
    Lead.TABLE: Job.LEAD_NAVIGATION,
}
_LOOKUPS: Final = {
    Job.LIST: (Job.LIST_NAVIGATION, MarketingList.SET),
    Job.AUTOMATION: (Job.AUTOMATION_NAVIGATION, Automation.SET),
    Job.VISITOR: (Job.VISITOR_NAVIGATION, Visitor.SET),
}
_HINTS: Final = {
    Job.TAG: "One, or several separated by commas.",
    Job.AUTOMATION_FIELDS: "Replace each type by a value; a field that is left as it is passes nothing.",
    Job.FIELD_NAME: "The internal name, the display name, or field:item for a list field.",
    Job.AUDIENCE: "Its name; one that does not exist is created.",
    Job.AUTOMATION_CONTACT_ID: "Of a run; or leave it empty and choose an automation.",
}
_LONG: Final = {Job.AUTOMATION_FIELDS}
_NUMBERS: Final = {Job.SCORE}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form; with choices it is a list to choose from."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    long: bool = False
    number: bool = False
    choices: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The form for one operation."""

    operation: Operation
    operations: tuple[Operation, ...]
    fields: tuple[Field, ...]


def form(systems: Systems, state: State, everybody: Sequence[Party]) -> Form:
    """The form for the operation of the state, Add Tag if it names none."""
    operation = chosen(state.op)
    choices: dict[str, tuple[tuple[str, str], ...]] = {}
    values = {RECORD: state.r, Job.AUTOMATION: state.auto}
    takes = TAKES[operation]
    if RECORD in takes:
        choices[RECORD] = tuple((each.ref, f"{each.name} · {each.table}") for each in everybody if each.active)
    if Job.LIST in takes:
        choices[Job.LIST] = _rows(systems, MarketingList.TABLE, MarketingList.ID, MarketingList.NAME)
    if Job.VISITOR in takes:
        choices[Job.VISITOR] = _rows(systems, Visitor.TABLE, Visitor.ID, Visitor.NAME)
        choices[Job.PROMOTE_TO] = tuple((str(each.value), each.name.capitalize()) for each in PromoteTo)
    if Job.AUTOMATION in takes:
        automations = systems.dataverse.get(f"rows/{Automation.TABLE}")
        choices[Job.AUTOMATION] = tuple((row[Automation.ID], row[Automation.NAME]) for row in automations)
        template = {row[Automation.ID]: row.get(Automation.FIELDS) or "" for row in automations}
        values[Job.AUTOMATION_FIELDS] = template.get(state.auto, "")
    return Form(operation, tuple(TAKES), tuple(_field(name, values, choices) for name in takes))


def _field(name: str, values: Mapping[str, str], choices: Mapping[str, tuple[tuple[str, str], ...]]) -> Field:
    return Field(
        name=name,
        label="Customer or Lead" if name == RECORD else TABLES[Job.TABLE].column(name).label,
        hint=_HINTS.get(name, ""),
        value=values.get(name, ""),
        long=name in _LONG,
        number=name in _NUMBERS,
        choices=choices.get(name),
    )


def chosen(slug: str) -> Operation:
    """The operation of a slug; Add Tag for one that is unknown."""
    try:
        return Operation.from_slug(slug)
    except KeyError:
        return Operation.ADD_TAG


def row(operation: Operation, entered: Mapping[str, str], subject: str) -> dict[str, Any]:
    """The row of the job that was entered.

    Args:
        operation: what it orders.
        entered: by the name of the field.
        subject: what people call its record or list, for the name of the job.
    """
    made: dict[str, Any] = {
        Job.NAME: f"{operation.label}: {subject}" if subject else operation.label,
        Job.OPERATION: operation.value,
    }
    for name in TAKES[operation]:
        value = entered.get(name, "").strip()
        if not value:
            continue
        if name == RECORD:
            table, _, record_id = value.partition(":")
            made[f"{_NAVIGATION[table]}@odata.bind"] = f"/{TABLES[table].set_name}({record_id})"
        elif name in _LOOKUPS:
            navigation, set_name = _LOOKUPS[name]
            made[f"{navigation}@odata.bind"] = f"/{set_name}({value})"
        elif name in _NUMBERS or name == Job.PROMOTE_TO:
            made[name] = int(value)
        else:
            made[name] = value
    return made


def _rows(systems: Systems, table: str, id_column: str, name_column: str) -> tuple[tuple[str, str], ...]:
    return tuple((row[id_column], row[name_column]) for row in systems.dataverse.get(f"rows/{table}"))
