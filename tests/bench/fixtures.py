"""What the jobs are about: contacts with addresses and permissions, and the jobs themselves."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Final

import requests

from connector.dataverse.choices import Operation
from connector.dataverse.names import Contact, Info, Job, ListMember, MarketingList, Permission
from connector.operations.audiences import audience_id
from sandbox.launch import Part
from sandbox.people import People
from sandbox.spotler.side_door.client import SideDoor
from tests.bench.work import row_of

#: Rows that one call creates.
ROWS_PER_CALL: Final = 250
#: Rows that one call loads behind the API.
ROWS_PER_LOAD: Final = 2000
#: Every second contact has this permission, so that the connectors have some to read and some to find missing.
PERMISSION: Final = "Newsletter"

_SECONDS: Final = 600


def load_known(dataverse: Part, spotler: Part, count: int) -> list[str]:
    """Create contacts whom Spotler knows, with their Spotler Info, a few thousand at a time; returns their ids."""
    contacts: list[str] = []
    door = SideDoor(spotler.get("url"))
    for numbers in batched(range(count), ROWS_PER_LOAD, strict=False):
        people = [_contact(number) for number in numbers]
        some = _load(dataverse, Contact.TABLE, people)
        _load(dataverse, Info.TABLE, [_info(contact) for contact in some])
        door.contacts(*(_known(contact, person) for contact, person in zip(some, people, strict=True)))
        contacts += some
    return contacts


def load_people(dataverse: Part, count: int) -> list[str]:
    """Create contacts whom Spotler does not know, without the API, a few thousand at a time; returns their ids.

    So no message is posted about them.
    """
    contacts: list[str] = []
    for numbers in batched(range(count), ROWS_PER_LOAD, strict=False):
        some = _load(dataverse, Contact.TABLE, [_contact(number) for number in numbers])
        _load(dataverse, Permission.TABLE, [_permission(contact) for contact in some[::2]])
        contacts += some
    return contacts


def load_names(dataverse: Part, count: int) -> list[str]:
    """The same with a name and an address only, and without permissions: for very many."""
    contacts: list[str] = []
    for numbers in batched(range(count), ROWS_PER_LOAD, strict=False):
        contacts += _load(dataverse, Contact.TABLE, [_named(number) for number in numbers])
    return contacts


def load_list(dataverse: Part, contacts: Sequence[str]) -> tuple[str, list[str]]:
    """Create a static Marketing List with these members, without the API; its id, and those of the rows of members."""
    (made,) = _load(dataverse, MarketingList.TABLE, [{MarketingList.NAME: "Bench", MarketingList.MEMBER_TYPE: 2}])
    return made, load_members(dataverse, made, contacts)


def load_members(dataverse: Part, marketing_list: str, contacts: Sequence[str]) -> list[str]:
    """Put contacts on a list, without the API; returns the ids of the rows."""
    rows: list[str] = []
    for some in batched(contacts, ROWS_PER_LOAD, strict=False):
        rows += _load(dataverse, ListMember.TABLE, [_member(marketing_list, contact) for contact in some])
    return rows


def _member(marketing_list: str, contact: str) -> dict[str, object]:
    return {
        f"{ListMember.LIST}@odata.bind": f"/{MarketingList.SET}({marketing_list})",
        f"{ListMember.MEMBER}_{Contact.TABLE}@odata.bind": f"/{Contact.SET}({contact})",
    }


def create_audience(spotler: Part, row: Mapping[str, object]) -> None:
    """The audience that a job is about, if it is about one."""
    if name := row.get(Job.AUDIENCE):
        audience = {"externalId": audience_id(str(name)), "name": name, "members": []}
        SideDoor(spotler.get("url")).post("lists", audiences=[audience])


def create_jobs(people: People, operation: Operation, contacts: Sequence[str], automations: Mapping[str, str]) -> None:
    """Create a job for each contact through the Web API, as a flow would: each makes Dataverse post a message."""
    for some in batched(contacts, ROWS_PER_CALL, strict=False):
        people.create_many(Job.TABLE, Job.SET, [row_of(operation, contact, automations) for contact in some])


def _contact(number: int) -> dict[str, object]:
    return {
        "firstname": f"Person {number}",
        "lastname": "of the Bench",
        "emailaddress1": f"person{number}@example.org",
        "telephone1": f"+31 20 {number:07}",
        "mobilephone": f"+31 6 {number:08}",
        "address1_line1": f"Main Street {number}",
        "address1_postalcode": "1234 AB",
        "address1_city": "Utrecht",
        "gendercode": 1 + number % 2,
    }


def _named(number: int) -> dict[str, object]:
    return {"lastname": f"Person {number}", "emailaddress1": f"person{number}@example.org"}


def _permission(contact: str) -> dict[str, object]:
    return {
        Permission.NAME: PERMISSION,
        Permission.SUBSCRIBED: True,
        f"{Permission.CONTACT_NAVIGATION}@odata.bind": f"/{Contact.SET}({contact})",
    }


def _known(contact: str, person: dict[str, object]) -> dict[str, object]:
    """A contact that has not changed lately, so that it is not in the feed of updates."""
    changed = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    return {"externalId": contact, "properties": {"email": person["emailaddress1"]}, "lastChanged": changed}


def _info(contact: str) -> dict[str, object]:
    """The Spotler Info of a contact that was sent before, with other content."""
    return {
        Info.NAME: "Person",
        Info.RECORD: contact,
        Info.SENT_HASH: "0" * 64,
        f"{Info.CONTACT_NAVIGATION}@odata.bind": f"/{Contact.SET}({contact})",
    }


def _load(dataverse: Part, table: str, rows: Sequence[dict[str, object]]) -> list[str]:
    answer = requests.post(
        f"{dataverse.get('url')}/_sandbox/rows", json={table: rows}, verify=dataverse.get("ca_file"), timeout=_SECONDS
    )
    answer.raise_for_status()
    return [str(row_id) for row_id in answer.json()[table]]
