"""What people do on a simulated day, in both systems. What they say about consent is what the oracle expects."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import tests.unit.sync.consent_people  # noqa: F401 - fills the table of what people can do
from connector.dataverse.names import Contact
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.faults.days import lists, website
from tests.unit.sync.consent_person import Person
from tests.unit.sync.consent_story import PEOPLE, bits_of

if TYPE_CHECKING:
    from tests.faults.days.days import Days

type DayAct = Callable[["Days", Person], None]

#: Acts that take something away behind the connector's back. Only a comparison of both sides finds out.
BEHIND: Final = ("Spotler Info lost", "common state lost", "lost in Spotler", "drifts in Spotler")


def _told(what: str) -> DayAct:
    """Something that the stories about consent know."""

    def act(days: "Days", person: Person) -> None:
        bit = NEWSLETTER_BIT if days.chance.random() < 0.7 else EVENTS_BIT
        PEOPLE[what](days, person, bit)

    return act


def _flag(column: str, *, on: bool) -> DayAct:
    """Do Not Bulk Email counts as a refusal once the connector has acted on it, so nobody takes it back before."""

    def act(days: "Days", person: Person) -> None:
        if not days.is_quiet:
            return
        days.two.edit(person.record, **{column: on})
        days.work()
        if on and column == "donotbulkemail":
            days.settle()
            person.agreed.clear()

    return act


def _edit(days: "Days", person: Person) -> None:
    column = days.chance.choice(("firstname", "lastname", "telephone1"))
    days.two.edit(person.record, **{column: f"{column} {days.number()}"})


def _profile(days: "Days", person: Person) -> None:
    if days.contact_of(person) is not None:
        name = days.chance.choice(("firstName", "phoneNumber", "city"))
        days.two.profile(person.record, **{name: f"{name} {days.number()}"})


def _drift(days: "Days", person: Person) -> None:
    """Somebody changes in Spotler what Dataverse alone decides."""
    if days.contact_of(person) is not None:
        days.two.profile(person.record, lastName=f"Else {days.number()}")


def _address(days: "Days", person: Person) -> None:
    days.two.edit(person.record, emailaddress1=f"new{days.number()}@example.org")


def _newcomer(days: "Days", _: Person) -> None:
    name = f"person{days.number()}"
    days.people.append(Person(name, days.two.contact(name, firstname=name)))


def _lost(days: "Days", person: Person) -> None:
    """Somebody anonymises the contact in Spotler; what it has said before has been heard."""
    days.settle()
    if days.contact_of(person) is not None:
        days.two.lose(person.record)


def _merge(days: "Days", person: Person) -> None:
    """Two records of one person become one; the other one is deactivated by it."""
    others = [each for each in days.people if each is not person and not each.deleted]
    if not others:
        return
    loser = days.chance.choice(others)
    rows = [days.two.row(each.record) for each in (person, loser)]
    # One that was merged before is refused, also where somebody has activated it since.
    if any(row["statecode"] or row.get("merged") for row in rows):
        return
    days.settle()
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.contact"}
    target, subordinate = ({**kind, Contact.ID: each.record.id} for each in (person, loser))
    content = {**kind, "firstname": f"merged {days.number()}"}
    parameters = {"Target": target, "Subordinate": subordinate, "UpdateContent": content}
    days.two.tick()
    days.two.systems.by_person("POST", "Merge", {**parameters, "PerformParentingChecks": False})


def _mailing(days: "Days", _: Person) -> None:
    """A mailing to all who get the newsletter: some open it, some click, some messages come back."""
    contacts = {str(each["externalId"]): each for each in days.two.systems.spotler()["contacts"]}
    for person in days.people:
        contact = contacts.get(person.record.id)
        if contact is None or contact["anonymized"] or NEWSLETTER_BIT not in bits_of(contact):
            continue
        days.happens("sent", person)
        fate = days.chance.random()
        if fate < 0.4:
            days.happens("open", person)
        if fate < 0.2:
            days.happens("click", person)
        elif fate > 0.97:
            days.happens("bounce", person, hard=days.chance.random() < 0.3)
        elif fate > 0.94:
            days.two.tick()
            days.two.unsubscribe(person.record, NEWSLETTER_BIT)
            person.agreed.discard(NEWSLETTER_BIT)


def _bounce(days: "Days", person: Person) -> None:
    if days.contact_of(person) is not None:
        days.happens("bounce", person)


def _stranger(days: "Days", _: Person) -> None:
    """Somebody who belongs to no record appears in Spotler."""
    address = f"stranger{days.number()}@example.org"
    days.two.put_contact(properties={"email": address}, externalId=f"shop-{days.number()}")


#: What people do, and how often it comes.
ACTS: Final[Mapping[str, tuple[DayAct, float]]] = {
    "edits": (_edit, 6),
    "edits the profile": (_profile, 4),
    "opts in, in Dataverse": (_told("opts in, in Dataverse"), 7),
    "opts out, in Dataverse": (_told("opts out, in Dataverse"), 3),
    "opts in, in Spotler": (_told("opts in, in Spotler"), 7),
    "opts out, in Spotler": (_told("opts out, in Spotler"), 3),
    "leaves everything": (_told("leaves everything"), 0.5),
    "complains": (_told("complains"), 0.2),
    "bounces": (_bounce, 0.3),
    "gets another address": (_address, 1.5),
    "loses the address": (_told("loses the address"), 0.3),
    "swaps addresses": (_told("swap addresses"), 0.3),
    "Do Not Bulk Email": (_flag("donotbulkemail", on=True), 0.5),
    "Do Not Bulk Email cleared": (_flag("donotbulkemail", on=False), 0.7),
    "Do Not Email": (_flag("donotemail", on=True), 0.5),
    "Do Not Email cleared": (_flag("donotemail", on=False), 0.7),
    "deactivated": (_told("deactivated"), 0.4),
    "activated": (_told("activated"), 0.6),
    "deleted": (_told("deleted"), 0.2),
    "is made": (_newcomer, 0.6),
    "merged": (_merge, 0.2),
    "a second row refuses": (_told("second row refuses"), 0.2),
    "a row is deactivated": (_told("row deactivated"), 0.2),
    "the newsletter is renamed": (_told("renamed"), 0.2),
    "the newsletter is renamed back": (_told("renamed back"), 0.2),
    "a mailing is sent": (_mailing, 2),
    "a stranger appears": (_stranger, 0.2),
    "a list is made": (lists.make, 0.5),
    "joins or leaves a list": (lists.join_or_leave, 3),
    "a list is renamed": (lists.rename, 0.2),
    "a query is changed": (lists.change_query, 0.5),
    "a list is deactivated or activated": (lists.deactivate_or_activate, 0.3),
    "a list is deleted": (lists.delete, 0.1),
    "a list is synced": (lists.order, 0.5),
    "the website is visited": (website.visit, 3),
    "a visitor is promoted": (website.promote, 0.3),
    "Spotler Info lost": (_told("Spotler Info lost"), 0.2),
    "common state lost": (_told("common state lost"), 0.2),
    "lost in Spotler": (_lost, 0.2),
    "drifts in Spotler": (_drift, 0.3),
}
