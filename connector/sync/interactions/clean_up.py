"""Which Marketing Interactions are deleted: old ones, those without a record, and those of people who have left.

Website visits of a company are interactions too; they have a website visitor, and perhaps no record.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from connector.dataverse.api import Keyed, Row, filters
from connector.dataverse.choices import InteractionType
from connector.dataverse.edition import read_columns
from connector.dataverse.names import Account, Contact, Info, Interaction, Lead, lookup_value
from connector.services import Services
from connector.sync.cleaning import delete_rows
from connector.sync.interactions.events import DATES
from connector.sync.interactions.storing import record_of

#: The name under which problems are logged.
OPERATION: Final = "clean-up-interactions"

_LOOKUPS: Final = {
    Contact.TABLE: Interaction.CONTACT,
    Lead.TABLE: Interaction.LEAD,
    Account.TABLE: Interaction.ACCOUNT,
}


def delete_old(services: Services, until: datetime) -> int:
    """Delete interactions that are older than the setting says; returns how many. Zero days keeps them.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    days = services.settings.keep_interactions_days
    if not days:
        return 0
    return _delete(services, filters.lt(Interaction.ON, services.now() - timedelta(days=days)), until)


def delete_without_record(services: Services, until: datetime) -> int:
    """Delete interactions whose record was deleted in Dataverse, which has emptied their lookup; returns how many.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    lookups = [lookup_value(each) for each in (*_LOOKUPS.values(), Interaction.VISITOR)]

    def delete(columns: Sequence[str]) -> int:
        return _delete(services, filters.and_(*(filters.eq(each, None) for each in columns)), until)

    return read_columns(services.dataverse, lookups, delete)


def erase_interactions(services: Services, infos: Sequence[Row], until: datetime) -> int:
    """Delete the interactions of people who have left Spotler, and empty their dates; returns how many rows.

    Website visits of an account stay: they are those of a company, and Spotler has not seen who it was.

    Args:
        services: the systems.
        infos: their rows of Spotler Info, with the columns of `storing.COLUMNS`.
        until: when to stop.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    by_table = defaultdict(list)
    for info in infos:
        if ref := record_of(info):
            by_table[ref.table].append(ref.id)
    deleted = sum(_delete(services, _of_people(table, ids), until) for table, ids in by_table.items())
    empty = dict.fromkeys(DATES.values())
    dated = [
        Keyed(str(info[Info.ID]), empty) for info in infos if any(info.get(column) for column in empty)
    ]  # fmt: skip
    for result in services.dataverse.update_multiple(Info, dated) if dated else []:
        if result.error is not None:
            raise result.error
    return deleted


def _of_people(table: str, ids: Sequence[str]) -> str:
    mails = filters.ne(Interaction.TYPE, InteractionType.WEBSITE_VISIT.value) if table == Account.TABLE else ""
    return filters.and_(filters.in_(_LOOKUPS[table], ids), mails)


def _delete(services: Services, condition: str, until: datetime) -> int:
    return delete_rows(services, Interaction, condition, until=until, operation=OPERATION)
