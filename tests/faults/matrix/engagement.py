"""What there is before the works about Marketing Interactions."""

from datetime import timedelta

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Info, Interaction
from connector.dataverse.records import RecordRef
from tests.faults.matrix.actors import MatrixCast


def engaged(cast: MatrixCast) -> None:
    """People who open and click, twice in one case, one who has left, and one whom Dataverse does not know."""
    cast.engages(cast.known(), "sent", "open", "click")
    cast.engages(cast.known(), "click", "open", "click")
    cast.engages(_who_left(cast), "open")
    cast.engages(cast.unknown_contact(), "open", "click")
    cast.bounces(cast.known(), times=2)


def _who_left(cast: MatrixCast) -> RecordRef:
    """Somebody of whom Spotler Info says that the contact has left; nobody changes the record again."""
    record = cast.known()
    next(row for row in cast.rows[Info.TABLE] if row[Info.RECORD] == record.id)[Info.GONE] = True
    del cast.people[record.id]
    return record


def kept(cast: MatrixCast) -> None:
    """Interactions that are old, of somebody who has left, and without a record, and some that stay."""
    stays, leaves = cast.known(), _who_left(cast)
    for number, (record, days) in enumerate(((stays, 1), (stays, 400), (leaves, 1), (leaves, 1), (None, 1))):
        lookup = {f"_dh_{record.table}id_value": record.id} if record else {}
        cast.row(
            Interaction.TABLE,
            Interaction.ID,
            **{
                Interaction.KEY: f"{cast.name}/{number}",
                Interaction.NAME: "Email opened",
                Interaction.TYPE: InteractionType.EMAIL_OPENED.value,
                Interaction.ON: (cast.start - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                **lookup,
            },
        )
