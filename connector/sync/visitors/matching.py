"""Which account a visiting company is: by the domain of its website, then by its exact name.

| Active accounts with the domain | Then |
|---|---|
| one | it is that account |
| several | the one of them that has the exact name; if that does not decide, none |
| none | the only account that has the exact name |

What is ambiguous is not matched: a person decides.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final
from urllib.parse import urlsplit

from connector.dataverse.api import Dataverse, Row, filters, lookup_id, lookup_table
from connector.dataverse.names import Account
from connector.spotler import clean_text

#: Domains of one query; each is a condition of its own.
DOMAINS: Final = 25
#: Names of one query.
NAMES: Final = 100
#: Websites where many companies have a page: they say nothing about whose visitor it is.
SHARED: Final = frozenset({
    *("facebook.com", "linkedin.com", "instagram.com", "twitter.com", "x.com", "youtube.com", "wordpress.com"),
    *("google.com", "sites.google.com", "wixsite.com", "jimdo.com"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Company:
    """What is known of a visitor that is to be matched."""

    id: str
    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class MatchedAccount:
    """An account.

    Attributes:
        owner: the id of its owner; empty if that is not known.
        owner_table: systemuser or team.
    """

    id: str
    owner: str = ""
    owner_table: str = ""


@dataclass(frozen=True, slots=True)
class Matches:
    """The accounts that were found, by visitor, and the visitors that may be one of several."""

    accounts: Mapping[str, MatchedAccount]
    ambiguous: frozenset[str]


def match_accounts(dataverse: Dataverse, companies: Sequence[Company]) -> Matches:
    """Find the accounts of companies.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    by_domain = _by_domain(dataverse, {domain_of(each.domain) for each in companies} - {""})
    nameless = [each for each in companies if each.name and not by_domain.get(domain_of(each.domain))]
    by_name = _by_name(dataverse, {clean_text(each.name) for each in nameless})
    found: dict[str, MatchedAccount] = {}
    ambiguous: set[str] = set()
    for each in companies:
        candidates = by_domain.get(domain_of(each.domain), [])
        if len(candidates) > 1:
            candidates = [row for row in candidates if _name_of(row) == _name(each.name)] or candidates
        candidates = candidates or by_name.get(_name(each.name), [])
        if len(candidates) == 1:
            found[each.id] = _account(candidates[0])
        elif candidates:
            ambiguous.add(each.id)
    return Matches(found, frozenset(ambiguous))


def domain_of(website: str) -> str:
    """The domain of a website in a form that can be compared; empty for none, and for one that many share."""
    text = website.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
        host = host.rstrip(".").encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""
    host = host.removeprefix("www.")
    return host if "." in host and host not in SHARED else ""


def _by_domain(dataverse: Dataverse, domains: Iterable[str]) -> Mapping[str, Sequence[Row]]:
    found = defaultdict[str, list[Row]](list)
    for part in batched(sorted(domains), DOMAINS, strict=False):
        for row in _rows(dataverse, filters.or_(*(filters.contains(Account.WEBSITE, each) for each in part))):
            if (domain := domain_of(str(row.get(Account.WEBSITE) or ""))) in part:
                found[domain].append(row)
    return found


def _by_name(dataverse: Dataverse, names: Iterable[str]) -> Mapping[str, Sequence[Row]]:
    found = defaultdict[str, list[Row]](list)
    for part in batched(sorted(names), NAMES, strict=False):
        for row in _rows(dataverse, filters.in_(Account.NAME, part)):
            found[_name_of(row)].append(row)
    return found


def _rows(dataverse: Dataverse, condition: str) -> list[Row]:
    return dataverse.query(
        Account.SET,
        select=(Account.ID, Account.NAME, Account.WEBSITE, f"_{Account.OWNER}_value"),
        filter=filters.and_(filters.eq(Account.STATE, 0), condition),
        annotations=True,
    )


def _account(row: Row) -> MatchedAccount:
    owner, table = lookup_id(row, Account.OWNER), lookup_table(row, Account.OWNER)
    return MatchedAccount(str(row[Account.ID]).lower(), owner or "", table or "")


def _name_of(row: Row) -> str:
    return _name(str(row.get(Account.NAME) or ""))


def _name(text: str) -> str:
    """A name without regard to case: Dataverse compares so too."""
    return clean_text(text).casefold()
