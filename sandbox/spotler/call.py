"""One call as the resources see it: who asks, in which dialect, with what query and body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sandbox.spotler.dates import iso, parse_query_date
from sandbox.spotler.dialect import Dialect
from sandbox.spotler.errors import ApiError, ErrorType, invalid, unknown_contact
from sandbox.spotler.paging import Page, requested_page
from sandbox.spotler.settings import Credential, Edition
from sandbox.spotler.store.contacts import Contact
from sandbox.spotler.store.world import World
from sandbox.spotler.wire import Fields, parse_json

_JSON_TYPES = {"", "application/json", "text/json"}
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Call:
    """A verified call. `url` is the absolute address without query, on the host that was signed for."""

    world: World
    credential: Credential
    dialect: Dialect
    url: str
    query: Mapping[str, str]
    content_type: str = ""
    body: bytes = b""
    #: External ids that a batch must answer with ERROR, armed as a fault; `*` means all.
    failing_contacts: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the account."""
        return self.world.zone

    def json(self) -> object:
        """The body as JSON, whatever is in it; None without one. Raises 415 for another format, 400."""
        if self.media_type not in _JSON_TYPES:
            raise ApiError(ErrorType.INVALID_PARAMS, f"Content-Type {self.media_type} is not supported", status=415)
        return parse_json(self.body)

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.content_type.partition(";")[0].strip().lower()

    def fields(self, *known: str) -> Fields:
        """The body as an object with the members that are known."""
        return Fields(self.json(), known)

    def iso(self, moment: datetime) -> str:
        """A date on the wire."""
        return iso(moment, self.zone)

    def iso_members(self, **moments: datetime | None) -> dict[str, object]:
        """Members for the dates that there are."""
        return {name: iso(moment, self.zone) for name, moment in moments.items() if moment is not None}

    def contact_date(self, moment: datetime) -> int | str:
        """A date of contact data, which differs by dialect."""
        return self.dialect.contact_date(moment, self.zone)

    def date(self, name: str) -> datetime | None:
        """A date out of the query. Raises 400 naming the parameter."""
        text = self.query.get(name)
        if not text:
            return None
        moment = parse_query_date(text, self.zone)
        if moment is None:
            raise invalid(f"{name} is not a valid date")
        return moment

    def required_date(self, name: str) -> datetime:
        """A date that must be there."""
        moment = self.date(name)
        if moment is None:
            raise invalid(f"{name} is missing")
        return moment

    def flag(self, name: str) -> bool | None:
        """A boolean out of the query."""
        text = self.query.get(name)
        if not text:
            return None
        if text.lower() not in _BOOLEANS:
            raise invalid(f"{name} must be true or false")
        return _BOOLEANS[text.lower()]

    def contact(self, external_id: str) -> Contact:
        """The contact that the path names. Raises 404."""
        found = self.find_contact(external_id)
        if found is None:
            raise unknown_contact(external_id)
        return found

    def find_contact(self, external_id: str) -> Contact | None:
        """The contact with this id in the field of the caller's key."""
        return self.world.contacts.by_external_id(self.credential.field, external_id)

    def referenced_contact(self, external_id: str) -> Contact:
        """The contact that the body names. Raises 400."""
        found = self.find_contact(external_id)
        if found is None:
            raise ApiError(ErrorType.CONTACT_NOT_FOUND, f"Contact {external_id} is unknown")
        return found

    def external_id(self, contact: Contact | None) -> str | None:
        """The id of a contact as this caller sees it."""
        return None if contact is None else contact.external_ids.get(self.credential.field)

    def envelope(self, name: str, records: Sequence[dict[str, object]], total: int, page: Page) -> dict[str, object]:
        """One page of records with `paging`."""
        return {"paging": page.described(total, self.url, self.query), name: records}

    def page(self, *, size_required: bool = False) -> Page:
        """The page that is asked for. Raises 400."""
        return requested_page(self.query, size_required=size_required)

    def require_edition(self, *editions: Edition) -> None:
        """Raise 403 if the account's edition does not hold the resource."""
        if self.credential.edition not in editions:
            raise ApiError(ErrorType.NOT_AUTHORIZED, "The licence does not include this resource", status=403)
