"""`reconcile`: compare both sides in full, put right what differs, and write the certificate."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.files import store, writable
from connector.cli.output import add_row, headed, print_table, refuse, say
from connector.cli.progress import progress
from connector.cli.services import services_of_settings
from connector.words import Sentence, marked


def reconcile(
    out: Annotated[
        Path | None, typer.Option(callback=writable, help="Write the certificate to this file, as JSON.")
    ] = None,
    last: Annotated[
        bool, typer.Option("--last", help="Show the certificate of the last comparison; nothing is compared.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare every record with its contact, put right what differs, and say what was found."""
    from connector.reconcile.progress import last_certificate  # noqa: PLC0415 - loaded when used
    from connector.reconcile.reconciling import Reconciler, to_the_end  # noqa: PLC0415
    from connector.reconcile.starting import write_certificate_row  # noqa: PLC0415

    with services_of_settings() as services:
        if last:
            certificate = last_certificate(services)
            if not certificate:
                refuse("Both sides were not compared yet.")
        else:
            with progress(Sentence("records compared")) as seen:
                certificate = to_the_end(Reconciler(services, is_over=lambda: False, seen=lambda done, _: seen(done)))
            write_certificate_row(services, certificate)
    if out is not None:
        store(out, json.dumps(certificate, indent=2) + "\n")
    if as_json:
        typer.echo(json.dumps(certificate, indent=2))
        return
    _show(certificate)
    if out is not None:
        say(Sentence("{file} is written.", file=str(out)))


def _show(certificate: Mapping[str, object]) -> None:
    say(
        Sentence(
            "Compared from {began} to {ended}, by mapping {mapping}.",
            began=str(certificate["began"]),
            ended=str(certificate["ended"]),
            mapping=str(certificate["mapping"]),
        )
    )
    shown = headed("", marked("Class"), marked("Why"), marked("Number"))
    total = Sentence("total")
    for key, side in (("records", Sentence("records")), ("contacts", Sentence("contacts"))):
        counts = certificate[key]
        assert isinstance(counts, Mapping)  # noqa: S101 - as `Certificate.value` makes it
        for kind, of_kind in counts.items():
            if isinstance(of_kind, Mapping):
                add_row(shown, side, Sentence.of(kind), "", _number(of_kind["total"]))
                for reason, count in of_kind["reasons"].items():
                    add_row(shown, "", "", Sentence.of(str(reason)), _number(count))
        add_row(shown, side, total, "", _number(counts["total"]))
    lists = certificate["lists"]
    assert isinstance(lists, Mapping)  # noqa: S101
    for found, count in lists.items():
        if lists["total"]:
            add_row(shown, Sentence("lists"), Sentence.of(str(found)), "", _number(count))
    print_table(shown)
    records = certificate["records"]
    assert isinstance(records, Mapping)  # noqa: S101
    say(Sentence("Remainder: {number}.", number=int(records["remainder"])))


def _number(value: int) -> Sentence:
    return Sentence("{number}", number=value)
