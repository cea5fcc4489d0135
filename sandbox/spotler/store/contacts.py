"""Contacts and the ways to find them."""

import random
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sandbox.spotler.properties import EMAIL, Value

_ID_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 10


class Inactive(StrEnum):
    """Why a contact is not mailed any more."""

    HARD_BOUNCE = "hardBounce"
    SOFT_BOUNCES = "softBounces"
    OPT_OUT = "optOut"
    COMPLAINT = "complaint"
    INACTIVATED = "inactivated"

    @property
    def ends_with_new_address(self) -> bool:
        """Bounces are a matter of the address; the rest is the will of somebody."""
        return self in {Inactive.HARD_BOUNCE, Inactive.SOFT_BOUNCES}


@dataclass(slots=True, eq=False)
class Contact:
    """A contact. `external_ids` holds one id per external-id field of the account."""

    key: int
    encrypted_id: str
    created: datetime
    last_changed: datetime
    external_ids: dict[str, str] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    test_group: bool = False
    temporary: bool = False
    inactive: Inactive | None = None
    soft_bounces_in_row: int = 0
    anonymised: bool = False

    @property
    def email(self) -> str | None:
        """The address as it was written."""
        email = self.values.get(EMAIL)
        return email if isinstance(email, str) else None


def random_id(rng: random.Random) -> str:
    """An id as the service hands them out: ten letters and digits."""
    return "".join(rng.choices(_ID_ALPHABET, k=_ID_LENGTH))


class Contacts:
    """All contacts, with an index per external-id field and one over the addresses."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._all: dict[int, Contact] = {}
        self._by_external_id: dict[tuple[str, str], Contact] = {}
        self._by_encrypted_id: dict[str, Contact] = {}
        self._by_email: dict[str, dict[int, Contact]] = {}

    def __iter__(self) -> Iterator[Contact]:
        return iter(self._all.values())

    def create(self, now: datetime) -> Contact:
        """A new contact without ids and values."""
        contact = Contact(len(self._all) + 1, random_id(self._rng), now, now)
        self._all[contact.key] = contact
        self._by_encrypted_id[contact.encrypted_id] = contact
        return contact

    def by_external_id(self, field_name: str, external_id: str) -> Contact | None:
        """The contact with this id in this field."""
        return self._by_external_id.get((field_name, external_id))

    def by_encrypted_id(self, encrypted_id: str) -> Contact | None:
        """The contact with the service's own reference."""
        return self._by_encrypted_id.get(encrypted_id)

    def by_email(self, email: str) -> Iterable[Contact]:
        """The contacts with this address in any spelling, oldest first."""
        return tuple(self._by_email.get(email.lower(), {}).values())

    def set_external_id(self, contact: Contact, field_name: str, external_id: str | None) -> None:
        """Give, change or take away the id in one field; the id must be free."""
        if (old := contact.external_ids.pop(field_name, None)) is not None:
            del self._by_external_id[field_name, old]
        if external_id is not None:
            contact.external_ids[field_name] = external_id
            self._by_external_id[field_name, external_id] = contact

    def set_values(self, contact: Contact, values: dict[str, Value]) -> None:
        """Replace all values."""
        if (old := contact.email) is not None:
            self._by_email[old.lower()].pop(contact.key, None)
        contact.values = values
        if (new := contact.email) is not None:
            self._by_email.setdefault(new.lower(), {})[contact.key] = contact
