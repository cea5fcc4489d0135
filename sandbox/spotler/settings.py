"""What can be set about the stand-in: the account it plays, the licence, the rules nobody has confirmed.

Everything is a frozen value; tests change it through the side door, which builds a new value and checks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict

#: The licensed host. Clients with a fixed host sign for it, whatever address they really talk to.
PUBLIC_BASE = "https://restapi.mailplus.nl"

DEFAULT_KEY = "sandboxkey"
#: Letters and digits only: some clients use the secret in the signing key without encoding it first.
DEFAULT_SECRET = "sandboxsecret123"  # noqa: S105 - an invented account


class Edition(StrEnum):
    """The editions of Mail+, each holding the rights of the one before."""

    PROFESSIONAL = "professional"
    AUTOMATION = "automation"
    ECOMMERCE = "ecommerce"


class Dedupe(StrEnum):
    """How an account recognises a contact that it already has."""

    EXTERNAL_ID = "externalId"
    EMAIL = "email"
    BOTH = "both"


class DefaultFormat(StrEnum):
    """What is answered when a call does not say what it accepts; the real service answers XML."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One pair of consumer key and secret, tied to one external-id field of the account."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    key: str = DEFAULT_KEY
    secret: str = DEFAULT_SECRET
    field: str = "externalId"
    edition: Edition = Edition.ECOMMERCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """Switches of the calls that exist for certain but whose paths nobody published. Off: unknown route."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    automations: bool = True
    #: Whether the list of automations has their fields: this is not confirmed.
    automation_fields: bool = False
    tags: bool = True
    #: Whether the feed of bounces also has complaints, opt-outs and contacts made inactive by hand: not confirmed.
    inactive_causes: bool = False
    optouts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of it. Times in the unit that the name ends with."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    public_base: str = PUBLIC_BASE
    credentials: tuple[Credential, ...] = (Credential(),)
    #: 401 or 403: clients report both for a bad signature.
    auth_status: int = 401
    #: Age of a timestamp that is still accepted, either way; 0 switches the check off.
    clock_skew_s: int = 300
    #: Whether answers say in the header Date what the clock of the account shows; else the server does, with its own.
    dates_answers: bool = False
    check_nonce: bool = True
    default_format: DefaultFormat = DefaultFormat.JSON
    dedupe: Dedupe = Dedupe.EXTERNAL_ID
    post_update_true_creates: bool = True
    timezone: str = "Europe/Amsterdam"
    max_audiences: int = 100
    max_templists: int = 100
    extensions: Extensions = field(default_factory=Extensions)
    #: Calls that a base does not have: patterns over method and path, such as `* /audience*`, by the path of the base.
    missing_routes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Whether refusals of audiences have a body with an error type; the published description declares none.
    audience_error_bodies: bool = False
    #: Trailing slashes, and two aliases that exist in clients only.
    lenient_routes: bool = True
    #: True: a `date` property is read back as a whole timestamp, of which the date part counts.
    date_properties_as_timestamps: bool = True
    latency_ms: float = 0
    #: Requests per second of the token bucket; 0 means no limit, as none is published.
    rate_per_s: float = 0
    rate_burst: int = 10
    #: Start value of everything random: ids that are handed out, faults with a probability.
    seed: int = 1

    def credential(self, key: str) -> Credential | None:
        """The credential with this consumer key, or None."""
        return next((each for each in self.credentials if each.key == key), None)
