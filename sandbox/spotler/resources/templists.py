"""Temporary lists, the static lists of the API: made and filled whole, never taken from."""

from sandbox.spotler.call import Call
from sandbox.spotler.errors import ApiError, ErrorType, invalid, missing, unknown_reference
from sandbox.spotler.properties import MAX_TEXT
from sandbox.spotler.routing import Route
from sandbox.spotler.store.lists import TemporaryList
from sandbox.spotler.wire import NO_CONTENT, Answer, Fields, json_answer

#: No limit is published; a call with more is more likely an error than a list.
MAX_CONTACTS = 10000


def list_templists(call: Call) -> Answer:
    """All of them; those made elsewhere have no external id."""
    return json_answer(
        [
            {
                **({} if each.external_id is None else {"externalTemporaryListId": each.external_id}),
                "name": each.name,
                "createdAt": call.iso(each.created),
                "type": each.type,
            }
            for each in call.world.templists
        ]
    )


def create_templist(call: Call) -> Answer:
    """Create a list with its contacts; if one is unknown nothing is created."""
    body = call.fields("externalTemporaryListId", "name", "contacts")
    external_id = body.required_text("externalTemporaryListId")
    name = body.required_text("name")
    if max(len(external_id), len(name)) > MAX_TEXT:
        raise invalid(f"id and name must have 1 to {MAX_TEXT} characters")
    existing = call.world.templists
    if any(each.external_id == external_id for each in existing):
        raise ApiError(ErrorType.ID_NOTUNIQUE, "externalTemporaryListId exists already")
    if any(each.name == name for each in existing):
        raise ApiError(ErrorType.NAME_ALREADY_IN_USE, "name exists already")
    if len(existing) >= call.world.settings.max_templists:
        raise ApiError(ErrorType.INVALID_STATE, "There are too many temporary lists")
    members = _contacts(call, body)
    templist = TemporaryList(external_id=external_id, name=name, created=call.world.clock.now())
    existing.append(templist)
    call.world.journal.record("templist.created", None, templist=external_id)
    _add(call, templist, members)
    return NO_CONTENT


def add_contacts(call: Call, external_id: str) -> Answer:
    """Add contacts; if one is unknown nobody is added."""
    templist = _templist(call, external_id)
    body = call.fields("contacts")
    if body.array("contacts") is None:
        raise invalid("contacts is missing")
    _add(call, templist, _contacts(call, body))
    return NO_CONTENT


def delete_templist(call: Call, external_id: str) -> Answer:
    """Delete a list that nothing uses."""
    templist = _templist(call, external_id)
    if templist.in_use:
        raise ApiError(ErrorType.INVALID_STATE, "The temporary list is in use")
    call.world.templists.remove(templist)
    call.world.journal.record("templist.deleted", None, templist=external_id)
    return NO_CONTENT


def _templist(call: Call, external_id: str) -> TemporaryList:
    found = next((each for each in call.world.templists if each.external_id == external_id), None)
    if found is None:
        raise missing(ErrorType.RESOURCE_NOT_FOUND, f"Temporary list {external_id}")
    return found


def _contacts(call: Call, body: Fields) -> dict[str, int]:
    """External id and key of the contacts named. Raises 400 for an unknown one."""
    ids = body.texts("contacts") or []
    if len(ids) > MAX_CONTACTS:
        raise invalid(f"At most {MAX_CONTACTS} contacts are allowed")
    found: dict[str, int] = {}
    for each in ids:
        contact = call.find_contact(each)
        if contact is None:
            raise unknown_reference(ErrorType.CONTACT_NOT_FOUND, f"Contact {each}")
        found[each] = contact.key
    return found


def _add(call: Call, templist: TemporaryList, contacts: dict[str, int]) -> None:
    for external_id, key in contacts.items():
        if key not in templist.members:
            templist.members.add(key)
            call.world.journal.record("templist.member_added", external_id, templist=templist.external_id)


ROUTES = (
    Route("GET", "/templist", list_templists),
    Route("POST", "/templist", create_templist),
    Route("POST", "/templist/{externalTemporaryListId}", add_contacts),
    Route("DELETE", "/templist/{externalTemporaryListId}", delete_templist),
)
