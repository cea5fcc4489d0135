"""Marketing Lists on a simulated day: static and dynamic ones, that people make, change, set aside and delete."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from connector.dataverse.choices import Operation
from connector.dataverse.names import Contact, Job, ListMember, MarketingList, lookup_value
from tests.unit.sync.consent_person import Person

if TYPE_CHECKING:
    from tests.faults.days.days import Days

#: Lists that there are at most.
LISTS: Final = 4
#: The column that decides who is on a dynamic list: people write numbers into it.
COLUMN: Final = "telephone1"


class DayLists:
    """The lists that people have made.

    Attributes:
        endings: what the column of those on a list ends with, by the id of the list; None for a static list.
        inactive: the lists that are deactivated.
        deleted: those that are not there any more.
    """

    def __init__(self) -> None:
        self.endings: dict[str, str | None] = {}
        self.inactive: set[str] = set()
        self.deleted: list[str] = []

    def chosen(self, days: "Days", *, dynamic: bool | None = None) -> str | None:
        """One of the lists; None where there is none."""
        found = [each for each, ending in self.endings.items() if dynamic in (None, ending is not None)]
        return days.chance.choice(found) if found else None


def on_list(days: "Days", made: str) -> set[str]:
    """The ids of the records on a list."""
    if (ending := days.lists.endings[made]) is not None:
        rows = days.two.systems.rows(Contact.TABLE)
        return {str(row[Contact.ID]) for row in rows if str(row.get(COLUMN) or "").endswith(ending)}
    rows = days.two.systems.rows(ListMember.TABLE)
    return {str(row[lookup_value(ListMember.MEMBER)]) for row in rows if row[lookup_value(ListMember.LIST)] == made}


def make(days: "Days", _: Person) -> None:
    """A list is made, static or dynamic, and its sync is ordered."""
    if len(days.lists.endings) == LISTS:
        return
    ending = str(days.chance.randrange(10)) if days.chance.random() < 0.5 else None
    values = {MarketingList.NAME: f"List {days.number()}", MarketingList.MEMBER_TYPE: 2, "type": ending is not None}
    query = {} if ending is None else {MarketingList.QUERY: _query(ending)}
    made = days.two.create(MarketingList.TABLE, MarketingList.SET, values | query)
    days.lists.endings[made] = ending
    if ending is None:
        for person in days.people[:3]:
            _act_on(days, made, "AddMemberList", person)
    _order(days, made)


def join_or_leave(days: "Days", person: Person) -> None:
    """Somebody is put on a static list, or taken from it."""
    made = days.lists.chosen(days, dynamic=False)
    if made is not None and made not in days.lists.inactive:
        is_member = person.record.id in on_list(days, made)
        _act_on(days, made, "RemoveMemberList" if is_member else "AddMemberList", person)


def rename(days: "Days", _: Person) -> None:
    """A list gets another name."""
    made = days.lists.chosen(days)
    if made is not None and made not in days.lists.inactive:
        _write(days, made, **{MarketingList.NAME: f"List {days.number()}"})


def change_query(days: "Days", _: Person) -> None:
    """Others are on a dynamic list."""
    made = days.lists.chosen(days, dynamic=True)
    if made is not None and made not in days.lists.inactive:
        ending = str(days.chance.randrange(10))
        _write(days, made, **{MarketingList.QUERY: _query(ending)})
        days.lists.endings[made] = ending


def deactivate_or_activate(days: "Days", _: Person) -> None:
    """A list is set aside; or it is used again, and its sync is ordered."""
    made = days.lists.chosen(days)
    if made is None:
        return
    is_inactive = made in days.lists.inactive
    _write(days, made, **{MarketingList.STATE: 0 if is_inactive else 1, "statuscode": 0 if is_inactive else 1})
    days.lists.inactive ^= {made}
    if is_inactive:
        _order(days, made)


def delete(days: "Days", _: Person) -> None:
    """A list is deleted."""
    made = days.lists.chosen(days)
    if made is not None:
        days.two.tick()
        days.two.systems.by_person("DELETE", f"{MarketingList.SET}({made})", {})
        del days.lists.endings[made]
        days.lists.inactive.discard(made)
        days.lists.deleted.append(made)


def order(days: "Days", _: Person) -> None:
    """Somebody does not want to wait for the night."""
    made = days.lists.chosen(days)
    if made is not None and made not in days.lists.inactive:
        _order(days, made)


def of_the_lists(days: "Days") -> Iterator[str]:
    """Every audience has the members of its list whom Spotler has, nobody else, and the name of the list."""
    spotler = days.two.systems.spotler()
    contacts = {str(each["externalId"]): each for each in spotler["contacts"] if not each["anonymized"]}
    audiences = {str(each["externalId"]): each for each in spotler["audiences"]}
    names = {row[MarketingList.ID]: row[MarketingList.NAME] for row in days.two.systems.rows(MarketingList.TABLE)}
    for made in days.lists.endings:
        audience = audiences.get(made)
        if made in days.lists.inactive:
            if audience is not None:
                yield f"the deactivated list {names[made]} has an audience"
            continue
        if audience is None or audience["name"] != names[made]:
            yield f"the list {names[made]} has the audience {audience and audience['name']}"
            continue
        members, listed = set(audience["members"]), on_list(days, made)
        wanted = {each for each in listed & contacts.keys() if not contacts[each]["inactive"]}
        if members - listed or wanted - members:
            yield f"the audience of {names[made]} has {members - listed} too many, and lacks {wanted - members}"
    if left := audiences.keys() & set(days.lists.deleted):
        yield f"{len(left)} lists that were deleted have an audience"


def _query(ending: str) -> str:
    condition = f'<condition attribute="{COLUMN}" operator="like" value="%{ending}"/>'
    return f'<fetch><entity name="{Contact.TABLE}"><filter>{condition}</filter></entity></fetch>'


def _order(days: "Days", made: str) -> None:
    bind = {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({made})"}
    days.two.create(Job.TABLE, Job.SET, {Job.NAME: "Sync", Job.OPERATION: Operation.SYNC_MARKETING_LIST.value} | bind)


def _write(days: "Days", made: str, **values: object) -> None:
    days.two.tick()
    days.two.systems.by_person("PATCH", f"{MarketingList.SET}({made})", values)


def _act_on(days: "Days", made: str, action: str, person: Person) -> None:
    if not person.deleted and not days.two.row(person.record)["statecode"]:
        days.two.tick()
        path = f"{MarketingList.SET}({made})/Microsoft.Dynamics.CRM.{action}"
        days.two.systems.by_person("POST", path, {"EntityId": person.record.id})
