"""A website visitor becomes a lead or an account: made once, linked to the visitor, which is deactivated.

    read ─► claimed by this job ─► lead or account, under an id that depends on the visitor alone ─► linked, deactivated

Every step may be repeated. The claim, a conditional write, lets one job at a time promote a visitor; the id of the new
row is the same in every attempt, so a crash leaves no second one. A visitor that has a lead or an account already, by
matching or by hand, is linked to that one.
"""

import uuid
from collections.abc import Mapping
from typing import Final

from connector.dataverse.api import (
    BatchRequest,
    Conflict,
    Duplicate,
    NotFound,
    Row,
    UnknownName,
    bind,
    etag,
    lookup_id,
    lookup_table,
)
from connector.dataverse.choices import PromoteTo
from connector.dataverse.edition import has_leads, read_columns
from connector.dataverse.names import Account, Job, Lead, SystemUser, Visitor, lookup_value
from connector.dataverse.texts import cut
from connector.errors import Invalid, Refused, Transient
from connector.services import Services
from connector.sync.visitors.columns import written
from connector.sync.visitors.matching import domain_of
from connector.words import Sentence

#: How often a visitor is read again because somebody else has written it.
ATTEMPTS: Final = 3
#: The longest texts that the columns of leads and accounts take.
TOPIC_LENGTH: Final = 300
COMPANY_LENGTH: Final = 100
NAME_LENGTH: Final = 160
WEBSITE_LENGTH: Final = 200
#: The option Web of the standard column Lead Source.
SOURCE_WEB: Final = 8
#: The namespace of the ids of what visitors become.
_NAMESPACE: Final = uuid.UUID("5b0a5a0e-6f0c-4a7b-9a63-0d6f8f5f9d11")

_SETS: Final = {PromoteTo.LEAD: Lead.SET, PromoteTo.ACCOUNT: Account.SET}
_IDS: Final = {PromoteTo.LEAD: Lead.ID, PromoteTo.ACCOUNT: Account.ID}
_LOOKUPS: Final = {PromoteTo.LEAD: Visitor.LEAD, PromoteTo.ACCOUNT: Visitor.ACCOUNT}
_NAVIGATION: Final = {
    PromoteTo.LEAD: Visitor.LEAD_NAVIGATION,
    PromoteTo.ACCOUNT: Visitor.ACCOUNT_NAVIGATION,
}
_OWNER_SETS: Final = {"systemuser": SystemUser.SET, "team": "teams"}
_COLUMNS: Final = (
    *(Visitor.ID, Visitor.NAME, Visitor.DOMAIN, Visitor.PHONE, Visitor.CITY, Visitor.COUNTRY),
    *(Visitor.STATE, Visitor.PROMOTED_BY, Visitor.PROMOTED_ON, "_ownerid_value"),
    *(lookup_value(Visitor.LEAD), lookup_value(Visitor.ACCOUNT)),
)


class AlreadyPromoted(Refused):
    """The website visitor was promoted before."""

    code = "ALREADY_PROMOTED"
    advice = "To promote it once more, activate the visitor first."


class PromotionUnderWay(Transient):
    """Another job is promoting the website visitor."""

    code = "PROMOTION_UNDER_WAY"


def promote(services: Services, visitor: str, target: PromoteTo, job: str) -> str:
    """Promote a visitor, or finish what an earlier attempt of the same job has begun; returns a sentence for people.

    Args:
        services: the systems.
        visitor: the id of its row.
        target: what it becomes.
        job: the id of the job, by which an attempt recognises the work of an earlier one.

    Raises:
        Invalid: the visitor is gone or deactivated, or the environment has no leads.
        AlreadyPromoted: by another job.
        ConnectorError: Dataverse cannot be asked, or refuses the new row.
    """
    for _ in range(ATTEMPTS):
        row = _read(services, visitor)
        if row[Visitor.STATE] != 0 and row.get(Visitor.PROMOTED_BY) == job:
            return _sentence(target)
        _check(services, row, job)
        try:
            if row.get(Visitor.PROMOTED_BY) != job:
                _change(services, row, {Visitor.PROMOTED_BY: job, Visitor.PROMOTED_ON: None})
                continue  # the new version of the row is read, with whatever else has changed meanwhile
            record = lookup_id(row, _LOOKUPS[target]) or _made(services, row, target)
            _change(
                services,
                row,
                {
                    f"{_NAVIGATION[target]}@odata.bind": bind(_SETS[target], record),
                    Visitor.PROMOTED_ON: written(services.now()),
                    Visitor.STATE: 1,
                    Visitor.STATUS: 2,
                },
            )
        except Conflict:
            continue
        return _sentence(target)
    raise Transient("The website visitor was written by others at the same time.")


def _read(services: Services, visitor: str) -> Row:
    try:
        return read_columns(
            services.dataverse,
            _COLUMNS,
            lambda columns: services.dataverse.retrieve(Visitor.SET, visitor, columns, annotations=True),
        )
    except NotFound:
        raise Invalid("The website visitor of the job was deleted; choose another one.") from None


def _check(services: Services, row: Row, job: str) -> None:
    """Refuse a visitor that is not to be promoted by this job."""
    other = str(row.get(Visitor.PROMOTED_BY) or "")
    if row[Visitor.STATE] != 0:
        if row.get(Visitor.PROMOTED_ON):
            raise AlreadyPromoted
        raise Invalid("The website visitor of the job is deactivated; activate it first.")
    if other not in ("", job) and not row.get(Visitor.PROMOTED_ON) and _is_unfinished(services, other):
        raise PromotionUnderWay


def _is_unfinished(services: Services, job: str) -> bool:
    try:
        return services.dataverse.retrieve(Job.SET, job, (Job.STATE,))[Job.STATE] == 0
    except NotFound:
        return False


def _change(services: Services, row: Row, values: Row) -> None:
    services.dataverse.update(Visitor.SET, str(row[Visitor.ID]), values, if_match=etag(row))


def _made(services: Services, row: Row, target: PromoteTo) -> str:
    """The id of the lead or account of a visitor, which is made if it is not there."""
    set_name, key = _SETS[target], own_id(str(row[Visitor.ID]), target)
    values = {**(_lead(row) if target is PromoteTo.LEAD else _account(row)), **_owner(row)}
    (answer,) = services.dataverse.batch([BatchRequest.insert(set_name, key, values)])
    if isinstance(answer.error, Conflict | Duplicate):
        try:
            services.dataverse.retrieve(set_name, key, (_IDS[target],))
        except NotFound:  # another key of the customer's table is what exists
            raise answer.error from None
    elif isinstance(answer.error, UnknownName) and target is PromoteTo.LEAD and not has_leads(services.dataverse):
        raise Invalid("This environment has no leads; promote the visitor to an account.")
    elif answer.error is not None:
        raise answer.error
    return key


def own_id(visitor: str, target: PromoteTo) -> str:
    """The id of what a visitor becomes: the same in every attempt."""
    return str(uuid.uuid5(_NAMESPACE, f"{visitor}/{target.name}".lower()))


def _lead(row: Row) -> Row:
    name = _text(row, Visitor.NAME)
    return {
        Lead.TOPIC: cut(f"Website visitor: {name}", TOPIC_LENGTH),
        Lead.COMPANY: cut(name, COMPANY_LENGTH),
        Lead.SOURCE: SOURCE_WEB,
        Lead.WEBSITE: _website(row),
        **_address(row),
    }


def _account(row: Row) -> Row:
    return {Account.NAME: cut(_text(row, Visitor.NAME), NAME_LENGTH), Account.WEBSITE: _website(row), **_address(row)}


def _address(row: Row) -> Mapping[str, object]:
    return {
        "telephone1": row.get(Visitor.PHONE),
        "address1_city": row.get(Visitor.CITY),
        "address1_country": row.get(Visitor.COUNTRY),
    }


def _website(row: Row) -> str | None:
    domain = domain_of(_text(row, Visitor.DOMAIN))
    website = f"https://{domain}"
    return website if domain and len(website) <= WEBSITE_LENGTH else None


def _owner(row: Row) -> Mapping[str, object]:
    """Whose it is: of the owner of the visitor."""
    owner, table = lookup_id(row, "ownerid"), lookup_table(row, "ownerid")
    return {"ownerid@odata.bind": bind(_OWNER_SETS[table], owner)} if owner and table in _OWNER_SETS else {}


def _text(row: Row, column: str) -> str:
    return str(row.get(column) or "")


def _sentence(target: PromoteTo) -> Sentence:
    if target is PromoteTo.LEAD:
        return Sentence("The website visitor was promoted to a lead.")
    return Sentence("The website visitor was promoted to an account.")
