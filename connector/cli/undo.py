"""`undo`: take back what an inward run wrote in Dataverse."""

import json
from collections import Counter
from typing import Annotated

import typer

from connector.cli.output import add_row, headed, moment, print_table, put, refuse, say
from connector.cli.progress import progress
from connector.cli.services import services_of_settings
from connector.words import Sentence, marked


def undo(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, as undo --list prints it.")] = "",
    show: Annotated[bool, typer.Option("--list", help="Print the runs that can be undone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take back what a run wrote in Dataverse, where nobody has changed it since. Anonymising cannot be undone."""
    if show is bool(run):
        refuse("Name a run, or use --list.")
    if show:
        _list(as_json=as_json)
        return
    from connector.plans.undoing import Undone, undo as take_back  # noqa: PLC0415 - loaded when used

    counts, left = Counter[str](), list[dict[str, str]]()
    with services_of_settings() as services, progress(Sentence("records looked at")) as seen:
        for each in take_back(services, run, seen=seen):
            counts[each.undone.name] += 1
            if each.undone is not Undone.RESTORED:
                left.append({"record": each.record, "column": each.column, "what": str(each.undone)})
    if as_json:
        typer.echo(json.dumps({"counts": counts, "others": left}, indent=2))
        return
    done = counts["RESTORED"] + counts["NOT_SENT"]
    say(
        Sentence(
            "{done} of {count} value was restored.",
            plural="{done} of {count} values were restored.",
            done=done,
            count=counts.total(),
        )
    )
    for line in left:
        typer.echo(f"{line['record']} {line['column']}: {put(line['what'])}")


def _list(*, as_json: bool) -> None:
    from connector.settings import get_settings  # noqa: PLC0415 - loaded when used
    from connector.state import state_from  # noqa: PLC0415
    from connector.sync.old_values import OLD, runs  # noqa: PLC0415

    state = state_from(get_settings())
    records = Counter(name.rpartition("/")[2] for name in state.names(f"{OLD}/"))
    found = [(each, records[each.id]) for each in runs(state)]
    if as_json:
        rows = [
            {"run": each.id, "kind": each.kind, "began": moment(each.began), "mapping": each.mapping, "records": count}
            for each, count in found
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    if not found:
        say("No run has overwritten anything that is still kept.")
        return
    shown = headed(marked("Run"), marked("What"), marked("When"), marked("Mapping"), marked("Records"))
    for each, count in found:
        add_row(shown, each.id, each.kind, moment(each.began), each.mapping, str(count))
    print_table(shown)
