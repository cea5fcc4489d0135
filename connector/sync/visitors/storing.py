"""Visiting companies become rows of Website Visitor, one for each id in Spotler Leads.

    companies ─► rows that are there ─► matching of those without account and lead ─► only real differences are written

A row that a person or a job has deactivated stays deactivated, with its account and lead; only what Spotler Leads says
of it follows. Each write is bound to the version that was read, so it never undoes what a person does meanwhile.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from connector.dataverse.api import BatchRequest, Conflict, Duplicate, Keyed, NotFound, Row, bind, etag, filters
from connector.dataverse.edition import read_columns
from connector.dataverse.names import Account, SystemUser, Visitor, lookup_value
from connector.dataverse.texts import cut
from connector.errors import ConnectorError, Refused, Transient
from connector.services import Services
from connector.spotler import clean_text
from connector.spotler.leads import VisitingCompany
from connector.sync.visitors.columns import LENGTHS, changes, columns_of
from connector.sync.visitors.matching import Company, MatchedAccount, match_accounts
from connector.sync.visitors.results import count_refusal

#: How often a row is read again because somebody else has written it.
ATTEMPTS: Final = 3
#: The lookup that a new row gets its owner by.
OWNER: Final = "ownerid@odata.bind"

#: Words of the counts.
NEW: Final = "new"
CHANGED: Final = "changed"
UNCHANGED: Final = "unchanged"
MATCHED: Final = "matched to an account"
AMBIGUOUS: Final = "ambiguous, not matched"

_COLUMNS: Final = (
    *(Visitor.ID, Visitor.EXTERNAL_ID, Visitor.STATE, Visitor.RATING, Visitor.HOT, Visitor.VISITS),
    *(Visitor.FIRST_VISIT, Visitor.LAST_VISIT, lookup_value(Visitor.ACCOUNT), lookup_value(Visitor.LEAD)),
    *LENGTHS,
)
_SET_OF: Final = {"systemuser": SystemUser.SET, "team": "teams"}


def visitor_rows(services: Services, ids: Collection[str]) -> dict[str, Row]:
    """The rows of visitors, by their id in Spotler Leads.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    if not ids:
        return {}
    dataverse, condition = services.dataverse, filters.in_(Visitor.EXTERNAL_ID, sorted(ids))
    rows = read_columns(
        dataverse, _COLUMNS, lambda columns: dataverse.query(Visitor.SET, select=columns, filter=condition)
    )
    return {str(row[Visitor.EXTERNAL_ID]).lower(): row for row in rows}


def store_visitors(services: Services, companies: Sequence[VisitingCompany]) -> Counter[str]:
    """Write what is new of visitors, and count what became of them.

    Raises:
        ConnectorError: Dataverse cannot be asked, or somebody else keeps writing the same rows.
    """
    waiting = {company.id: company for company in companies}
    counts, without_owner, ambiguous = Counter[str](), set[str](), set[str]()
    for _ in range(ATTEMPTS):
        if not waiting:
            break
        writes, words, unclear = _writes(services, waiting, without_owner)
        ambiguous |= unclear
        counts[UNCHANGED] += len(waiting) - len(writes)
        answers = services.dataverse.batch(list(writes.values())) if writes else []
        errors = {key: answer.error for key, answer in zip(writes, answers, strict=True) if answer.error}
        again = {key for key, error in errors.items() if _is_to_be_tried_again(writes[key], error)}
        without_owner |= {key for key in again if OWNER in (writes[key].values or {})}
        counts += Counter(count_refusal(error) for key, error in errors.items() if key not in again)
        counts += Counter(word for key, found in words.items() if key not in errors for word in found)
        waiting = {key: company for key, company in waiting.items() if key in again}
    if waiting:
        raise Transient("Rows of Website Visitor were written by others at the same time.")
    counts[AMBIGUOUS] = len(ambiguous)
    return +counts


def _is_to_be_tried_again(write: BatchRequest, error: ConnectorError) -> bool:
    """Whether somebody else has written or deleted what the write needs, or the owner may be what is refused."""
    if isinstance(error, Conflict | Duplicate | NotFound):
        return True
    return isinstance(error, Refused) and OWNER in (write.values or {})


def _writes(
    services: Services, companies: Mapping[str, VisitingCompany], without_owner: Collection[str]
) -> tuple[dict[str, BatchRequest], dict[str, list[str]], frozenset[str]]:
    """The writes of those that differ from their row, how each is counted, and which were ambiguous."""
    rows = visitor_rows(services, companies)
    matches = match_accounts(
        services.dataverse,
        [Company(key, each.name, each.domain) for key, each in companies.items() if _is_open(rows.get(key))],
    )
    owners = _owners(services, [each for key, each in companies.items() if key not in rows])
    writes: dict[str, BatchRequest] = {}
    words: dict[str, list[str]] = {}
    for key, company in companies.items():
        row, account = rows.get(key), matches.accounts.get(key)
        values = dict(columns_of(company, services.settings.visitors_hot_score))
        link = {f"{Visitor.ACCOUNT_NAVIGATION}@odata.bind": bind(Account.SET, account.id)} if account else {}
        if row is None:
            owner = {} if key in without_owner else _owner(owners, company, account)
            writes[key] = BatchRequest.insert(
                Visitor.SET, filters.key({Visitor.EXTERNAL_ID: key}), {**values, **link, **owner}
            )
        elif differences := {**changes(row, values), **link}:
            writes[key] = BatchRequest.update(Visitor.SET, str(row[Visitor.ID]), differences, if_match=etag(row))
        else:
            continue
        words[key] = [NEW if row is None else CHANGED, *([MATCHED] if account else [])]
    return writes, words, matches.ambiguous


def show_types(services: Services, types: Iterable[tuple[Row, str]]) -> None:
    """Write the type of visitors that are left out by now, and nothing else of them: they may be persons.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    changed = [
        Keyed(str(row[Visitor.ID]), {Visitor.TYPE: shown})
        for row, kind in types
        if row.get(Visitor.TYPE) != (shown := cut(clean_text(kind), LENGTHS[Visitor.TYPE]).rstrip())
    ]
    for result in services.dataverse.update_multiple(Visitor, changed) if changed else []:
        if result.error is not None:
            count_refusal(result.error)


def _is_open(row: Row | None) -> bool:
    """Whether a visitor may be matched: it is active and belongs to nobody."""
    if row is None:
        return True
    linked = row.get(lookup_value(Visitor.ACCOUNT)) or row.get(lookup_value(Visitor.LEAD))
    return row.get(Visitor.STATE) == 0 and not linked


def _owners(services: Services, companies: Sequence[VisitingCompany]) -> Mapping[str, str]:
    """The users that visitors are assigned to, by address; two users with one address are nobody."""
    addresses = {address.lower() for each in companies for address in each.assigned_to}
    if not addresses:
        return {}
    rows = services.dataverse.query(
        SystemUser.SET,
        select=(SystemUser.ID, SystemUser.EMAIL),
        filter=filters.and_(filters.eq(SystemUser.DISABLED, False), filters.in_(SystemUser.EMAIL, sorted(addresses))),
    )
    counts = Counter(str(row[SystemUser.EMAIL]).lower() for row in rows)
    return {
        address: str(row[SystemUser.ID]) for row in rows if counts[address := str(row[SystemUser.EMAIL]).lower()] == 1
    }


def _owner(owners: Mapping[str, str], company: VisitingCompany, account: MatchedAccount | None) -> Row:
    """Whose visitor a new row is: of the user that it is assigned to, else of the owner of its account."""
    user = next((owners[address.lower()] for address in company.assigned_to if address.lower() in owners), None)
    if user is not None:
        return {OWNER: bind(SystemUser.SET, user)}
    if account is not None and account.owner and account.owner_table in _SET_OF:
        return {OWNER: bind(_SET_OF[account.owner_table], account.owner)}
    return {}
