"""The records that the samples of `run --once` are about."""

from connector.dataverse.names import Account, Contact, Lead, ListMember, MarketingList, Permission, Visitor
from sandbox.people import People
from sandbox.sample_setup import create_setup


def create_fixtures(people: People) -> dict[str, str]:
    """The records and automations that the samples are about; their ids by the names used above."""
    ids = {}
    ids["bakery"] = people.create(
        Account.SET, {"name": "Bakery of the Square", "emailaddress1": "info@bakery.example.org"}
    )
    ids["anna"] = people.create(
        Contact.SET,
        {
            "firstname": "Anna",
            "lastname": "Voorbeeld",
            "emailaddress1": "anna@example.org",
            "gendercode": 2,
            "birthdate": "1984-02-29",
            "parentcustomerid_account@odata.bind": f"/{Account.SET}({ids['bakery']})",
        },
    )
    ids["zoe"] = people.create(
        Contact.SET, {"firstname": "Zoë", "lastname": "de Wit", "emailaddress1": "zoe@example.org"}
    )
    ids["silent"] = people.create(Contact.SET, {"firstname": "Silent", "lastname": "Reader"})
    ids["deleted"] = people.create(Contact.SET, {"lastname": "Gone", "emailaddress1": "gone@example.org"})
    ids["lars"] = people.create(
        Lead.SET, {"subject": "Webinar", "firstname": "Lars", "lastname": "Test", "emailaddress1": "lars@example.org"}
    )
    people.create(
        Permission.SET,
        {
            Permission.NAME: "Newsletter",
            Permission.SUBSCRIBED: True,
            f"{Permission.CONTACT_NAVIGATION}@odata.bind": f"/{Contact.SET}({ids['anna']})",
        },
    )
    ids["garden"] = people.create(Visitor.SET, {Visitor.NAME: "Garden Centre", Visitor.DOMAIN: "garden.example.org"})
    ids["before"] = people.create(
        Visitor.SET,
        {
            Visitor.NAME: "Bakery of the Square",
            Visitor.PROMOTED_ON: "2026-01-31T09:00:00Z",
            Visitor.STATE: 1,
            Visitor.STATUS: 2,
        },
    )
    ids["friends"] = people.create(MarketingList.SET, {MarketingList.NAME: "Friends", MarketingList.MEMBER_TYPE: 2})
    for member in ("anna", "silent"):
        people.create(
            ListMember.SET,
            {
                f"{ListMember.LIST}@odata.bind": f"/{MarketingList.SET}({ids['friends']})",
                f"{ListMember.MEMBER}_{Contact.TABLE}@odata.bind": f"/{Contact.SET}({ids[member]})",
            },
        )
    return ids | create_setup(people)
