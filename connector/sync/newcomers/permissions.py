"""The permissions of new subscribers: those that their contacts have, and not those of the environment variables.

A contact that did not exist yet had agreed to nothing. So what is on counts as an opt-in of the moment when the contact
was made, and what is off is no opt-out: a form that does not mention a permission withdraws nothing.
"""

from collections.abc import Mapping

from connector.consent import KnownState, ShownContact, SpotlerReport, report
from connector.dataverse.records import RecordRef
from connector.mapping.columns import KEPT_AS_ROWS
from connector.services import Services
from connector.spotler import Field, Fields, SpotlerContact, from_spotler
from connector.sync.newcomers.choice import EMAIL_CHANNEL
from connector.sync.permissions.rows import Ensured, PermissionRows
from connector.sync.records import Record


def give_permissions(
    services: Services,
    fields: Fields,
    records: Mapping[RecordRef, Record],
    contacts: Mapping[RecordRef, SpotlerContact],
) -> dict[RecordRef, Ensured]:
    """Create and switch the rows of records.

    Args:
        services: the systems.
        fields: of the account.
        records: of one table, as they were read.
        contacts: the contact of each record.

    Returns:
        each record as it is then, or why it could not be done.
    """
    table = next((ref.table for ref in contacts), "")
    field = _permissions_field(services, table, fields)
    if field is None:
        return {ref: records[ref] for ref in contacts}
    nothing = {ref: _nothing(contact, field) for ref, contact in contacts.items()}
    said = {ref: _report(services, contact, field, nothing[ref]) for ref, contact in contacts.items()}
    rows = PermissionRows(services)
    results = rows.ensure([records[ref] for ref in contacts], reported=said, known=nothing, made_from_spotler=True)
    return results | rows.apply([each for each in results.values() if isinstance(each, Record)])


def _permissions_field(services: Services, table: str, fields: Fields) -> Field | None:
    names = (row.field for row in services.mapping.rows if row.columns.get(table) in KEPT_AS_ROWS)
    return next((field for name in names if (field := fields.get(name))), None)


def _nothing(contact: SpotlerContact, field: Field) -> dict[int, KnownState]:
    """What was known before the contact existed: everything off."""
    if contact.made_on is None:
        return {}
    return {option.bit: KnownState(on=False, at=contact.made_on) for option in field.options}


def _report(
    services: Services, contact: SpotlerContact, field: Field, known: Mapping[int, KnownState]
) -> SpotlerReport:  # fmt: skip
    properties = {name.casefold(): value for name, value in contact.properties.items()}
    states = from_spotler(field.type, properties.get(field.name.casefold()))
    shown = ShownContact(
        states=states if isinstance(states, Mapping) else {},
        # Not before it was made and changed, by whichever clock.
        seen_on=max(filter(None, (services.now(), contact.made_on, contact.last_changed))),
        changed_on=contact.last_changed,
        reachable=contact.channels.get(EMAIL_CHANNEL),
    )
    return report(shown, field.options, known)
