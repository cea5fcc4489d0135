"""The mapping compared with both systems as they are now: when the app starts, and for `mapping check`.

Everything is read at the same time: a table of Dataverse each, and the fields of Spotler.
"""

import logging
from collections.abc import Callable, Iterable

from connector.dataverse.api import Dataverse
from connector.dataverse.schema.model import Table
from connector.dataverse.schema.reading import read_tables
from connector.errors import ConnectorError, Misconfigured
from connector.mapping.check import check, tables_of
from connector.mapping.findings import Finding, first_of
from connector.mapping.model import Mapping
from connector.mapping.permission_lists import PermissionLists, find_lists, permission_list_tables
from connector.spotler import Fields
from connector.threads import ContextThreadPool
from connector.words import Sentence

log = logging.getLogger(__name__)


def compare(mapping: Mapping, dataverse: Dataverse, fields: Callable[[], Fields]) -> tuple[Finding, ...]:
    """Everything in the mapping that does not fit the environment and the account.

    Raises:
        ConnectorError: what one of the two systems said instead of an answer.
    """
    names = tables_of(mapping)
    with ContextThreadPool(len(names) + 1, thread_name_prefix="mapping") as pool:
        asked_fields = pool.submit(fields)
        asked = [pool.submit(read_tables, dataverse, [name]) for name in names]
    tables: dict[str, Table] = {}
    for each in asked:
        tables |= each.result()
    found = check(mapping, tables, asked_fields.result())
    lists = (
        find_lists(mapping, dataverse, asked_fields.result()) if permission_list_tables(mapping) else PermissionLists()
    )
    return (*found, *lists.findings)


def refuse_unfit(mapping: Mapping, dataverse: Dataverse, fields: Callable[[], Fields]) -> None:
    """Check the mapping when the app starts. Where a system cannot be asked, the work goes on unchecked.

    The sync leaves out what it cannot send, and a query for an unknown column is refused by Dataverse: the check names
    all such problems at once, before the first record is touched.

    Raises:
        Misconfigured: naming every problem; the work waits until they are corrected.
    """
    try:
        findings = compare(mapping, dataverse, fields)
    except ConnectorError as error:
        log.warning("The mapping was not compared with Dataverse and Spotler. %s", error.for_people)
        return
    if warnings := _listed(each for each in findings if not each.is_fatal):
        log.warning("The mapping names what is not there, which is left out. %s", warnings)
    if fatal := [each for each in findings if each.is_fatal]:
        raise Misconfigured(
            Sentence("The mapping does not fit Dataverse or Spotler. {problems}", problems=_listed(fatal)),
            advice="Correct the mapping or what it names; the work waits.",
            on_row=Sentence("The mapping does not fit: {why}.", why=first_of(fatal)),
        )


def _listed(findings: Iterable[Finding]) -> Sentence:
    return Sentence.joined(*(each.sentence for each in findings))
