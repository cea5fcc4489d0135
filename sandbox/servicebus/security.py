"""Shared access policies and the tokens signed with their keys.

A token is `SharedAccessSignature sr=<resource>&sig=<signature>&se=<expiry>&skn=<policy>`. The signature is the base64
of HMAC-SHA256, with the key of the policy, over the URL-encoded resource, a line feed and the expiry in seconds since
the epoch ("Access control with Shared Access Signatures" in the Service Bus documentation).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, unquote_plus, urlsplit

if TYPE_CHECKING:
    from sandbox.servicebus.definition import NamespaceDefinition, Right

#: The policy with every right that each namespace in Azure has from the start.
ROOT_POLICY = "RootManageSharedAccessKey"

#: The two keys of a policy, as Azure calls them.
PRIMARY, SECONDARY = "PrimaryKey", "SecondaryKey"

_PREFIX = "SharedAccessSignature "
_ALL_RIGHTS: frozenset[Right] = frozenset(("Listen", "Send", "Manage"))


class TokenRefusedError(Exception):
    """A token is not accepted; `status` is what the put-token response carries."""

    def __init__(self, description: str, status: int = 401) -> None:
        super().__init__(description)
        self.status = status
        self.description = description


@dataclass(frozen=True, slots=True)
class Policy:
    """A named pair of keys and what either allows on an entity (lower case); in the whole namespace without a scope."""

    name: str
    key: str
    scope: str
    rights: frozenset[Right]
    secondary: str = ""

    @property
    def keys(self) -> dict[str, str]:
        """Both keys, by the names that Azure gives them; both are valid at the same time."""
        return {PRIMARY: self.key, SECONDARY: self.secondary}


@dataclass(frozen=True, slots=True)
class Grant:
    """What an accepted token allows, until it expires (seconds since the epoch)."""

    scope: str
    rights: frozenset[Right]
    expires_at: int

    def allows(self, path: str, right: Right, now: float) -> bool:
        """Whether the right holds for the entity at `path`."""
        return right in self.rights and now < self.expires_at and _covers(self.scope, path.lower())


@dataclass(frozen=True, slots=True)
class SasToken:
    """The parts of a token."""

    resource: str
    signed_text: bytes
    signature: str
    expires_at: int
    policy: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a token.

        Raises:
            TokenRefusedError: a part is missing or cannot be read.
        """
        if not text.startswith(_PREFIX):
            raise TokenRefusedError("MalformedToken: The token is not a SharedAccessSignature.", 400)
        raw = dict(part.split("=", 1) for part in text.removeprefix(_PREFIX).split("&") if "=" in part)
        parts = dict(parse_qsl(text.removeprefix(_PREFIX)))
        try:
            expires_at = int(parts["se"])
            # signed is the resource exactly as the client encoded it
            signed_text = f"{raw['sr']}\n{expires_at}".encode()
            return cls(parts["sr"], signed_text, parts["sig"], expires_at, unquote_plus(parts["skn"]))
        except (KeyError, ValueError) as error:
            raise TokenRefusedError(f"MalformedToken: The token has no valid {error}.", 400) from error

    def is_signed_with(self, key: str) -> bool:
        """Whether the signature was made with the key."""
        digest = hmac.new(key.encode(), self.signed_text, hashlib.sha256).digest()
        return hmac.compare_digest(base64.b64encode(digest), self.signature.encode())


class KeyRing:
    """The policies of a namespace."""

    def __init__(self, policies: tuple[Policy, ...]) -> None:
        self._policies = {policy.name: policy for policy in policies}

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All policies, with their present keys."""
        return tuple(self._policies.values())

    def regenerate(self, name: str, which: str) -> Policy:
        """Make a new key; tokens signed with the old one are refused from now on, those put before stay good.

        Raises:
            KeyError: there is no such policy or no such key.
        """
        policy = self._policies[name]
        changed = policy.keys | {which: _key_of(f"{name} {which} {policy.keys[which]}")}
        self._policies[name] = replace(policy, key=changed[PRIMARY], secondary=changed[SECONDARY])
        return self._policies[name]

    @classmethod
    def of(cls, definition: NamespaceDefinition) -> Self:
        """The root policy and those defined. Keys follow from the names, so that a restart does not change them."""
        defined = (
            _policy(rule.name, (rule.queue or rule.topic or "").lower(), rule.rights)
            for rule in definition.authorization_rules
        )
        return cls((_policy(ROOT_POLICY, "", _ALL_RIGHTS), *defined))

    def admit(self, text: str, audience: str, now: float) -> Grant:
        """Check a token that is put for an audience, the address of an entity.

        Raises:
            TokenRefusedError: the sentence says why, in the words of Azure where they are known.
        """
        token = SasToken.parse(text)
        resource, wanted = _path_of(token.resource), _path_of(audience)
        if not _covers(resource, wanted):
            raise TokenRefusedError("InvalidAudience: The token is for another resource than the audience.")
        for policy in self.policies:
            signed = policy.name == token.policy and any(map(token.is_signed_with, policy.keys.values()))
            if signed and _covers(policy.scope, resource):
                break
        else:
            raise TokenRefusedError("InvalidSignature: The token has an invalid signature.")
        if token.expires_at <= now:
            raise TokenRefusedError("ExpiredToken: The token is expired.")
        return Grant(wanted, policy.rights, token.expires_at)


def _policy(name: str, scope: str, rights: frozenset[Right]) -> Policy:
    return Policy(name, _key_of(name), scope, rights, secondary=_key_of(f"{name} secondary"))


def _path_of(address: str) -> str:
    return urlsplit(address).path.strip("/").lower()


def _covers(scope: str, path: str) -> bool:
    return not scope or path == scope or path.startswith(f"{scope}/")


def _key_of(policy: str) -> str:
    return base64.b64encode(hashlib.sha256(f"sandbox key of {policy}".encode()).digest()).decode()
