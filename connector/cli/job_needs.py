"""What a job of each operation cannot do without: `job add` refuses at once what would only fail later."""

from collections.abc import Collection, Iterator
from typing import Final

from connector.cli.output import refuse
from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.operations.operation import Needs
from connector.operations.registry import operation_of
from connector.words import Sentence

#: The kinds of records, of which a job has one.
RECORDS: Final = ("contact", "account", "lead")
#: How the command line gives each column that an operation may require.
GIVEN_AS: Final = {
    Job.AUTOMATION: "automation:NAME",
    Job.LIST: "list:NAME",
    Job.VISITOR: "visitor:NAME",
    Job.TAG: "--tag",
    Job.SCORE: "--score",
    Job.AUDIENCE: "--audience",
    Job.FIELD_NAME: "--field",
    Job.FIELD_VALUE: "--value",
}


def check_needs(choice: Operation, kinds: Collection[str], columns: Collection[str]) -> None:
    """Nothing is missing that the operation needs.

    Args:
        choice: the operation.
        kinds: the kinds of rows that were named.
        columns: the other columns that were filled.

    Raises:
        typer.Exit: something is, after saying what.
    """
    if len([each for each in RECORDS if each in kinds]) > 1:
        refuse("A job is about one record; name a contact, an account or a lead.")
    if missing := list(_missing(choice, kinds, columns)):
        refuse(
            Sentence(
                "Not enough for {operation}; also give {names}.",
                operation=choice.slug,
                names=Sentence.joined(*missing, between=", "),
            )
        )


def _missing(choice: Operation, kinds: Collection[str], columns: Collection[str]) -> Iterator[str]:
    operation = operation_of(choice.slug)
    has_record = any(each in kinds for each in RECORDS)
    if operation.needs is Needs.RECORD and not has_record:
        yield Sentence("a record (contact:NAME, account:NAME or lead:NAME)")
    for column in operation.required:
        way = GIVEN_AS[column]
        if column not in columns and way.partition(":")[0] not in kinds:
            yield way
    names_a_run = Job.AUTOMATION_CONTACT_ID in columns or "job" in kinds
    if choice is Operation.STOP_AUTOMATION and not (names_a_run or (has_record and "automation" in kinds)):
        yield Sentence("job:NUMBER or --run, or a record and automation:NAME")
