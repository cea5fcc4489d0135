"""`setup export` and `setup remove`: the solution as a file, and taking away what is installed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.files import store, writable
from connector.cli.output import add_row, headed, print_table, refuse, say
from connector.cli.progress import progress
from connector.cli.setup_environment import (
    Json,
    OwnSignIn,
    environment,
    figures_of,
    hand_out,
    installed_components,
    reading,
)
from connector.words import Sentence, marked

if TYPE_CHECKING:
    from connector.setup.removal import RemovalPlan


def export(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", callback=writable, help="Where the zip file goes; an older one is replaced."),
    ],
    unmanaged: Annotated[bool, typer.Option("--unmanaged", help="For developing, instead of installing.")] = False,
    own_sign_in: OwnSignIn = False,
) -> None:
    """Have Dataverse pack the solution, look the file through, and store it."""
    from connector.setup.exporting import export_solution  # noqa: PLC0415 - loaded when used
    from connector.setup.patience import Patience  # noqa: PLC0415

    with environment(own_sign_in=own_sign_in) as target:
        content = export_solution(target, installed_components(target), Patience(), managed=not unmanaged)
    store(file, content)
    say(
        Sentence(
            "{file}: {count} byte, {kind}.",
            plural="{file}: {count} bytes, {kind}.",
            file=str(file),
            count=len(content),
            kind=Sentence("unmanaged" if unmanaged else "managed"),
        )
    )


def remove(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A plan that was written with --out: do it.", exists=True)
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="COMPONENT", help="Also take this away, with its data, such as: table dh_spotlerjob."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(callback=writable, help="Write the plan to this file. Needed to carry it out.")
    ] = None,
    confirm: Annotated[
        str, typer.Option(metavar="NAME", help="The name of the environment. Needed to carry out a plan.")
    ] = "",
    own_sign_in: OwnSignIn = False,
    as_json: Json = False,
) -> None:
    """Print what would be taken away and what stays; with FILE, do exactly that."""
    if file is not None:
        if also or out:
            refuse("A plan says what is taken away: --also and --out are for making one.")
        _carry_out(file, confirm, own_sign_in=own_sign_in)
        return
    from connector.setup.removal import plan_removal, removal_as_json  # noqa: PLC0415 - loaded when used

    with environment(own_sign_in=own_sign_in) as target, progress(reading(target)) as seen:
        plan = plan_removal(target, installed_components(target), also or (), seen)
    hand_out(removal_as_json(plan), lambda: _show(plan, out), out=out, as_json=as_json, refused=bool(plan.refusals))


def _carry_out(file: Path, confirm: str, *, own_sign_in: bool) -> None:
    from connector.setup.patience import Patience  # noqa: PLC0415 - loaded when used
    from connector.setup.removal import read_removal  # noqa: PLC0415
    from connector.setup.removing import remove_setup  # noqa: PLC0415

    plan = read_removal(file)
    with environment(own_sign_in=own_sign_in) as target:
        if confirm != target.organization:
            refuse(
                Sentence(
                    "Removing cannot be undone. This is the environment {environment}: if you mean it, repeat its name "
                    "with --confirm.",
                    environment=target.organization,
                )
            )
        doing = Sentence("{environment}: components removed", environment=target.organization)
        with progress(doing, total=len(plan.removed)) as seen:
            report = remove_setup(
                plan, target, installed_components(target), Patience(), lambda number, _: seen(number)
            )
    say(
        Sentence(
            "{count} component removed, {figures}.",
            plural="{count} components removed, {figures}.",
            count=len(report.done),
            figures=figures_of(report),
        )
    )


def _show(plan: "RemovalPlan", out: Path | None) -> None:
    table = headed(marked("Component"), marked("Action"), marked("Why"))
    for each in plan.components:
        add_row(table, each.component, Sentence.of(each.action.value), Sentence.of(each.why))
    if table.row_count:
        print_table(table)
    say(
        Sentence(
            "{environment}: {removed} to remove, {kept} to keep.",
            environment=plan.organization,
            removed=len(plan.removed),
            kept=len(plan.components) - len(plan.removed),
        )
    )
    for refusal in plan.refusals:
        say(Sentence("Refused: {refusal}", refusal=Sentence.of(refusal)))
    if out is not None and plan.removed and not plan.refusals:
        say(
            Sentence(
                "Carry it out with: python -m connector setup remove {file} --confirm {environment}",
                file=str(out),
                environment=plan.organization,
            )
        )
