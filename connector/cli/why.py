"""`why`: where the value of a field came from, without the value."""

import json
from typing import Annotated

import typer

from connector.cli.output import moment, refuse, say
from connector.cli.rows import row_id
from connector.cli.services import services_of_settings
from connector.dataverse.records import RecordRef
from connector.mapping.model import TABLES
from connector.words import Sentence


def why(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="A table and the id of a row: contact/ID.")],
    field: Annotated[str, typer.Argument(metavar="FIELD", help="A column of Dataverse or a field of Spotler.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print where the value of a field came from: rule, direction, job or run, time and mapping; never the value."""
    from connector.plans.why import why as explain  # noqa: PLC0415 - loaded when used

    table, _, key = record.partition("/")
    if table not in TABLES:
        refuse(
            Sentence(
                "{record} is not a record; write for example contact/00000000-0000-0000-0000-000000000000.",
                record=record,
            )
        )
    ref = RecordRef(table, row_id(key))
    with services_of_settings() as services:
        found = explain(services, ref, field)
    if as_json:
        rows = [{"about": each.about, "text": each.text, "at": moment(each.at) if each.at else None} for each in found]
        typer.echo(json.dumps(rows, indent=2))
        return
    for each in found:
        time = f"{moment(each.at)} " if each.at else ""
        say(Sentence("{about}: {time}{text}", about=Sentence.of(each.about), time=time, text=each.text))
