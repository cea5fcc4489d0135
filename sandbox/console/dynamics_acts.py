"""What a user of Dynamics does: jobs, records, permissions, through the Web API."""

from collections.abc import Mapping
from typing import Any, Final

from connector.dataverse.names import Account, Contact, Flags, Job, Lead, Permission
from connector.dataverse.schema import TABLES
from sandbox.console import jobform
from sandbox.console.acts import Act, Entered, Notice
from sandbox.console.rows import EDITABLE, PARTIES
from sandbox.console.systems import Systems

#: What the form of a new record does without in no table.
_NEEDED: Final = {Contact.TABLE: "lastname", Lead.TABLE: "lastname", Account.TABLE: Account.NAME}
FLAGS: Final = (Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL)
_PERMISSION_OF: Final = {
    Contact.TABLE: Permission.CONTACT_NAVIGATION,
    Lead.TABLE: Permission.LEAD_NAVIGATION,
    Account.TABLE: Permission.ACCOUNT_NAVIGATION,
}


def create_job(systems: Systems, entered: Entered) -> Notice:
    """Save a Spotler Job; that is all that starts it."""
    operation = jobform.chosen(entered.get("op", ""))
    record = entered.get(jobform.RECORD, "")
    subject = entered.get("subject") or (_name(systems, record) if record else "")
    columns = {**entered, Job.AUTOMATION: entered.get("auto", "")}
    job = systems.people.create(Job.SET, jobform.row(operation, columns, subject))
    shows = {"s": "contact", "c": ""} if record else {}
    return Notice(f"The job {operation.label} was saved.", go={"d": "job", "j": job, "r": record} | shows)


def create_record(systems: Systems, entered: Entered) -> Notice:
    """Create a contact, lead or account."""
    table = entered["table"]
    needed = _NEEDED[table]
    if not entered.get(needed, "").strip():
        raise ValueError(f"Enter the {TABLES[table].column(needed).label.lower()}.")
    created = systems.people.create(TABLES[table].set_name, _columns(table, entered, filled=True))
    return Notice(f"The {table} was created.", go={"d": "record", "r": f"{table}:{created}", "s": "contact", "c": ""})


def update_record(systems: Systems, entered: Entered) -> Notice:
    """Save the form of a record; only what was changed is sent, as a form does."""
    table, record = _reference(entered)
    before = systems.people.read(TABLES[table].set_name, record)
    after = _columns(table, entered) | {flag: flag in entered for flag in FLAGS}
    changed = {name: value for name, value in after.items() if (before.get(name) or None) != (value or None)}
    if not changed:
        return Notice("Nothing was changed.", go={"d": "record"})
    systems.people.update(TABLES[table].set_name, record, changed)
    labels = ", ".join(TABLES[table].column(name).label for name in changed)
    return Notice(f"Saved: {labels}.", go={"d": "record"})


def switch_record(systems: Systems, entered: Entered) -> Notice:
    """Deactivate a record, or activate it."""
    table, record = _reference(entered)
    state = int(entered["state"])
    status = next(status for status, of in TABLES[table].status_state.items() if of == state)
    systems.people.update(TABLES[table].set_name, record, {Flags.STATE: state, Flags.STATUS: status})
    return Notice("The record was deactivated." if state else "The record was activated.")


def delete_record(systems: Systems, entered: Entered) -> Notice:
    """Delete a record."""
    table, record = _reference(entered)
    systems.people.delete(TABLES[table].set_name, record)
    return Notice(f"The {table} was deleted.", go={"d": "people", "r": ""})


def merge_records(systems: Systems, entered: Entered) -> Notice:
    """Merge another record of the same table into this one."""
    table, record = _reference(entered)
    systems.people.merge(table, record, entered["other"].partition(":")[2], {})
    return Notice("The records were merged; the other one was deactivated.", go={"d": "record"})


def switch_permission(systems: Systems, entered: Entered) -> Notice:
    """Subscribe or unsubscribe, on a row of Spotler Permission."""
    on = entered["on"] == "1"
    systems.people.update(Permission.SET, entered["permission"], {Permission.SUBSCRIBED: on})
    return Notice("Subscribed." if on else "Unsubscribed.")


def add_permission(systems: Systems, entered: Entered) -> Notice:
    """Give a record a row of Spotler Permission."""
    table, record = _reference(entered)
    bind = f"{_PERMISSION_OF[table]}@odata.bind"
    row = {Permission.NAME: entered["name"], Permission.SUBSCRIBED: True, bind: f"/{TABLES[table].set_name}({record})"}
    systems.people.create(Permission.SET, row)
    return Notice(f"Subscribed to {entered['name']}.")


ACTS: Final[Mapping[str, Act]] = {
    "create-job": create_job,
    "create-record": create_record,
    "update-record": update_record,
    "switch-record": switch_record,
    "delete-record": delete_record,
    "merge-records": merge_records,
    "switch-permission": switch_permission,
    "add-permission": add_permission,
}


def _reference(entered: Entered) -> tuple[str, str]:
    table, _, record = entered["record"].partition(":")
    if table not in PARTIES:
        raise ValueError("Choose a record first.")
    return table, record


def _columns(table: str, entered: Entered, *, filled: bool = False) -> dict[str, Any]:
    values = {name: entered[name].strip() or None for name in EDITABLE[table] if name in entered}
    return {name: value for name, value in values.items() if value or not filled}


def _name(systems: Systems, reference: str) -> str:
    table, _, record = reference.partition(":")
    row = systems.people.read(TABLES[table].set_name, record)
    return str(row.get(PARTIES[table]) or "")
