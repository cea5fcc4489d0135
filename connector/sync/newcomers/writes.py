"""Making the rows of new subscribers, and writing what Spotler has newer into those that exist."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from connector.dataverse.api import BatchRequest, Conflict, Duplicate, Keyed
from connector.dataverse.api.rows import TableNames
from connector.dataverse.names import Contact, Lead
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.mapping.inward import inward_plan
from connector.services import Services
from connector.spotler import Fields
from connector.sync.newcomers.choice import CREATED, FOUND
from connector.sync.newcomers.rows import Newcomer, RowOrigin, changes_of, new_row
from connector.sync.newcomers.tally import Tally
from connector.sync.newcomers.target import Target
from connector.sync.old_values import Overwritten, keep

_TABLES: Final[dict[str, TableNames]] = {Contact.TABLE: Contact, Lead.TABLE: Lead}


def create_rows(services: Services, target: Target, newcomers: Sequence[Newcomer], tally: Tally) -> list[Newcomer]:
    """Make rows; one that exists was made by an earlier attempt.

    Returns:
        those that have a row now.
    """
    topic = services.settings.new_subscriber_lead_topic
    requests = [
        BatchRequest.insert(target.set_name, each.row_id, new_row(target, each.subscriber, topic)) for each in newcomers
    ]
    try:
        answers = services.dataverse.batch(requests) if requests else []
    except ConnectorError as error:
        tally.failed(error)
        return []
    created = []
    for each, answer in zip(newcomers, answers, strict=True):
        if isinstance(answer.error, Conflict | Duplicate):
            created.append(replace(each, place=replace(each.place, origin=RowOrigin.OWN)))
        elif answer.error is not None:
            tally.failed(answer.error)
        else:
            tally.counts[CREATED] += 1
            created.append(each)
    return created


def update_rows(
    services: Services, target: Target, fields: Fields, newcomers: Sequence[Newcomer], tally: Tally
) -> list[Newcomer]:
    """Write what Spotler may write, and has otherwise.

    Returns:
        those whose row is as it should be now.
    """
    plan = inward_plan(services.mapping, target.table)
    changes = [(each, changes_of(plan, fields, each.subscriber, each.place)) for each in newcomers]
    wanted = [(each, values) for each, values in changes if values]
    done = [each for each, values in changes if not values]
    if wanted:
        unkept = keep(
            services,
            {
                RecordRef(target.table, each.row_id): Overwritten(
                    target.table, {column: (each.place.row.get(column), value) for column, value in values.items()}, {}
                )
                for each, values in wanted
            },
        )
        for error in unkept.values():
            tally.failed(error)
        wanted = [pair for pair in wanted if RecordRef(target.table, pair[0].row_id) not in unkept]
    if wanted:
        keyed = [Keyed(each.row_id, values) for each, values in wanted]
        try:
            results = services.dataverse.update_multiple(_TABLES[target.table], keyed)
        except ConnectorError as error:
            tally.failed(error)
            return done
        for (each, _), result in zip(wanted, results, strict=True):
            if result.error is None:
                done.append(each)
            else:
                tally.failed(result.error)
    tally.counts[FOUND] += sum(each.place.origin is RowOrigin.MATCH for each in done)
    return done
