"""`setup`: bring a Dataverse environment to what the manifest says."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

from connector.cli.files import store, writable, written
from connector.cli.output import add_row, headed, print_table, put, refuse, say
from connector.cli.progress import progress
from connector.cli.setup_contents import contents
from connector.cli.setup_environment import (
    Json,
    OwnSignIn,
    components_of,
    environment,
    figures_of,
    hand_out,
    reading,
)
from connector.cli.setup_inputs import Application, EnabledByDefault, KeyFromStdin, ReplaceKey, read_inputs
from connector.cli.setup_removal import export, remove
from connector.words import Sentence, marked

if TYPE_CHECKING:
    from connector.setup.inputs import SetupInputs
    from connector.setup.plan import Adoption, Extras, SetupPlan
    from connector.setup.target import SetupTarget

app = typer.Typer(
    no_args_is_help=True, help="What the connector needs in Dataverse: plan, apply, check, export, remove."
)
app.command()(contents)
app.command()(export)
app.command()(remove)

#: The exit code of `check` where something is to be done.
TO_DO: Final = 2

AdoptFile = Annotated[
    Path | None,
    typer.Option("--adopt", help="A file that says which components of another publisher become ours.", exists=True),
]


@app.command()
def plan(
    out: Annotated[
        Path | None, typer.Option(callback=writable, help="Write the plan to this file. Needed to apply it.")
    ] = None,
    adopt: AdoptFile = None,
    buttons: Annotated[
        bool, typer.Option("--buttons", help="Add the button Sync to Spotler to contacts, leads, accounts and lists.")
    ] = False,
    form: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TABLE:ID", help="A form of contact, lead or account that gets the tab Spotler; repeatable."
        ),
    ] = None,
    propose: Annotated[
        Path | None,
        typer.Option(callback=writable, help="Write a file for --adopt with what is not ours; read and shorten it."),
    ] = None,
    application: Application = None,
    key_from_stdin: KeyFromStdin = False,
    replace_key: ReplaceKey = False,
    enabled_by_default: EnabledByDefault = "",
    own_sign_in: OwnSignIn = False,
    as_json: Json = False,
) -> None:
    """Print what would be created, changed and left alone; nothing is changed."""
    from connector.setup.plan import Extras, plan_as_json, read_adoption  # noqa: PLC0415 - loaded when used
    from connector.setup.planning import propose_adoption  # noqa: PLC0415

    adoption = read_adoption(adopt) if adopt else None
    wanted = Extras(buttons=buttons, forms=tuple(map(_checked_form, form or ())))
    inputs = read_inputs(
        application, enabled_by_default, from_stdin=key_from_stdin, replaces_key=replace_key, own_sign_in=own_sign_in
    )
    with environment(own_sign_in=own_sign_in) as target:
        made = _made(target, adoption, wanted, inputs)
        if propose is not None:
            adoptable = propose_adoption(made, target)
            store(propose, json.dumps(adoptable.model_dump(mode="json"), indent=2))
            say(
                Sentence(
                    "{file}: {count} component can be adopted.",
                    plural="{file}: {count} components can be adopted.",
                    file=str(propose),
                    count=len(adoptable.components),
                ),
                err=True,
            )
    hand_out(plan_as_json(made), lambda: _show(made, out), out=out, as_json=as_json, refused=bool(made.refusals))


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan that was written with --out.", exists=True)],
    confirm: Annotated[
        str, typer.Option(metavar="NAME", help="The name of the environment. Needed where a plan adopts components.")
    ] = "",
    application: Application = None,
    key_from_stdin: KeyFromStdin = False,
    replace_key: ReplaceKey = False,
    enabled_by_default: EnabledByDefault = "",
    own_sign_in: OwnSignIn = False,
) -> None:
    """Do exactly what a plan says; run it again after an interruption, and it goes on."""
    from connector.setup.applying import apply_setup  # noqa: PLC0415 - loaded when used
    from connector.setup.endpoint_check import check_endpoint  # noqa: PLC0415
    from connector.setup.interface.record_forms import back_up  # noqa: PLC0415
    from connector.setup.mapped import check_there  # noqa: PLC0415
    from connector.setup.patience import Patience  # noqa: PLC0415
    from connector.setup.plan import read_plan  # noqa: PLC0415
    from connector.setup.users import USERS, UserPart  # noqa: PLC0415

    agreed = read_plan(file)
    inputs = read_inputs(
        application, enabled_by_default, from_stdin=key_from_stdin, replaces_key=replace_key, own_sign_in=own_sign_in
    )
    patience = Patience()
    with environment(own_sign_in=own_sign_in) as target:
        if agreed.adoption is not None and confirm != target.organization:
            refuse(
                Sentence(
                    "The plan adopts components of others. This is the environment {environment}: if you mean it, "
                    "repeat its name with --confirm.",
                    environment=target.organization,
                )
            )
        check_there(inputs, target)
        with written(file.parent):
            forms = back_up(target, agreed.extras.forms, file.parent)
        for kept in forms:
            say(Sentence("{file}: the form as it was.", file=str(kept)))
        components = components_of(target, agreed.adoption, agreed.extras, inputs)
        doing = Sentence("{environment}: components done", environment=target.organization)
        with progress(doing, total=len(agreed.writes)) as seen:
            report = apply_setup(agreed, target, components, patience, lambda number, _: seen(number))
        say(
            Sentence(
                "{environment} is set up: {count} component was written, {figures}.",
                plural="{environment} is set up: {count} components were written, {figures}.",
                environment=target.organization,
                count=len(report.done),
                figures=figures_of(report),
            )
        )
        if (user := UserPart(inputs.application).read(target) if inputs.application else None) is not None:
            say(Sentence("The setting DATAVERSE_USER_ID of the app: {id}", id=str(user[USERS.id_column])))
        if inputs.endpoint is not None:
            say(check_endpoint(target.calls, patience))


@app.command()
def check(application: Application = None, own_sign_in: OwnSignIn = False, as_json: Json = False) -> None:
    """Compare the environment with what the connector needs, and test the key of the service endpoint.

    The exit code is 2 where something is to be done.
    """
    from connector.setup.endpoint_check import check_endpoint  # noqa: PLC0415 - loaded when used
    from connector.setup.endpoints import KEY_IS_SET, EndpointPart  # noqa: PLC0415
    from connector.setup.patience import Patience  # noqa: PLC0415
    from connector.setup.plan import Extras, plan_as_json  # noqa: PLC0415

    inputs = read_inputs(application, own_sign_in=own_sign_in)
    with environment(own_sign_in=own_sign_in) as target:
        made = _made(target, None, Extras(), inputs)
        if as_json:
            typer.echo(plan_as_json(made))
        else:
            _show(made)
        endpoint = EndpointPart(inputs.endpoint).read(target) if inputs.endpoint else None
        if endpoint is not None and endpoint.get(KEY_IS_SET) is True:  # else the plan says what is missing
            say(check_endpoint(target.calls, Patience()), err=as_json)
    if made.writes and not made.refusals:
        to_do = Sentence("To put it right: python -m connector setup plan --out FILE, then setup apply FILE.")
        say(to_do, err=as_json)
    if made.refusals or made.writes:
        raise typer.Exit(1 if made.refusals else TO_DO)


def _made(target: "SetupTarget", adoption: "Adoption | None", wanted: "Extras", inputs: "SetupInputs") -> "SetupPlan":
    from connector.setup.interface.extras import installed_extras  # noqa: PLC0415 - loaded when used
    from connector.setup.interface.record_forms import missing_forms  # noqa: PLC0415
    from connector.setup.mapped import not_there  # noqa: PLC0415
    from connector.setup.planning import make_plan  # noqa: PLC0415

    extras = wanted.with_those(installed_extras(target))
    with progress(reading(target)) as seen:
        components = components_of(target, adoption, extras, inputs)
        made = make_plan(target, components, adoption, seen)
    refusals = (*made.refusals, *missing_forms(target, wanted.forms), *not_there(inputs, target))
    return replace(made, refusals=refusals, extras=extras)


def _checked_form(text: str) -> str:
    """The table and the id of a form.

    Raises:
        typer.BadParameter: it is something else.
    """
    from connector.dataverse.schema.forms import RECORD_TABLES  # noqa: PLC0415 - loaded when used

    table, _, form_id = text.partition(":")
    try:
        return f"{RECORD_TABLES[RECORD_TABLES.index(table)]}:{UUID(form_id)}"
    except ValueError:
        forms = ", ".join(f"{each}:ID" for each in RECORD_TABLES)
        wrong = Sentence("{text} is no form. Write one of: {forms}.", text=text, forms=forms)
        raise typer.BadParameter(put(wrong)) from None


def _show(made: "SetupPlan", out: Path | None = None) -> None:
    table = headed(marked("Component"), marked("Action"), marked("Why"), marked("What changes"))
    for each in made.components:
        if each.writes or "manifest" not in each.why:
            changes = [
                Sentence(
                    "{property}: {found} → {expected}",
                    property=one.property,
                    found=one.found or Sentence("empty"),
                    expected=one.expected,
                )
                for one in each.differences
            ]
            add_row(
                table,
                each.component,
                Sentence.of(each.action.value),
                Sentence.of(each.why),
                Sentence.joined(*changes, between="; "),
            )
    if table.row_count:
        print_table(table)
    counts = Counter(each.action.value for each in made.components)
    summary = [
        Sentence("{number} {action}", number=number, action=Sentence.of(name)) for name, number in counts.items()
    ]
    say(
        Sentence(
            "{environment}, version {version}: {summary}.",
            environment=made.organization,
            version=made.manifest,
            summary=Sentence.joined(*summary, between=", "),
        )
    )
    if made.writes:  # else the table has nothing but these
        _show_left_out(made)
    for refusal in made.refusals:
        say(Sentence("Refused: {refusal}", refusal=Sentence.of(refusal)))
    if out is not None and made.writes and not made.refusals:
        say(
            Sentence(
                "Apply it, with the same options, with: python -m connector setup apply {file}",
                file=str(out),
            )
        )


def _show_left_out(made: "SetupPlan") -> None:
    """Say again what is left out, and why: among two hundred rows that are created nobody sees it."""
    from connector.setup.planning import AS_IT_SHOULD_BE  # noqa: PLC0415 - loaded when used

    left_out: dict[str, list[str]] = {}
    for each in made.components:
        if not each.writes and each.why != AS_IT_SHOULD_BE:
            left_out.setdefault(each.why, []).append(each.component)
    for why, names in left_out.items():
        say(
            Sentence(
                "Left out: {component} and {count} more. {why}" if names[1:] else "Left out: {component}. {why}",
                component=names[0],
                count=len(names) - 1,
                why=Sentence.of(why),
            )
        )
