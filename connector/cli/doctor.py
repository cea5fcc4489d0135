"""`doctor`: look at everything, and say what is wrong and what to do."""

import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from connector.cli.output import headed, print_table, put, say
from connector.doctor.arm import azure_of
from connector.doctor.context import CheckContext, NoAzure
from connector.doctor.model import CheckGroup, CheckResult, DoctorVerdict, Reach
from connector.doctor.run import chosen, examine, worst
from connector.words import Sentence, marked

#: How the command ends.
EXIT_CODES: Final = {
    DoctorVerdict.OK: 0,
    DoctorVerdict.NOT_CHECKED: 0,
    DoctorVerdict.WARNING: 2,
    DoctorVerdict.FAILED: 1,
}
_COLOURS: Final = {
    DoctorVerdict.OK: "green",
    DoctorVerdict.NOT_CHECKED: "dim",
    DoctorVerdict.WARNING: "yellow",
    DoctorVerdict.FAILED: "red",
}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    group: Annotated[list[CheckGroup] | None, typer.Option(help="Only these checks, and those that they need.")] = None,
    online: Annotated[bool, typer.Option("--online/--offline", help="Whether the systems are asked.")] = True,
    azure: Annotated[bool, typer.Option("--azure", help="Ask Azure too, with your own sign-in.")] = False,
    probe: Annotated[bool, typer.Option("--probe", help="Create a job that changes nothing and wait for it.")] = False,
    package: Annotated[
        Path | None, typer.Option(help="The package for deployment: a folder or a zip file.", exists=True)
    ] = None,
) -> None:
    """Check settings, systems and work, and say what to do about what is wrong."""
    context = CheckContext(os.environ, lambda: datetime.now(UTC), time.sleep, package=package, probe=probe)
    if azure:
        try:
            context.azure = azure_of(os.environ)
        except NoAzure as error:
            context.no_azure = error.sentence
    reaches = list(Reach) if online else [Reach.OFFLINE]
    try:
        results = list(examine(context, chosen(group or (), reaches)))
    finally:
        context.close()
    if as_json:
        typer.echo(json.dumps([_shown(each) for each in results], indent=2))
    else:
        _show(results)
    raise typer.Exit(EXIT_CODES[worst(results)])


def _shown(result: CheckResult) -> dict[str, str]:
    check, diagnosis = result.check, result.diagnosis
    return {
        "check": check.code,
        "group": check.group.value,
        "looksAt": check.looks_at,
        "result": diagnosis.verdict.value,
        "sentence": diagnosis.sentence,
        "remedy": diagnosis.remedy,
    }


def _show(results: Sequence[CheckResult]) -> None:
    table = headed(marked("Check"), marked("Result"), marked("What was found, and what to do"))
    for each in results:
        diagnosis = each.diagnosis
        colour = _COLOURS[diagnosis.verdict]
        text = put(Sentence.joined(diagnosis.sentence, diagnosis.remedy))
        table.add_row(each.check.code, f"[{colour}]{put(diagnosis.verdict.value)}[/{colour}]", text.replace("[", "\\["))
    print_table(table)
    verdicts = Counter(each.diagnosis.verdict for each in results)
    counts = [
        Sentence("{number} {verdict}", number=verdicts[each], verdict=Sentence.of(each.value)) for each in DoctorVerdict
    ]
    say(
        Sentence(
            "{count} check: {counts}.",
            plural="{count} checks: {counts}.",
            count=len(results),
            counts=Sentence.joined(*counts, between=", "),
        )
    )
