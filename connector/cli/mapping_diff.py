"""`mapping diff`: what another mapping would change, for how many records and for which."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from connector.cli.output import console, refuse
from connector.cli.progress import progress
from connector.mapping import Mapping, load_mapping
from connector.settings import get_settings

if TYPE_CHECKING:
    from connector.services import Services
    from connector.sync.mapping_diff import TableDiff


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The mapping file that is in use.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The mapping file that would replace it.")],
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
            with progress(f"{table}: records read") as seen:
                found[table] = compared.compare(table, limit=limit, seen=seen)
    finally:
        services.close()
    if as_json:
        typer.echo(json.dumps({table: _as_json(each) for table, each in found.items()}, indent=2))
    else:
        _print(found)


def _refuse_unfit(services: "Services", mapping: Mapping, file: Path) -> None:
    from connector.mapping.live import compare  # noqa: PLC0415 - loaded when used

    problems = [str(each) for each in compare(mapping, services.dataverse, services.spotler.fields) if each.is_fatal]
    if problems:
        refuse("\n".join((f"{file} does not fit Dataverse or Spotler:", *problems)))


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
        typer.echo(f"{table}: {each.changed} of {each.read} records would change.")
        for columns, what in zip(each.written, ("would be written from Spotler", "would no longer be"), strict=True):
            if columns:
                typer.echo(f"{table}: {', '.join(columns)} {what}.")
    if not any(each.effects for each in found.values()):
        return
    shown = Table("Table", "Field", "Change", "Records", "For example")
    for table, each in found.items():
        for effect, field, affected in each.in_order():
            shown.add_row(table, field, effect.value, str(affected.count), ", ".join(affected.sample))
    console().print(shown)
