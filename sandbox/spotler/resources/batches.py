"""Up to 100 contacts in one call, each with a code of its own in the order of the input."""

from sandbox.spotler.call import Call
from sandbox.spotler.errors import ApiError, BatchCode, ContactRefused, invalid
from sandbox.spotler.resources.contacts import CONTACT, EXTERNAL_ID, draft_of
from sandbox.spotler.routing import Route
from sandbox.spotler.rules.writing import check_external_id, save
from sandbox.spotler.wire import Answer, Fields, json_answer

MAX_CONTACTS = 100


def insert_contacts(call: Call) -> Answer:
    """The call as a whole fails for too many contacts or one without an id; else every contact has its code."""
    body = call.fields("update", "purge", "contacts")
    if body.array("contacts") is None:
        raise invalid("contacts is missing")
    contacts = body.objects("contacts", *CONTACT)
    if len(contacts) > MAX_CONTACTS:
        raise invalid(f"At most {MAX_CONTACTS} contacts are allowed")
    for contact in contacts:
        check_external_id(contact.required_text(EXTERNAL_ID))
    update, purge = bool(body.flag("update")), bool(body.flag("purge"))
    return json_answer([_write(call, contact, update=update, purge=purge) for contact in contacts])


def _write(call: Call, contact: Fields, *, update: bool, purge: bool) -> dict[str, object]:
    external_id = contact.required_text(EXTERNAL_ID)
    code, message = BatchCode.OK, ""
    if call.failing_contacts & {external_id, "*"}:
        code, message = BatchCode.ERROR, "Internal error"
    else:
        try:
            save(call.world, call.credential.field, draft_of(call, contact), update=update, purge=purge)
        except ContactRefused as refusal:
            code, message = refusal.code, refusal.message
        except ApiError as refusal:
            code, message = BatchCode.ERROR, refusal.message
    return {"externalId": external_id, "code": code.value, "message": message}


ROUTES = (Route("POST", "/contact/list", insert_contacts),)
