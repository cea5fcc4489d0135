"""What people do in a story about consent, in both systems, with what the oracle makes of it."""

import json

from connector.dataverse.names import (
    Info,
    Permission,
)
from sandbox.spotler.seed import NEWSLETTER_BIT
from sandbox.spotler.side_door.fixtures import rename_permissions
from tests.unit.sync.consent_person import Person
from tests.unit.sync.consent_story import NAMES, PEOPLE, RENAMED, Act, Oracle, bits_of, name_of
from tests.unit.sync.two_systems import NAVIGATION, path_of


def _row(story: Oracle, person: Person, bit: int, *, subscribed: bool) -> None:
    names = {NAMES[bit], RENAMED if bit == NEWSLETTER_BIT else ""}
    found = [row for row in story.two.permissions(person.record) if row[Permission.NAME] in names]
    if found and found[0][Permission.SUBSCRIBED] is subscribed:
        return  # the person sees how it is, and changes nothing
    name = str(found[0][Permission.NAME]) if found else name_of(story, bit)
    story.two.permission(person.record, name, subscribed=subscribed)
    (person.agrees if subscribed else person.agreed.discard)(bit)


def _in_spotler(story: Oracle, person: Person, bit: int, *, enabled: bool) -> None:
    contact = story.contact_of(person)
    if contact is None or contact.get("inactive"):
        return
    if enabled is (bit in bits_of(contact)):
        return  # the person sees how it is, and changes nothing
    if enabled:
        story.two.profile(person.record, permissions=[{"bit": bit, "enabled": True}])
        person.agrees(bit)
    else:
        story.two.unsubscribe(person.record, bit)
        person.agreed.discard(bit)


def _leave(story: Oracle, person: Person, _: int) -> None:
    if story.contact_of(person) is not None:
        story.two.unsubscribe(person.record)
        person.agreed.clear()


def _complain(story: Oracle, person: Person, _: int) -> None:
    if story.contact_of(person) is not None:
        story.two._emit(type="complaint", externalId=person.record.id)
        person.agreed.clear()


def _flag(column: str, *, on: bool) -> "Act":
    def act(story: Oracle, person: Person, _: int) -> None:
        story.two.edit(person.record, **{column: on})

    return act


def _state(*, active: bool) -> "Act":
    def act(story: Oracle, person: Person, _: int) -> None:
        state, status = (0, 1) if active else (2, 4) if person.record.table == "lead" else (1, 2)
        story.two.edit(person.record, statecode=state, statuscode=status)

    return act


def _address(story: Oracle, person: Person, _: int) -> None:
    story.two.edit(person.record, emailaddress1=f"{person.name}{len(story.wire.touches)}@example.org")


def _no_address(story: Oracle, person: Person, _: int) -> None:
    story.two.edit(person.record, emailaddress1=None)


def _swap(story: Oracle, *_: object) -> None:
    if any(each.deleted for each in story.people[:2]):
        return
    one, other = (story.two.row(each.record).get("emailaddress1") for each in story.people[:2])
    story.two.edit(story.people[0].record, emailaddress1=other)
    story.two.edit(story.people[1].record, emailaddress1=one)


def _delete(story: Oracle, person: Person, _: int) -> None:
    story.two.systems.by_person("DELETE", path_of(person.record), {})
    person.deleted = True
    person.agreed.clear()


def _rename(story: Oracle, *_: object) -> None:
    _call_newsletter(story, RENAMED)


def _name_back(story: Oracle, *_: object) -> None:
    _call_newsletter(story, NAMES[NEWSLETTER_BIT])


def _call_newsletter(story: Oracle, name: str) -> None:
    rename_permissions(story.two.systems.sandbox, json.dumps({"names": {NEWSLETTER_BIT: name}}).encode())


def _lose_info(story: Oracle, person: Person, _: int) -> None:
    if story.contact_of(person) is None:
        return
    for each in story.infos():
        if each[Info.RECORD] == person.record.id and not each.get(Info.KEEP_OUT):
            story.two.systems.by_person("DELETE", f"{Info.SET}({each[Info.ID]})", {})


def _lose_common(story: Oracle, person: Person, _: int) -> None:
    story.change_info(person, **{Info.LAST_COMMON: None})


def _lift(story: Oracle, person: Person, _: int) -> None:
    story.change_info(person, **{Info.KEEP_OUT: False})


def _second_row(story: Oracle, person: Person, bit: int) -> None:
    """A refusal in a second row of the same permission."""
    values = {
        Permission.NAME: name_of(story, bit),
        Permission.SUBSCRIBED: False,
        f"{NAVIGATION[person.record.table]}@odata.bind": f"/{path_of(person.record)}",
    }
    story.two.systems.by_person("POST", f"{Permission.SET}", values)
    person.agreed.discard(bit)


def _deactivate_row(story: Oracle, person: Person, bit: int) -> None:
    for row in story.two.permissions(person.record):
        if row[Permission.NAME] == NAMES[bit]:
            path = f"{Permission.SET}({row[Permission.ID]})"
            story.two.systems.by_person("PATCH", path, {Permission.STATE: 1, Permission.STATUS: 2})
            person.agreed.discard(bit)


def _click(story: Oracle, person: Person, _: int) -> None:
    """The contact changes in another way."""
    if story.contact_of(person) is not None:
        story.two.profile(person.record, city=f"City {len(story.wire.touches)}")


def _bounce(story: Oracle, person: Person, _: int) -> None:
    if story.contact_of(person) is not None:
        story.two._emit(type="bounce", externalId=person.record.id)


def _lost_in_spotler(story: Oracle, person: Person, _: int) -> None:
    """Somebody anonymises the contact there. An opt-out that the connector has not seen is lost with it.

    Where Spotler Info is lost too, nobody can know of it (decision 0017).
    """
    if not any(each[Info.RECORD] == person.record.id for each in story.infos()):
        story.read_feed()
    if story.contact_of(person) is not None:
        story.two.lose(person.record)
        person.lost = True


PEOPLE |= {
    "opts in, in Dataverse": lambda story, person, bit: _row(story, person, bit, subscribed=True),
    "opts out, in Dataverse": lambda story, person, bit: _row(story, person, bit, subscribed=False),
    "opts in, in Spotler": lambda story, person, bit: _in_spotler(story, person, bit, enabled=True),
    "opts out, in Spotler": lambda story, person, bit: _in_spotler(story, person, bit, enabled=False),
    "leaves everything": _leave,
    "complains": _complain,
    "Do Not Bulk Email": _flag("donotbulkemail", on=True),
    "Do Not Bulk Email cleared": _flag("donotbulkemail", on=False),
    "Do Not Email": _flag("donotemail", on=True),
    "Do Not Email cleared": _flag("donotemail", on=False),
    "deactivated": _state(active=False),
    "activated": _state(active=True),
    "gets another address": _address,
    "loses the address": _no_address,
    "swap addresses": _swap,
    "deleted": _delete,
    "renamed": _rename,
    "renamed back": _name_back,
    "Spotler Info lost": _lose_info,
    "common state lost": _lose_common,
    "Keep Out lifted": _lift,
    "second row refuses": _second_row,
    "row deactivated": _deactivate_row,
    "contact changes": _click,
    "bounces": _bounce,
    "lost in Spotler": _lost_in_spotler,
}
