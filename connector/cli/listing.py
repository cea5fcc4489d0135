"""`records`, `automations`, `audiences`: what there is to name in a job.

Names and addresses of people are printed, because people choose by them; nothing is logged.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from connector.cli.named import KINDS, Found, candidates, condition_for
from connector.cli.output import NOTHING_FITS, add_row, headed, print_table, refuse, say
from connector.cli.rows import dataverse
from connector.dataverse.api import Dataverse, UnknownName, fetch_page, filters
from connector.dataverse.api.rows import text
from connector.dataverse.choices import AutomationKind, JobStatus, Operation
from connector.dataverse.names import Automation, Flags, Job, MarketingList
from connector.settings import get_settings
from connector.words import Sentence, marked

Words = Annotated[str, typer.Argument(metavar="[WORDS]", help="Only those with these words in their name.")]
Top = Annotated[int, typer.Option(help="How many of each kind at most, by name.", min=1, max=5000)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

#: The headings of the members of what is listed.
_HEADINGS: Final = {
    "active": marked("Active"),
    "address": marked("Address"),
    "fields": marked("Fields"),
    "id": marked("Id"),
    "inSpotler": marked("In Spotler"),
    "keptBy": marked("Kept by"),
    "kind": marked("Kind"),
    "name": marked("Name"),
}

#: What `records` lists, in this order.
_RECORDS: Final = tuple(kind for kind in KINDS if kind != "automation")

#: The names of audiences into which jobs have put somebody; each once. Spotler cannot list its audiences.
_AUDIENCES_OF_JOBS: Final = f"""
<fetch distinct="true" count="{{count}}" page="1"><entity name="{Job.TABLE}">
<attribute name="{Job.AUDIENCE}"/><order attribute="{Job.AUDIENCE}"/>
<filter><condition attribute="{Job.OPERATION}" operator="eq" value="{Operation.ADD_TO_AUDIENCE.value}"/>
<condition attribute="{Job.STATUS}" operator="eq" value="{JobStatus.COMPLETED.value}"/>
<condition attribute="{Job.AUDIENCE}" operator="not-null"/></filter></entity></fetch>"""


def records(
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help="Only those with these words, or this address.")] = "",
    table: Annotated[str | None, typer.Option(help="Only this kind: contact, lead, account, list or visitor.")] = None,
    top: Top = 20,
    as_json: Json = False,
) -> None:
    """Print the records that a job can be about, with their names and addresses."""
    if table is not None and table not in _RECORDS:
        refuse(Sentence("Choose one of: {names}.", names=", ".join(_RECORDS)))
    with dataverse() as client:
        lines = [
            {"kind": kind, "id": row.id, "name": row.name, "address": row.address, "active": row.active}
            for kind in (_RECORDS if table is None else (table,))
            for row in _of_kind(client, kind, words, top=top, required=table is not None)
        ]
    _print(lines, as_json=as_json, none=NOTHING_FITS if words else Sentence("There are no records."))


def automations(words: Words = "", top: Top = 20, as_json: Json = False) -> None:
    """Print the automations and campaigns that a job can start, with the names of their fields."""
    table = KINDS["automation"]
    columns = (Automation.ID, Automation.NAME, Automation.KIND, Automation.FIELDS, Automation.STATE)
    with dataverse() as client:
        rows = client.query(
            table.set_name,
            select=columns,
            filter=condition_for(table, words) or None,
            orderby=(Automation.NAME, Automation.ID),
            top=top,
        )
    lines = [
        {
            "id": row[Automation.ID],
            "name": text(row, Automation.NAME) or "",
            "kind": _kind(row.get(Automation.KIND)),
            "fields": (text(row, Automation.FIELDS) or "").splitlines(),
            "active": row.get(Automation.STATE) == 0,
        }
        for row in rows
    ]
    none = Sentence("There are no automations; a Refresh Automations job copies them from Spotler.")
    _print(lines, as_json=as_json, none=NOTHING_FITS if words else none)


def audiences(top: Top = 20, as_json: Json = False) -> None:
    """Print the audiences that the connector keeps: of marketing lists, and of the jobs that still exist."""
    from connector.spotler import spotler_from  # noqa: PLC0415 - loaded when used

    with dataverse() as client, closing(spotler_from(get_settings())) as spotler:
        lines = [
            {
                "name": each.name,
                "keptBy": each.kept_by,
                "id": each.id,
                "inSpotler": spotler.audiences.get(each.id) is not None,
            }
            for each in (*_audiences_of_lists(client, top), *_audiences_of_jobs(client, top))
        ]
    _print(lines, as_json=as_json, none=Sentence("The connector keeps no audiences."))


@dataclass(frozen=True, slots=True)
class _Audience:
    """An audience that there should be.

    Attributes:
        kept_by: the marketing list, or jobs.
        id: in Spotler.
    """

    name: str
    kept_by: str
    id: str


def _audiences_of_lists(client: Dataverse, top: int) -> list[_Audience]:
    """Those of the active marketing lists that are synced."""
    synced = filters.and_(filters.eq(MarketingList.SYNCED, value=True), filters.eq(Flags.STATE, 0))
    try:
        rows = client.query(
            MarketingList.SET,
            select=(MarketingList.ID, MarketingList.NAME),
            filter=synced,
            orderby=(MarketingList.NAME,),
            top=top,
        )
    except UnknownName:  # an environment without marketing lists
        return []
    return [
        _Audience(text(row, MarketingList.NAME) or "", Sentence("marketing list"), str(row[MarketingList.ID]).lower())
        for row in rows
    ]


def _audiences_of_jobs(client: Dataverse, top: int) -> list[_Audience]:
    from connector.operations.audiences import audience_of  # noqa: PLC0415 - loaded when used

    page = fetch_page(client, Job.SET, _AUDIENCES_OF_JOBS.format(count=top))
    found = [audience_of(str(row[Job.AUDIENCE])) for row in page.rows]
    return [_Audience(each.name, Sentence("jobs"), each.id) for each in {each.id: each for each in found}.values()]


def _of_kind(client: Dataverse, kind: str, words: str, *, top: int, required: bool) -> list[Found]:
    """The rows of a kind; none where the environment has no such table, unless that was asked for."""
    try:
        return candidates(client, kind, condition_for(KINDS[kind], words), top=top)
    except UnknownName:
        if required:
            raise
        return []


def _kind(value: object) -> str:
    return AutomationKind(value).name.lower() if isinstance(value, int) and value in set(AutomationKind) else ""


def _print(lines: Sequence[Mapping[str, object]], *, as_json: bool, none: Sentence) -> None:
    """A table with a column for each member, or JSON; `none` is what people read where there is nothing."""
    if as_json:
        typer.echo(json.dumps(lines, indent=2, ensure_ascii=False))
        return
    if not lines:
        say(none)
        return
    table = headed(*(_HEADINGS[name] for name in lines[0]))
    for line in lines:
        add_row(table, *map(_cell, line.values()))
    print_table(table)


def _cell(value: object) -> str:
    match value:
        case bool():
            return Sentence("yes" if value else "no")
        case Sentence():
            return value
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
