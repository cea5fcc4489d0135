"""Rows of the Dynamics side as the console shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connector.dataverse.choices import ContactStatus, JobStatus, Operation
from connector.dataverse.names import Account, Contact, Flags, Info, Job, Lead, Permission, lookup_value
from connector.dataverse.schema import TABLES, Kind
from sandbox.console.formats import day_time
from sandbox.console.systems import Door

type Row = Mapping[str, Any]

#: The tables whose records become contacts, with the column that names them.
PARTIES: Final = {Contact.TABLE: "fullname", Lead.TABLE: "fullname", Account.TABLE: Account.NAME}
#: The columns of each table that the form of a record shows.
EDITABLE: Final[Mapping[str, tuple[str, ...]]] = {
    Contact.TABLE: ("firstname", "lastname", "emailaddress1", "jobtitle", "mobilephone", "address1_city"),
    Lead.TABLE: ("subject", "firstname", "lastname", "emailaddress1", Lead.COMPANY, "address1_city"),
    Account.TABLE: (Account.NAME, "emailaddress1", "telephone1", Account.WEBSITE, "address1_city"),
}
#: Columns that say nothing to people who look at a record.
_DULL: Final = {
    "versionnumber",
    "statecode",
    "statuscode",
    "fullname",
    "merged",
    "donotphone",
    "createdon",
    "modifiedon",
}


@dataclass(frozen=True, slots=True)
class PermissionView:
    """A row of Spotler Permission."""

    id: str
    name: str
    subscribed: bool
    active: bool


@dataclass(frozen=True, slots=True)
class InfoView:
    """The Spotler Info of a record."""

    active: bool
    last_status: str
    contact_status: str
    last_sync: str
    last_error: str
    gone: bool
    keep_out: bool


@dataclass(frozen=True, slots=True)
class Party:
    """A contact, lead or account."""

    table: str
    id: str
    name: str
    email: str
    active: bool
    merged: bool
    no_email: bool
    no_bulk: bool
    columns: tuple[tuple[str, str], ...]
    info: InfoView | None
    permissions: tuple[PermissionView, ...]

    @property
    def ref(self) -> str:
        """What an address calls it."""
        return f"{self.table}:{self.id}"


@dataclass(frozen=True, slots=True)
class JobView:
    """A row of Spotler Job."""

    id: str
    number: str
    name: str
    operation: str
    status: JobStatus
    code: str
    message: str
    created: str
    completed: str
    attempts: int
    ref: str
    columns: tuple[tuple[str, str], ...] = field(default=())

    @property
    def tone(self) -> str:
        """How it is coloured."""
        return {JobStatus.COMPLETED: "good", JobStatus.FAILED: "bad", JobStatus.IN_PROGRESS: "busy"}.get(
            self.status, "calm"
        )


def parties(door: Door) -> list[Party]:
    """All contacts, leads and accounts, by table and name."""
    infos = {row[Info.RECORD]: _info(row) for row in door.get(f"rows/{Info.TABLE}")}
    permissions = permissions_by_record(door)
    found = [_party(table, row, infos, permissions) for table in PARTIES for row in door.get(f"rows/{table}")]
    return sorted(found, key=lambda party: (list(PARTIES).index(party.table), not party.active, party.name.casefold()))


def permissions_by_record(door: Door) -> dict[str, list[PermissionView]]:
    """The permissions of each record, by name."""
    found: dict[str, list[PermissionView]] = {}
    for row in door.get(f"rows/{Permission.TABLE}"):
        owner = first(row, Permission.CONTACT, Permission.LEAD, Permission.ACCOUNT)
        view = PermissionView(
            row[Permission.ID], row[Permission.NAME], bool(row[Permission.SUBSCRIBED]), row[Permission.STATE] == 0
        )
        found.setdefault(owner, []).append(view)
    return {owner: sorted(views, key=lambda view: view.name) for owner, views in found.items()}


def jobs(door: Door) -> list[JobView]:
    """All jobs, the newest first."""
    found = [job_view(row) for row in door.get(f"rows/{Job.TABLE}")]
    return sorted(found, key=lambda job: job.number, reverse=True)


def job_view(row: Row) -> JobView:
    """One row of Spotler Job."""
    operation = row.get(Job.OPERATION)
    table, record = Lead.TABLE, row.get(lookup_value(Job.LEAD))
    if customer := row.get(lookup_value(Job.CUSTOMER)):
        table, record = row[f"{lookup_value(Job.CUSTOMER)}@Microsoft.Dynamics.CRM.lookuplogicalname"], customer
    return JobView(
        id=row[Job.ID],
        number=(row.get(Job.NUMBER) or "").lstrip("0"),
        name=row.get(Job.NAME) or "",
        operation=Operation(operation).label if operation in set(Operation) else "(none)",
        status=JobStatus(row[Job.STATUS]),
        code=row.get(Job.RESULT_CODE) or "",
        message=row.get(Job.RESULT_MESSAGE) or "",
        created=row["createdon"],
        completed=row.get(Job.COMPLETED_ON) or "",
        attempts=row.get(Job.ATTEMPTS) or 0,
        ref=f"{table}:{record}" if record else "",
        columns=tuple(shown(Job.TABLE, row, _JOB_FRAME)),
    )


_JOB_FRAME: Final = {
    Job.NAME, Job.NUMBER, Job.OPERATION, Job.RESULT_CODE, Job.RESULT_MESSAGE, Job.COMPLETED_ON, Job.ATTEMPTS, Job.CLAIM,
}  # fmt: skip


def first(row: Row, *lookups: str) -> str:
    """The id in the first of these lookups that is filled."""
    return next((str(row[lookup_value(name)]) for name in lookups if row.get(lookup_value(name))), "")


def shown(table: str, row: Row, without: Iterable[str] = ()) -> Iterable[tuple[str, str]]:
    """Label and value of the filled columns that say something to people."""
    for column in TABLES[table].columns:
        value = row.get(column.name)
        if value in (None, "") or column.name in _DULL or column.name in without or column.kind is Kind.ID:
            continue
        if column.kind is Kind.DATE_TIME:
            value = day_time(value)
        if column.kind is Kind.YES_NO:
            value = "Yes" if value else "No"
        yield column.label or column.name, str(column.options.get(value, value) if isinstance(value, int) else value)


def _party(
    table: str, row: Row, infos: Mapping[str, InfoView], permissions: Mapping[str, list[PermissionView]]
) -> Party:
    record = row[TABLES[table].id_column]
    return Party(
        table=table,
        id=record,
        name=row.get(PARTIES[table]) or "(no name)",
        email=row.get("emailaddress1") or "",
        active=row[Flags.STATE] in (0, None),
        merged=bool(row.get(Flags.MERGED)),
        no_email=bool(row.get(Flags.DO_NOT_EMAIL)),
        no_bulk=bool(row.get(Flags.DO_NOT_BULK_EMAIL)),
        columns=tuple(shown(table, row)),
        info=infos.get(record),
        permissions=tuple(permissions.get(record, ())),
    )


def _info(row: Row) -> InfoView:
    status = row.get(Info.CONTACT_STATUS)
    return InfoView(
        active=bool(row.get(Info.ACTIVE)),
        last_status=row.get(Info.LAST_STATUS) or "",
        contact_status=ContactStatus(status).name.replace("_", " ").capitalize() if status else "",
        last_sync=row.get(Info.LAST_SYNC_ON) or "",
        last_error=row.get(Info.LAST_ERROR) or "",
        gone=bool(row.get(Info.GONE)),
        keep_out=bool(row.get(Info.KEEP_OUT)),
    )
