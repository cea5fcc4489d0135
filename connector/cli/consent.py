"""`consent`: the history of one person as evidence, and a sheet for the consent of many records."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.files import writable, written
from connector.cli.output import add_row, headed, moment, print_table, refuse, say
from connector.cli.rows import dataverse, row_id
from connector.consent import Change, Item
from connector.dataverse.api import Dataverse, filters
from connector.dataverse.names import Flags
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.dataverse.schema.labels import cause_named
from connector.mapping.columns import KEPT_AS_ROWS
from connector.services import Services, get_services
from connector.sync.permissions.history import EVIDENCE_LENGTH, history_of
from connector.sync.records import Record, RecordReader
from connector.words import Sentence, marked

app = typer.Typer(no_args_is_help=True, help="Who agreed to what, and what shows it.")

#: The columns of the history, in their order.
HEADINGS = (
    marked("Time"),
    marked("Permission"),
    marked("Before"),
    marked("After"),
    marked("Source"),
    marked("Evidence"),
    marked("Table"),
    marked("Record"),
)

#: An earlier day is a mistake, for example the zero of a spreadsheet.
FIRST_YEAR = 1990

Sheet = Annotated[Path, typer.Argument(metavar="FILE", help="An Excel workbook (.xlsx), or a CSV file (.csv).")]
TableName = Annotated[str, typer.Option("--table", help="contact, lead or account.")]


@app.command()
def history(
    person: Annotated[str, typer.Argument(metavar="EMAIL-or-ID", help="An e-mail address, or the id of a record.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV that is safe to open in Excel.")] = False,
) -> None:
    """Print every change of consent of one person. No address is printed, not even that of the person."""
    with dataverse() as client:
        changes = history_of(client, _record_id(client, person))
    lines = [_line(each) for each in changes]
    if as_json:
        keys = [heading.lower() for heading in HEADINGS]
        typer.echo(json.dumps([dict(zip(keys, line, strict=True)) for line in lines], indent=2, ensure_ascii=False))
    elif as_csv:
        typer.echo(_as_csv(lines), nl=False)
    elif lines:
        table = headed(*HEADINGS)
        for line in lines:
            add_row(table, *line)
        print_table(table)
    else:
        say("There is no history of this record.")


@app.command()
def template(sheet: Sheet, table: TableName, force: Annotated[bool, typer.Option("--force")] = False) -> None:
    """Write a sheet with all active records of a table and a column for each permission, as they are now.

    Fill in yes or no where somebody agreed or refused, leave the other cells empty, and bring it in with import.
    """
    from connector.cli.consent_sheet import write_sheet  # noqa: PLC0415 - openpyxl is heavy, loaded when used

    if sheet.exists() and not force:
        refuse(Sentence("{file} exists already; --force overwrites it.", file=str(sheet)))
    writable(sheet)
    services = get_services()
    items = _items(services, table)
    names = RECORD_TABLES[table]
    rows = services.dataverse.query(
        names.set_name, select=(names.id_column,), filter=filters.eq(Flags.STATE, 0), orderby=(names.id_column,)
    )
    refs = [RecordRef(table, str(row[names.id_column]).lower()) for row in rows]
    lines: list[tuple[str, list[str]]] = []
    for start in range(0, len(refs), 100):
        part = refs[start : start + 100]
        records = RecordReader(services).read(part)
        lines += [(ref.id, _states(records[ref], items)) for ref in part if ref in records]
    with written(sheet):
        write_sheet(sheet, [item.name for item in items], lines)
    say(
        Sentence(
            "{file} is written, with {count} record.",
            plural="{file} is written, with {count} records.",
            file=str(sheet),
            count=len(lines),
        )
    )


@app.command(name="import")
def import_sheet(
    sheet: Sheet,
    table: TableName,
    evidence: Annotated[str, typer.Option(help="What shows that these people agreed, for the history; no addresses.")],
    agreed_on: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The day on which they agreed; opt-outs since then stay.")
    ],
) -> None:
    """Bring in a sheet: rows of Spotler Permission are created or switched, and the records are sent to Spotler.

    A sheet with a problem is refused as a whole, with the cells that are wrong.
    """
    from connector.cli.consent_sheet import read_sheet, refuse_sheet  # noqa: PLC0415 - openpyxl is heavy
    from connector.sync.permissions.imports import bring_in  # noqa: PLC0415 - loaded when used

    evidence = f"Import: {evidence.strip()}"
    if evidence == "Import: " or "@" in evidence:
        refuse("Say in --evidence what shows the consent, without an e-mail address.")
    if len(evidence) > EVIDENCE_LENGTH:
        refuse(Sentence("--evidence is longer than {most} characters.", most=EVIDENCE_LENGTH - len("Import: ")))
    if agreed_on.year < FIRST_YEAR:
        refuse(Sentence("--agreed-on is before {year}, when nobody agreed to receive e-mail.", year=str(FIRST_YEAR)))
    services = get_services()
    day = agreed_on.replace(tzinfo=services.mapping.times.zone)
    if day > services.now():
        refuse("--agreed-on is in the future.")
    items = _items(services, table)
    rows = read_sheet(sheet, table, items)
    places = {row.record: row.place for row in rows}
    missing = set(places) - _existing(services.dataverse, list(places))
    refuse_sheet(
        sheet,
        [
            Sentence("{place} is no {table} in Dataverse", place=places[ref], table=table)
            for ref in sorted(missing, key=lambda each: places[each])
        ],
    )
    counts = bring_in(
        services,
        {row.record: row.states for row in rows},
        items,
        agreed_on=day.astimezone(UTC),
        evidence=evidence,
    )
    for name, count in sorted(counts.items()):
        say(
            Sentence(
                "{count} permission: {result}",
                plural="{count} permissions: {result}",
                count=count,
                result=Sentence.of(name),
            )
        )
    if not counts:
        say("The sheet says nothing.")
    if counts["failed"]:
        refuse("Some permissions could not be written. Bring the same sheet in again.")


def _record_id(client: Dataverse, person: str) -> str:
    """The id of the record that is meant.

    Raises:
        typer.Exit: none or several have this address, after saying so.
    """
    if "@" not in person:
        return row_id(person)
    found = [
        (table, str(row[names.id_column]))
        for table, names in RECORD_TABLES.items()
        for row in client.query(names.set_name, select=(names.id_column,), filter=filters.eq("emailaddress1", person))
    ]
    if len(found) > 1:
        listed = ", ".join(f"{table} {key}" for table, key in found)
        refuse(Sentence("Several records have this address; give the id of one of them: {records}.", records=listed))
    if not found:
        refuse("No contact, lead or account has this address. Of a deleted record, give the id.")
    return found[0][1]


def _line(change: Change) -> tuple[str, ...]:
    before = "" if change.before is None else _on(change.before)
    after, source, record = _on(change.after), cause_named(change.cause), change.record
    return moment(change.at), change.permission, before, after, source, change.evidence, record.table, record.id


def _on(value: bool) -> Sentence:
    return Sentence("on" if value else "off")


def _states(record: Record, items: list[Item]) -> list[str]:
    """What the sheet says of a record: nothing where a permission has no row."""
    groups = [[not row.refuses for row in record.rows_of(item.name, item.bit)] for item in items]
    return ["" if not group else "yes" if all(group) else "no" for group in groups]


def _as_csv(lines: list[tuple[str, ...]]) -> str:
    from connector.cli.consent_sheet import safe_cell  # noqa: PLC0415 - openpyxl is heavy

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    writer.writerows([safe_cell(cell) for cell in line] for line in lines)
    return text.getvalue()


def _items(services: Services, table: str) -> list[Item]:
    """The permissions of records of a table.

    Raises:
        typer.Exit: there is no such table, or its permissions are not rows of Spotler Permission.
    """
    if table not in RECORD_TABLES:
        refuse("Choose a table: contact, lead or account.")
    mapped = (row.field for row in services.mapping.rows if row.columns.get(table) in KEPT_AS_ROWS)
    name = next(mapped, None)
    if name is None:
        refuse(Sentence("The mapping keeps no permissions of {table} in the table Spotler Permission.", table=table))
    field = services.spotler.fields().get(name)
    return list(field.options if field else ())


def _existing(client: Dataverse, refs: list[RecordRef]) -> set[RecordRef]:
    found: set[RecordRef] = set()
    for start in range(0, len(refs), 500):
        part = refs[start : start + 500]
        names = RECORD_TABLES[part[0].table]
        rows = client.query(
            names.set_name,
            select=(names.id_column,),
            filter=filters.in_(names.id_column, [each.id for each in part]),
        )
        found |= {RecordRef(part[0].table, str(row[names.id_column]).lower()) for row in rows}
    return found
