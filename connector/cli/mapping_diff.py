"""`mapping diff`: what another mapping would change, for how many records and for which."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.output import add_row, headed, print_table, refuse, say
from connector.cli.progress import progress
from connector.mapping import Mapping, load_mapping
from connector.settings import get_settings
from connector.words import Sentence, marked

if TYPE_CHECKING:
    from connector.services import Services
    from connector.sync.mapping_diff import TableDiff


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The mapping file that is in use.", exists=True)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The mapping file that would replace it.", exists=True)],
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most so many records of each table.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what another mapping would change, in counts and some record ids; nothing is written anywhere."""
    from connector.services import services_with  # noqa: PLC0415 - loaded when used
    from connector.sync.mapping_diff import MappingDiff, both  # noqa: PLC0415

    mappings = load_mapping(old), load_mapping(new)
    services = services_with(get_settings(), both(*mappings))
    try:
        for file, mapping in zip((old, new), mappings, strict=True):
            _refuse_unfit(services, mapping, file)
        compared = MappingDiff(services, *mappings)
        found: dict[str, TableDiff] = {}
        for table in compared.tables():
            with progress(Sentence("{table}: records read", table=table)) as seen:
                found[table] = compared.compare(table, limit=limit, seen=seen)
    finally:
        services.close()
    if as_json:
        typer.echo(json.dumps({table: _as_json(each) for table, each in found.items()}, indent=2))
    else:
        _print(found)


def _refuse_unfit(services: "Services", mapping: Mapping, file: Path) -> None:
    from connector.mapping.live import compare  # noqa: PLC0415 - loaded when used

    found = compare(mapping, services.dataverse, services.spotler.fields)
    if problems := [each.sentence for each in found if each.is_fatal]:
        first = Sentence("{file} does not fit Dataverse or Spotler:", file=str(file))
        refuse(Sentence.joined(first, *problems, between="\n"))


def _as_json(found: "TableDiff") -> dict[str, object]:
    return {
        "read": found.read,
        "changed": found.changed,
        "changes": [
            {"effect": effect.name, "field": field or None, "records": each.count, "sample": each.sample}
            for effect, field, each in found.in_order()
        ],
        "written_from_spotler": {"added": found.written[0], "removed": found.written[1]},
    }


def _print(found: "dict[str, TableDiff]") -> None:
    for table, each in found.items():
        say(
            Sentence(
                "{table}: {changed} of {count} record would change.",
                plural="{table}: {changed} of {count} records would change.",
                table=table,
                changed=each.changed,
                count=each.read,
            )
        )
        added, removed = (", ".join(columns) for columns in each.written)
        if added:
            say(Sentence("{table}: {columns} would be written from Spotler.", table=table, columns=added))
        if removed:
            say(Sentence("{table}: {columns} would no longer be written from Spotler.", table=table, columns=removed))
    if not any(each.effects for each in found.values()):
        return
    shown = headed(marked("Table"), marked("Field"), marked("Change"), marked("Records"), marked("For example"))
    for table, each in found.items():
        for effect, field, affected in each.in_order():
            add_row(shown, table, field, Sentence.of(effect.value), str(affected.count), ", ".join(affected.sample))
    print_table(shown)
