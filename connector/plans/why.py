"""Why a field has its value: the rule, the direction, the job or the run, the time and the mapping.

Only what the connector itself recorded is told: Spotler Info, the old values of runs, the history of consent, the rows
of jobs. Values are never told. What was not recorded, or is not kept any more, is "not known".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.dataverse.api import Row, filters, lookup_id
from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, Lead, lookup_value
from connector.dataverse.records import RecordRef
from connector.dataverse.schema.labels import cause_named, named
from connector.errors import Invalid
from connector.mapping import MappingRow, mapping_version
from connector.mapping.columns import Expression, Mapped, base_column, column_text
from connector.mapping.model import PERMISSIONS
from connector.services import Services
from connector.sync.moments import read_moment
from connector.sync.old_values import OLD, Overwritten, runs
from connector.sync.permissions.history import history_of
from connector.sync.records import Record, RecordReader
from connector.words import Sentence

NOT_KNOWN: Final = Sentence("not known")

#: How long a job may take between its send and its end, so that it is named as what sent the record.
_OF_ONE_JOB: Final = timedelta(minutes=5)
_NEWEST: Final = 20


class NoSuchField(Invalid):
    """The mapping has no row with this column or field for the table of the record."""

    code = "FIELD_NOT_MAPPED"
    advice = "Look at the names in the mapping; mapping check lists what is wrong with it."


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that is known.

    Attributes:
        about: what it is about: `rule`, `in Dataverse`, `in Spotler`, `consent` or `job`.
        text: a message without values of the record.
        at: when; None where there is no time or it is not known.
    """

    about: str
    text: Sentence
    at: datetime | None = None


def why(services: Services, ref: RecordRef, name: str) -> list[Told]:
    """What is known of a field of a record.

    Args:
        services: the systems, which are only read.
        ref: the record.
        name: a column of Dataverse or a field of Spotler, as the mapping names it.

    Raises:
        NoSuchField: the mapping has no such row.
        ConnectorError: what Dataverse or the state said.
    """
    rows = [
        (number, row)
        for number, row in enumerate(services.mapping.rows, 1)
        if ref.table in row.columns and _is_about(row, row.columns[ref.table], name)
    ]
    if not rows:
        raise NoSuchField
    record = RecordReader(services).read([ref]).get(ref)
    version = mapping_version(services.mapping)
    found = [_rule(number, row, ref.table, version) for number, row in rows]
    columns = sorted({base_column(row.columns[ref.table]) for _, row in rows} - {""})
    if any(_is_permissions(row, ref.table) for _, row in rows):
        found += _consent(services, ref)
    found += [each for column in columns for each in _in_dataverse(services, ref, record, column, rows)]
    outward = [row for _, row in rows if row.field and row.direction.outward]
    fields = sorted({row.field for row in outward})
    lists = frozenset(row.field for row in outward if row.item or _is_permissions(row, ref.table))
    jobs = _jobs(services, ref)
    found += [_in_spotler(record, field, version, jobs, is_list=field in lists) for field in fields]
    found += [Told("job", _job(row), _ended(row)) for row in jobs if _touches(row, fields)]
    return found


def _is_about(row: MappingRow, expression: Expression, name: str) -> bool:
    wanted = name.casefold()
    return wanted in (row.field.casefold(), base_column(expression).casefold())


def _is_permissions(row: MappingRow, table: str) -> bool:
    return isinstance(row.columns[table], Mapped) or row.field.casefold() == PERMISSIONS


def _rule(number: int, row: MappingRow, table: str, version: str) -> Told:
    column = column_text(row.columns[table])
    if not row.field:
        what = Sentence("{column} filters", column=column)
    else:
        what = Sentence(f"{column} {row.direction} {row.field}" + (f": {row.item}" if row.item else ""))
    return Told(
        "rule",
        Sentence(
            "Row {number} of the mapping {version}, {table}: {what}.",
            number=str(number),
            version=version,
            table=table,
            what=what,
        ),
    )


def _in_dataverse(
    services: Services, ref: RecordRef, record: Record | None, column: str, rows: Sequence[tuple[int, MappingRow]]
) -> Iterator[Told]:
    if record is None:
        yield Told("in Dataverse", Sentence("The record is not there any more."))
        return
    known = {run.id: run for run in runs(services.state)}
    wrote: list[tuple[datetime, str, str, object]] = []
    for name in services.state.names(f"{OLD}/{ref.id}/"):
        run, stored = known.get(name.rpartition("/")[2]), services.state.read(name)
        columns = Overwritten.parse(name, stored.value).columns if stored else {}
        if run is not None and column in columns:
            wrote.append((run.began, run.id, run.mapping, columns[column][1]))
    if wrote:
        at, run_id, mapping, value = max(wrote, key=lambda each: each[0])
        came = Sentence(
            "{column} came from Spotler with run {run}, mapping {mapping}.", column=column, run=run_id, mapping=mapping
        )
        is_same = record.row.get(column) == value
        after = "" if is_same else Sentence("It was changed in Dataverse since then.")
        yield Told("in Dataverse", Sentence.joined(came, after), at)
        return
    if any(row.direction.inward for _, row in rows):
        days = services.settings.undo_days
        yield Told(
            "in Dataverse",
            Sentence(
                "Whether {column} came from Spotler is not known: no run of the last day wrote it.",
                plural="Whether {column} came from Spotler is not known: no run of the last {count} days wrote it.",
                column=column,
                count=days,
            ),
        )
    else:
        yield Told(
            "in Dataverse", Sentence("The connector never writes {column}; Dataverse knows who did.", column=column)
        )


def _in_spotler(record: Record | None, field: str, version: str, jobs: Sequence[Row], *, is_list: bool) -> Told:
    if record is None or record.sent_on is None or record.is_gone:
        text = Sentence("When {field} was sent is not known: Spotler Info has no send of this record.", field=field)
        return Told("in Spotler", text)
    sent = record.sent_fields
    if not sent.mapping:
        mapping = Sentence("a mapping that is not known")
    elif sent.mapping == version:
        mapping = Sentence("mapping {version}", version=sent.mapping)
    else:
        mapping = Sentence("mapping {version}, which is not the present one", version=sent.mapping)
    if field.casefold() in {each.casefold() for each in sent.filled}:
        what = "{field} was sent with a value, by {mapping}, with {sender}."
    elif is_list:
        what = "{field} was sent, by {mapping}, with {sender}. Which of its items were on is not recorded here."
    else:
        what = "{field} was sent empty, or left out because its value cannot be sent, by {mapping}, with {sender}."
    sender = _sender(record.sent_on, jobs)
    return Told("in Spotler", Sentence(what, field=field, mapping=mapping, sender=sender), record.sent_on)


def _sender(sent_on: datetime, jobs: Sequence[Row]) -> Sentence:
    for row in jobs:
        began, ended = read_moment(row.get(Job.STARTED_ON)), _ended(row)
        if began and ended and began - timedelta(seconds=1) <= sent_on <= ended <= began + _OF_ONE_JOB:
            return Sentence("job {number}", number=str(row.get(Job.NUMBER)))
    return Sentence("an automatic sync, a plan, or a job that is not kept any more")


def _consent(services: Services, ref: RecordRef) -> Iterator[Told]:
    changes = history_of(services.dataverse, ref.id)
    if not changes:
        yield Told("consent", Sentence("Who switched a permission is not known: the history of consent has no entry."))
    for change in changes:
        text = Sentence(
            "{permission}: {state}, by {cause}; {evidence}.",
            permission=change.permission,
            state=Sentence("on" if change.after else "off"),
            cause=cause_named(change.cause),
            evidence=change.evidence or NOT_KNOWN,
        )
        yield Told("consent", text, change.at)


def _jobs(services: Services, ref: RecordRef) -> list[Row]:
    """The newest jobs of a record."""
    lookup = Job.LEAD if ref.table == Lead.TABLE else Job.CUSTOMER
    rows = services.dataverse.query(
        Job.SET,
        select=(
            Job.ID, Job.NUMBER, Job.OPERATION, Job.RESULT_CODE, Job.STARTED_ON, Job.COMPLETED_ON, Job.FIELD_NAME,
            lookup_value(lookup),
        ),
        filter=filters.eq(lookup_value(lookup), filters.guid(ref.id)),
        orderby=("createdon desc",),
        top=_NEWEST,
    )  # fmt: skip
    return [row for row in rows if (lookup_id(row, lookup) or "").lower() == ref.id]


def _touches(row: Row, fields: Sequence[str]) -> bool:
    """Whether a job sent the record, or wrote one of these fields."""
    named = str(row.get(Job.FIELD_NAME) or "").casefold()
    is_sync = row.get(Job.OPERATION) == Operation.SYNC_CONTACT.value
    return is_sync or named in {field.casefold() for field in fields}


def _job(row: Row) -> Sentence:
    known = (named(each.label) for each in Operation if each.value == row.get(Job.OPERATION))
    return Sentence(
        "Job {number}, {operation}: {code}.",
        number=str(row.get(Job.NUMBER)),
        operation=next(known, NOT_KNOWN),
        code=str(row.get(Job.RESULT_CODE) or "") or Sentence("not ended"),
    )


def _ended(row: Row) -> datetime | None:
    return read_moment(row.get(Job.COMPLETED_ON))
