"""One contact: read, insert, update, search, anonymise, inactivate; and the properties there are."""

from urllib.parse import unquote

from sandbox.spotler.call import Call
from sandbox.spotler.errors import invalid, invalid_property
from sandbox.spotler.properties import EMAIL, Kind, Value
from sandbox.spotler.resources.views import contact_view
from sandbox.spotler.routing import PAGE, Route
from sandbox.spotler.rules import lifecycle
from sandbox.spotler.rules.writing import Draft, change, save
from sandbox.spotler.store.contacts import Contact
from sandbox.spotler.wire import NO_CONTENT, Answer, Fields, json_answer

EXTERNAL_ID = "externalId"
#: Members of a contact; those from `created` on can only be read.
CONTACT = (EXTERNAL_ID, "properties", "testGroup", "created", "encryptedId", "lastChanged", "temporary", "channels")
_REQUEST = ("update", "purge", "contact")


def draft_of(call: Call, contact: Fields) -> Draft:
    """A contact in a body; what is read only there is accepted and ignored. Raises 400 for a hidden property."""
    properties = contact.mapping("properties")
    for name in properties:
        if call.world.schema.visible(name) is None:
            raise invalid_property(f"Property {name} is unknown")
    return Draft(contact.text(EXTERNAL_ID), properties, contact.flag("testGroup"))


def list_properties(call: Call) -> Answer:
    """Names, descriptions and types; sets with their options."""
    return json_answer([each.described() for each in call.world.schema.properties.values() if each.visible])


def get_contact(call: Call, external_id: str) -> Answer:
    """One contact, or 404."""
    return json_answer(contact_view(call, call.contact(external_id)))


def insert_contact(call: Call) -> Answer:
    """Insert, or with `update` insert or change."""
    body = call.fields(*_REQUEST)
    contact = body.required_object("contact", *CONTACT)
    contact.required_text(EXTERNAL_ID)
    update, purge = _switches(body)
    save(call.world, call.credential.field, draft_of(call, contact), update=update, purge=purge)
    return NO_CONTENT


def update_contact(call: Call, external_id: str) -> Answer:
    """Change a contact that exists; another id in the body becomes its id."""
    found = call.contact(external_id)
    body = call.fields(*_REQUEST)
    _, purge = _switches(body)
    draft = draft_of(call, body.required_object("contact", *CONTACT))
    change(call.world, call.credential.field, found, draft, purge=purge)
    return NO_CONTENT


def update_contact_named_in_body(call: Call) -> Answer:
    """The form of one client, which names the contact in the body only."""
    contact = call.fields(*_REQUEST).required_object("contact", *CONTACT)
    return update_contact(call, contact.required_text(EXTERNAL_ID))


def anonymise_contact(call: Call, external_id: str) -> Answer:
    """Whatever the body holds is ignored."""
    lifecycle.anonymise(call.world, call.contact(external_id))
    return NO_CONTENT


def inactivate_contact(call: Call, external_id: str) -> Answer:
    """Whatever the body holds is ignored."""
    lifecycle.inactivate(call.world, call.contact(external_id))
    return NO_CONTENT


def search_contacts(call: Call) -> Answer:
    """`MPSearchQuery` is `property=value`, several joined by `&`; all must match exactly."""
    page = call.page(size_required=True)
    query = call.query.get("MPSearchQuery")
    if not query:
        raise invalid("MPSearchQuery is missing")
    # Whether the service decodes once or twice is not known: the second reading counts if the first finds none.
    hits = _search(call, query) or (_search(call, unquote(query)) if "%" in query else [])
    views = [contact_view(call, contact) for contact in page.of(hits)]
    return json_answer(call.envelope("contacts", views, len(hits), page))


def _switches(body: Fields) -> tuple[bool, bool]:
    return bool(body.flag("update")), bool(body.flag("purge"))


def _search(call: Call, query: str) -> list[Contact]:
    conditions: dict[str, str] = {}
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        known = call.world.schema.visible(name)
        if not equals or (name != EXTERNAL_ID and (known is None or known.kind is Kind.SET)):
            raise invalid("MPSearchQuery must be property=value with a property that is no set")
        if name in conditions:
            raise invalid(f"MPSearchQuery names {name} twice")
        conditions[name] = value
    return [contact for contact in _candidates(call, conditions) if _matches(call, contact, conditions)]


def _candidates(call: Call, conditions: dict[str, str]) -> list[Contact]:
    """Uses an index where there is one."""
    if EXTERNAL_ID in conditions:
        found = call.find_contact(conditions[EXTERNAL_ID])
        return [] if found is None else [found]
    if EMAIL in conditions:
        return list(call.world.contacts.by_email(conditions[EMAIL]))
    return [contact for contact in call.world.contacts if not contact.anonymised]


def _matches(call: Call, contact: Contact, conditions: dict[str, str]) -> bool:
    for name, wanted in conditions.items():
        held: Value | None = call.external_id(contact) if name == EXTERNAL_ID else contact.values.get(name)
        if held is None:
            return False
        same = str(held).lower() == wanted.lower() if name == EMAIL else str(held) == wanted
        if not same:
            return False
    return True


ROUTES = (
    Route("GET", "/contact/properties/list", list_properties),
    Route("GET", "/contact/properties", list_properties, lenient=True),
    Route("GET", "/contact/search", search_contacts, query=("MPSearchQuery", *PAGE)),
    Route("POST", "/contact", insert_contact),
    Route("PUT", "/contact", update_contact_named_in_body, lenient=True),
    Route("GET", "/contact/{externalId}", get_contact),
    Route("PUT", "/contact/{externalId}", update_contact),
    Route("PUT", "/contact/anonymize/{externalId}", anonymise_contact),
    Route("PUT", "/contact/inactivate/{externalId}", inactivate_contact),
)
