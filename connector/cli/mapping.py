"""`mapping export`, `import`, `check`, `diff`: the mapping as a workbook, and compared with Dataverse and Spotler."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.files import store, writable, written
from connector.cli.mapping_diff import diff
from connector.cli.output import refuse, say
from connector.cli.rows import dataverse
from connector.mapping import Mapping, parse_mapping
from connector.mapping.document import SCHEMA_FILE, Document, problems_of, read_document
from connector.mapping.findings import Finding
from connector.settings import get_settings
from connector.words import Sentence

app = typer.Typer(no_args_is_help=True, help="The mapping of columns and fields.")
app.command()(diff)

Workbook = Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="An Excel workbook.")]
FilledWorkbook = Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="An Excel workbook.", exists=True)]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", metavar="FILE", help="A mapping file, instead of that of the settings.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]


@app.command(name="export")
def export_workbook(workbook: Workbook, mapping: MappingFile = None, force: Force = False) -> None:
    """Write the mapping as a workbook."""
    from connector.mapping.sheet import export_sheet  # noqa: PLC0415 - openpyxl is heavy, loaded when used

    file = _file(mapping)
    document = read_document(file)
    parse_mapping(document, source=file.name)
    assert isinstance(document, dict)  # noqa: S101 - it is valid
    _refuse_to_overwrite(workbook, force=force)
    with written(workbook):
        export_sheet(document, workbook)
    say(Sentence("{file} is written.", file=str(workbook)))


@app.command(name="import")
def import_workbook(workbook: FilledWorkbook, mapping: MappingFile = None, force: Force = False) -> None:
    """Read a workbook and write it as the mapping file, if it is valid."""
    from connector.mapping.sheet import import_sheet  # noqa: PLC0415 - openpyxl is heavy, loaded when used

    file = _file(mapping)
    document = import_sheet(workbook)
    _refuse_to_overwrite(file, force=force)
    if file.resolve().parent == SCHEMA_FILE.parent:
        document = {"$schema": f"./{SCHEMA_FILE.name}", **document}  # for people who edit the file
    store(file, _text(document))
    say(Sentence("{file} is written.", file=str(file)))


@app.command()
def check(
    mapping: MappingFile = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Check the rules only; needs no settings and no connection.")
    ] = False,
) -> None:
    """Print what is wrong with the mapping: its rules, then the columns of Dataverse and the fields of Spotler.

    The app does the same when it starts: problems stop it, warnings do not.
    """
    document = read_document(_file(mapping))
    problems = [Sentence("{problem}.", problem=problem.sentence) for problem in problems_of(document)]
    findings = _findings(parse_mapping(document)) if not problems and not offline else ()
    for line in (*problems, *(each.sentence for each in findings)):
        say(line)
    if problems or any(finding.is_fatal for finding in findings):
        raise typer.Exit(1)
    if not findings:
        say("No problem was found.")


def _findings(mapping: Mapping) -> tuple[Finding, ...]:
    """What does not fit the environment and the account of the settings."""
    from connector.mapping.live import compare  # noqa: PLC0415 - loaded when used
    from connector.spotler import spotler_from  # noqa: PLC0415

    with dataverse() as client, closing(spotler_from(get_settings())) as spotler:
        return compare(mapping, client, spotler.fields)


def _file(mapping: Path | None) -> Path:
    return mapping or get_settings().mapping_file


def _refuse_to_overwrite(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        refuse(Sentence("{file} exists already; --force overwrites it.", file=str(path)))
    writable(path)


def _text(document: Document) -> str:
    """The JSON with one line for each row, as in the files that people edit."""
    members = {key: json.dumps(value, ensure_ascii=False) for key, value in document.items()}
    rows = document["rows"]
    assert isinstance(rows, list)  # noqa: S101 - the document is valid
    members["rows"] = "[\n" + ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n  ]"
    return "{\n" + ",\n".join(f'  "{key}": {text}' for key, text in members.items()) + "\n}\n"
