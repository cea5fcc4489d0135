"""Audiences: dynamic lists that other systems fill. They can be written but neither listed nor read back.

Their refusals have no body, as published; only unknown contacts are named in one.
"""

from sandbox.spotler.call import Call
from sandbox.spotler.errors import ApiError, ErrorType, invalid, missing
from sandbox.spotler.properties import MAX_TEXT
from sandbox.spotler.routing import WITH_AUTOMATION, Route
from sandbox.spotler.store.lists import Audience
from sandbox.spotler.wire import NO_CONTENT, Answer, Fields, json_answer

MAX_CONTACTS = 2500
#: Dates that an audience is read with; accepted and ignored when it is written.
_READ_ONLY = ("createDate", "changeDate", "lastContactAddedAt", "lastContactRemovedAt", "lastSyncDate")
_EXPECTATION_FAILED = 417
_TOO_LARGE = 413


def create_audience(call: Call) -> Answer:
    """Create one; id and name are unique in the account."""
    body = call.fields("externalId", "name", "description")
    external_id, name = _rule_text(body, "externalId"), _rule_text(body, "name")
    audiences = call.world.audiences
    if external_id in audiences:
        raise _broken(ErrorType.ID_NOTUNIQUE, "externalId is not unique")
    _require_free_name(call, name)
    if len(audiences) >= call.world.settings.max_audiences:
        raise _broken(ErrorType.INVALID_STATE, "The maximum number of audiences is reached")
    now = call.world.clock.now()
    audience = Audience(
        external_id=external_id, name=name, description=body.text("description"), created=now, changed=now
    )
    audiences[external_id] = audience
    call.world.journal.record("audience.created", None, audience=external_id)
    return json_answer(_view(call, audience))


def get_audience(call: Call, external_id: str) -> Answer:
    """One audience without its members."""
    return json_answer(_view(call, _audience(call, external_id)))


def update_audience(call: Call, external_id: str) -> Answer:
    """Change name and description."""
    audience = _audience(call, external_id)
    body = call.fields("externalId", "name", "description", *_READ_ONLY)
    if body.text("externalId") not in {None, external_id}:
        raise invalid("externalId in the body differs from the path")
    name = _rule_text(body, "name")
    if name != audience.name:
        _require_free_name(call, name)
    audience.name, audience.description = name, body.text("description")
    audience.changed = call.world.clock.now()
    call.world.journal.record("audience.updated", None, audience=external_id)
    return json_answer(_view(call, audience))


def delete_audience(call: Call, external_id: str) -> Answer:
    """Delete one that nothing uses."""
    if _audience(call, external_id).in_use:
        raise _broken(ErrorType.INVALID_STATE, "The audience is in use")
    del call.world.audiences[external_id]
    call.world.journal.record("audience.deleted", None, audience=external_id)
    return NO_CONTENT


def add_contacts(call: Call, external_id: str) -> Answer:
    """Add up to 2500 contacts. If one is unknown nobody is added, and the answer names the unknown ones."""
    audience = _audience(call, external_id)
    ids = _ids(call.fields("contacts"))
    unknown = [each for each in ids if call.find_contact(each) is None]
    if unknown:
        raise ApiError(
            ErrorType.CONTACT_NOT_FOUND,
            "Contacts not found",
            status=404,
            extra={"externalContactIds": unknown},
        )
    now = call.world.clock.now()
    for each in ids:
        contact = call.find_contact(each)
        if contact is not None and contact.key not in audience.members:
            audience.members.add(contact.key)
            audience.last_added = now
            call.world.journal.record("audience.member_added", each, audience=external_id)
    return NO_CONTENT


def remove_contacts(call: Call, external_id: str) -> Answer:
    """Remove the contacts named, known or not; without a body, or with `null`, everybody."""
    audience = _audience(call, external_id)
    value = call.json()
    if value is None:
        count = len(audience.members)
        audience.members.clear()
        if count:
            audience.last_removed = call.world.clock.now()
            call.world.journal.record("audience.emptied", None, audience=external_id, members=count)
        return NO_CONTENT
    for each in _ids(Fields(value, ("contacts",))):
        contact = call.find_contact(each)
        if contact is not None and contact.key in audience.members:
            audience.members.discard(contact.key)
            audience.last_removed = call.world.clock.now()
            call.world.journal.record("audience.member_removed", each, audience=external_id)
    return NO_CONTENT


def _audience(call: Call, external_id: str) -> Audience:
    audience = call.world.audiences.get(external_id)
    if audience is None:
        raise missing(ErrorType.RESOURCE_NOT_FOUND, f"Audience {external_id}")
    return audience


def _ids(body: Fields) -> list[str]:
    ids = body.texts("contacts")
    if ids is None:
        raise invalid("contacts is missing")
    if len(ids) > MAX_CONTACTS:
        raise ApiError(ErrorType.INVALID_PARAMS, f"At most {MAX_CONTACTS} contacts are allowed", status=_TOO_LARGE)
    return list(dict.fromkeys(ids))


def _rule_text(body: Fields, name: str) -> str:
    text = body.text(name) or ""
    if not text.strip() or len(text) > MAX_TEXT:
        raise _broken(ErrorType.INVALID_PARAMS, f"{name} must have 1 to {MAX_TEXT} characters")
    return text


def _require_free_name(call: Call, name: str) -> None:
    if any(audience.name == name for audience in call.world.audiences.values()):
        raise _broken(ErrorType.NAME_ALREADY_IN_USE, "name is not unique")


def _broken(error_type: ErrorType, message: str) -> ApiError:
    return ApiError(error_type, message, status=_EXPECTATION_FAILED)


def _view(call: Call, audience: Audience) -> dict[str, object]:
    view: dict[str, object] = {"externalId": audience.external_id, "name": audience.name}
    if audience.description is not None:
        view["description"] = audience.description
    changes = [each for each in (audience.last_added, audience.last_removed) if each is not None]
    return view | call.iso_members(
        createDate=audience.created,
        changeDate=audience.changed,
        lastContactAddedAt=audience.last_added,
        lastContactRemovedAt=audience.last_removed,
        lastSyncDate=max(changes, default=None),
    )


_ONE = "/audience/{externalId}"
ROUTES = tuple(
    Route(method, template, handler, editions=WITH_AUTOMATION, bare=True, with_body=handler is remove_contacts)
    for method, template, handler in (
        ("POST", "/audience", create_audience),
        ("GET", _ONE, get_audience),
        ("PUT", _ONE, update_audience),
        ("DELETE", _ONE, delete_audience),
        ("POST", f"{_ONE}/contact", add_contacts),
        ("DELETE", f"{_ONE}/contact", remove_contacts),
    )
)
