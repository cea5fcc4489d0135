"""A small believable world for people who look on: persons, leads, organisations, lists, visitors, automations.

The records of `sample_records` are for jobs that test something; these are for a story. All addresses are examples.
"""

from collections.abc import Mapping
from typing import Final

import requests

from connector.dataverse.names import (
    Account,
    Contact,
    Flags,
    Lead,
    ListMember,
    MarketingList,
    Permission,
    Visitor,
)
from sandbox.launch import Part
from sandbox.people import People
from sandbox.sample_setup import create_setup

_ACCOUNTS: Final = {
    "bakery": ("Bakery of the Square", "info@bakery.example.org", "Utrecht"),
    "garden": ("Green Garden Centre", "hello@garden.example.org", "Amersfoort"),
    "kitchen": ("Kitchen Studio North", "studio@kitchen.example.org", "Groningen"),
}
#: First name, last name, address, city, account.
_CONTACTS: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "anna": ("Anna", "de Vries", "anna@example.org", "Utrecht", "bakery"),
    "bram": ("Bram", "Jansen", "bram@example.org", "Utrecht", "bakery"),
    "chantal": ("Chantal", "Peeters", "chantal@example.org", "Antwerpen", "garden"),
    "daan": ("Daan", "Visser", "daan@example.org", "Amersfoort", "garden"),
    "emma": ("Emma", "Bakker", "emma@example.org", "Groningen", "kitchen"),
    "emma2": ("E.", "Bakker", "emma.bakker@example.org", "Groningen", ""),
    "femke": ("Femke", "Smit", "", "Zwolle", ""),
    "gijs": ("Gijs", "Mulder", "gijs@example.org", "Utrecht", ""),
    "zoe": ("Zoë", "de Wit", "zoe@example.org", "Haarlem", ""),
}
#: First name, last name, address, topic, company.
_LEADS: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "lars": ("Lars", "Meijer", "lars@example.org", "Webinar in spring", "Meijer Interiors"),
    "mila": ("Mila", "Kuiper", "mila@example.org", "Trade fair", "Kuiper & Sons"),
    "noor": ("Noor", "Dekker", "noor@example.org", "Request on the website", ""),
}
#: Who has agreed to what.
_PERMISSIONS: Final = {
    "anna": ("Newsletter", "Events"),
    "bram": ("Newsletter",),
    "daan": ("Newsletter", "Offers"),
    "emma": ("Newsletter",),
    "zoe": ("Events",),
}
#: Members of the static list.
_FRIENDS: Final = ("anna", "bram", "daan", "emma", "femke")
_IN_UTRECHT: Final = (
    '<fetch><entity name="contact"><attribute name="contactid"/>'
    '<filter><condition attribute="address1_city" operator="eq" value="Utrecht"/></filter></entity></fetch>'
)


def create_small_world(people: People) -> dict[str, str]:
    """Create it; the ids by the names above, and those of the automations."""
    ids = create_setup(people)
    accounts = [
        {Account.NAME: name, "emailaddress1": email, "address1_city": city} for name, email, city in _ACCOUNTS.values()
    ]
    ids |= _many(people, Account.TABLE, Account.SET, dict(zip(_ACCOUNTS, accounts, strict=True)))
    ids |= _many(people, Contact.TABLE, Contact.SET, {key: _contact(key, ids) for key in _CONTACTS})
    leads = {
        key: {"firstname": first, "lastname": last, "emailaddress1": email, Lead.TOPIC: topic, Lead.COMPANY: company}
        for key, (first, last, email, topic, company) in _LEADS.items()
    }
    ids |= _many(people, Lead.TABLE, Lead.SET, leads)
    permissions = [
        {
            Permission.NAME: name,
            Permission.SUBSCRIBED: True,
            f"{Permission.CONTACT_NAVIGATION}@odata.bind": f"/{Contact.SET}({ids[key]})",
        }
        for key, names in _PERMISSIONS.items()
        for name in names
    ]
    people.create_many(Permission.TABLE, Permission.SET, permissions)
    return ids | _lists(people, ids) | _visitors(people)


def find_by_address(spotler: Part) -> None:
    """Have Spotler look for a contact by its address too, which new subscribers need; see docs/settings.md."""
    url = f"{spotler.get('url')}/_sandbox/settings"
    requests.post(url, json={"dedupe": "both"}, timeout=30).raise_for_status()


def _contact(key: str, ids: Mapping[str, str]) -> dict[str, object]:
    first, last, email, city, account = _CONTACTS[key]
    row: dict[str, object] = {"firstname": first, "lastname": last, "address1_city": city}
    if email:
        row["emailaddress1"] = email
    if account:
        row["parentcustomerid_account@odata.bind"] = f"/{Account.SET}({ids[account]})"
    if key == "gijs":
        row[Flags.DO_NOT_EMAIL] = True
    if key == "chantal":
        row[Flags.DO_NOT_BULK_EMAIL] = True
    return row


def _lists(people: People, ids: Mapping[str, str]) -> dict[str, str]:
    """A static list with members, and a dynamic one with a query."""
    friends = people.create(
        MarketingList.SET, {MarketingList.NAME: "Friends of the shop", MarketingList.MEMBER_TYPE: 2}
    )
    for key in _FRIENDS:
        people.create(
            ListMember.SET,
            {
                f"{ListMember.LIST}@odata.bind": f"/{MarketingList.SET}({friends})",
                f"{ListMember.MEMBER}_{Contact.TABLE}@odata.bind": f"/{Contact.SET}({ids[key]})",
            },
        )
    utrecht = people.create(
        MarketingList.SET,
        {
            MarketingList.NAME: "People in Utrecht",
            MarketingList.MEMBER_TYPE: 2,
            MarketingList.DYNAMIC: True,
            MarketingList.QUERY: _IN_UTRECHT,
        },
    )
    return {"friends": friends, "utrecht": utrecht}


def _visitors(people: People) -> dict[str, str]:
    row = {Visitor.NAME: "Hotel at the Canal", Visitor.DOMAIN: "hotel.example.org", Visitor.CITY: "Leiden"}
    return {"hotel": people.create(Visitor.SET, row)}


def _many(people: People, table: str, set_name: str, rows: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Create rows in one call; their ids by key."""
    return dict(zip(rows, people.create_many(table, set_name, list(rows.values())), strict=True))
