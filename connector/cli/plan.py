"""`plan`: what a sync would change on each side; `plan apply`: exactly that; and the plans that the brake keeps."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from connector.cli.files import writable
from connector.cli.output import add_row, headed, print_table, put, refuse, say
from connector.cli.progress import progress
from connector.cli.services import services_of_settings
from connector.mapping.model import TABLES
from connector.words import Sentence, marked

if TYPE_CHECKING:
    from connector.plans.making import PlannedRecord
    from connector.services import Services

app = typer.Typer(invoke_without_command=True, help="What a sync would change, and doing exactly that.")

#: Record ids that are shown of each kind of change.
SAMPLE: Final = 5

#: The headings of the tables.
_KEPT: Final = (marked("Plan"), marked("Since"), marked("Mapping"), marked("Records"), marked("Why"))
_AHEAD: Final = (marked("Feed"), marked("What becomes of them"), marked("How many"))
_CHANGES: Final = (marked("Side"), marked("Field"), marked("Change"), marked("Records"), marked("For example"))

PlanId = Annotated[str, typer.Argument(metavar="ID", help="The id of a plan that the brake keeps.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(slots=True)
class _Summary:
    """What is in a plan, in counts and some ids.

    Attributes:
        records: how many records change.
        problems: how many records something would stop, by its code.
        changes: how many records change in a field, by side, field and kind of change.
        samples: some of them.
    """

    records: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    changes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def add(self, planned: "PlannedRecord") -> None:
        """One record more."""
        if planned.problem:
            self.problems[planned.problem] += 1
            return
        self.records += 1
        for each in planned.changes:
            key = each.side, each.field, str(each.change)
            self.changes[key] += 1
            sample = self.samples.setdefault(key, [])
            if len(sample) < SAMPLE:
                sample.append(f"{planned.ref.table}/{planned.ref.id}")


@app.callback()
def plan(
    context: typer.Context,
    table: Annotated[str | None, typer.Option(help="Only this table: contact, lead or account.")] = None,
    condition: Annotated[
        str, typer.Option("--filter", metavar="ODATA", help="Only these records, e.g. \"lastname eq 'Bakker'\".")
    ] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most so many records of each table.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(callback=writable, help="Write the plan to this file, with the values. Needed to apply it."),
    ] = None,
    without_spotler: Annotated[
        bool,
        typer.Option("--without-spotler", help="Do not ask Spotler what it has: shows all that would be sent."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what a sync would change, in counts and some record ids; nothing is changed."""
    if context.invoked_subcommand is not None:
        return
    from connector.plans.file import Header, environment_of, write_plan  # noqa: PLC0415 - loaded when used
    from connector.plans.making import PlanMaker  # noqa: PLC0415

    if table is not None and table not in TABLES:
        refuse(Sentence("{table} is not one of the tables {names}.", table=table, names=", ".join(TABLES)))
    if condition and table is None:
        refuse("--filter needs --table, because tables have different columns.")
    summary = _Summary()
    with services_of_settings() as services:
        maker = PlanMaker(services, asks=not without_spotler)
        tables = [each for each in TABLES if services.mapping.syncs(each) and table in (None, each)]

        def planned(each: str) -> "Iterator[PlannedRecord]":
            with progress(Sentence("{table}: records read", table=each)) as seen:
                yield from maker.records(each, condition=condition, limit=limit, seen=seen)

        records: Iterable[PlannedRecord] = chain.from_iterable(map(planned, tables))
        if out is not None:
            header = Header(
                environment_of(services.settings),
                _version(services),
                services.now().isoformat(timespec="seconds"),
                not without_spotler,
            )
            records = write_plan(out, header, records)
        for record in records:
            summary.add(record)
    _show(summary, out, as_json=as_json)


@app.command(name="feeds")
def look_at_feeds(as_json: Json = False) -> None:
    """Print what the next reading of the feeds would do with new subscribers and bounces; nothing is changed."""
    from connector.pulls.ahead import feeds_ahead  # noqa: PLC0415 - loaded when used

    with services_of_settings() as services:
        found = feeds_ahead(services)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    if not any(counts.total() for counts in found.values()):
        say("Nothing new.")
        return
    shown = headed(*_AHEAD)
    for feed, counts in found.items():
        for what, count in sorted(counts.items()):
            add_row(shown, Sentence.of(feed), Sentence.of(what), f"{count:,}")
    print_table(shown)


@app.command(name="apply")
def apply_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan that was written with --out.", exists=True)],
    as_json: Json = False,
) -> None:
    """Do what a plan says; what has changed since is left, with the reason."""
    from connector.plans.applying import Applied, apply_plan  # noqa: PLC0415 - loaded when used
    from connector.plans.file import environment_of, read_header, read_lines  # noqa: PLC0415
    from connector.sync.old_values import begun  # noqa: PLC0415

    header = read_header(file)
    counts, left = Counter[str](), list[tuple[str, Sentence]]()
    with services_of_settings() as services:
        if header.environment != environment_of(services.settings):
            refuse("The plan was made for other systems than those of the settings, so nothing is done.")
        if header.mapping != _version(services):
            refuse("The mapping was changed since the plan was made, so nothing is done. Make a new plan.")
        with progress(Sentence("records done")) as seen:
            run = begun(services, "plan-apply")
            for each in apply_plan(run, read_lines(file), asked=header.asked, seen=seen):
                counts[each.applied.name] += 1
                if each.applied is not Applied.DONE:
                    left.append((f"{each.ref.table}/{each.ref.id}", Sentence.joined(each.applied.value, each.code)))
    if as_json:
        typer.echo(json.dumps({"counts": counts, "left": dict(left)}, indent=2))
    else:
        say(
            Sentence(
                "{done} of {count} record was done.",
                plural="{done} of {count} records were done.",
                done=counts["DONE"],
                count=counts.total(),
            )
        )
        for record, reason in left:
            typer.echo(f"{record}: {put(reason)}")
    if left:
        raise typer.Exit(1)


@app.command(name="list")
def list_kept(as_json: Json = False) -> None:
    """Print the plans that the brake keeps until a person approves or discards them."""
    from connector.plans.kept import kept_plans  # noqa: PLC0415 - loaded when used
    from connector.settings import get_settings  # noqa: PLC0415
    from connector.state import state_from  # noqa: PLC0415

    found = kept_plans(state_from(get_settings()))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    if not found:
        say("No plan waits.")
        return
    shown = headed(*_KEPT)
    for each in found:
        causes = [
            Sentence("{cause}: {number}", cause=_cause(cause), number=count) for cause, count in each.causes.items()
        ]
        why = Sentence.of(each.problem) if each.problem else Sentence.joined(*causes, between=", ")
        add_row(shown, each.id, each.made_on, each.mapping, str(each.records), why)
    print_table(shown)


@app.command(name="approve")
def approve_kept(plan_id: PlanId) -> None:
    """Let everything of its kind pass, and sync the records that the brake held back."""
    from connector.plans.kept import approve  # noqa: PLC0415 - loaded when used

    with services_of_settings() as services, progress(Sentence("records synced")) as seen:
        counts = approve(services, plan_id, seen=seen, pause=time.sleep)
    for code, count in counts.most_common():
        say(Sentence("{code}: {count} record", plural="{code}: {count} records", code=code, count=count))
    say(Sentence("Plan {plan} is done.", plan=plan_id))


@app.command(name="discard")
def discard_kept(plan_id: PlanId) -> None:
    """Forget a plan; the records stay as they are in Spotler."""
    from connector.plans.kept import discard  # noqa: PLC0415 - loaded when used

    with services_of_settings() as services:
        discard(services, plan_id)
    say(Sentence("Plan {plan} is discarded.", plan=plan_id))


def _show(summary: _Summary, out: Path | None, *, as_json: bool) -> None:
    from connector.plans.changes import Becomes  # noqa: PLC0415 - loaded when used

    if as_json:
        changes = [
            {"side": side, "field": field or None, "change": change, "records": count, "sample": summary.samples[key]}
            for key, count in summary.changes.most_common()
            for side, field, change in [key]
        ]
        content = {"records": summary.records, "problems": summary.problems, "changes": changes}
        typer.echo(json.dumps(content, indent=2))
        return
    say(Sentence("{count} record would change.", plural="{count} records would change.", count=summary.records))
    for code, count in summary.problems.most_common():
        say(
            Sentence(
                "{count} record could not be synced: {code}.",
                plural="{count} records could not be synced: {code}.",
                count=count,
                code=code,
            )
        )
    final = sum(count for (_, _, change), count in summary.changes.items() if change == Becomes.ANONYMISED)
    if final:
        say(
            Sentence(
                "{count} record would be anonymised in Spotler. This cannot be undone.",
                plural="{count} records would be anonymised in Spotler. This cannot be undone.",
                count=final,
            )
        )
    if summary.changes:
        shown = headed(*_CHANGES)
        for key, count in sorted(summary.changes.items()):
            side, field, change = key
            what = field or Sentence("(the whole record)")
            add_row(shown, side, what, Sentence.of(change), str(count), ", ".join(summary.samples[key]))
        print_table(shown)
    if out is not None:
        say(
            Sentence("{file} is written. It holds personal data; delete it when it is no longer needed.", file=str(out))
        )


def _cause(text: str) -> Sentence:
    """A cause as the brake keeps it: one that empties a field ends with the name of that field."""
    from connector.sync.brake.derived import EMPTIED, EMPTIED_HERE  # noqa: PLC0415 - loaded when used

    for cause in (EMPTIED_HERE, EMPTIED):
        if text.startswith(f"{cause} "):
            return Sentence("{cause} {field}", cause=Sentence.of(cause), field=text.removeprefix(f"{cause} "))
    return Sentence.of(text)


def _version(services: "Services") -> str:
    from connector.mapping import mapping_version  # noqa: PLC0415 - loaded when used

    return mapping_version(services.mapping)
