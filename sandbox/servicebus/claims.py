"""What one connection may do: the tokens its client has put, and the check before each link and request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.servicebus.errors import UNAUTHORIZED_ACCESS, AmqpError

if TYPE_CHECKING:
    from sandbox.servicebus.clock import Clock
    from sandbox.servicebus.definition import Right
    from sandbox.servicebus.security import Grant, KeyRing


class Claims:
    """The grants of one connection. A renewed token replaces the one for the same entity."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def put_token(self, token: str, audience: str) -> None:
        """Accept a token.

        Raises:
            TokenRefusedError: it is malformed, unsigned, for something else or too old.
        """
        grant = self._keys.admit(token, audience, self._seconds())
        self._grants[grant.scope] = grant

    def require(self, path: str, *rights: Right) -> None:
        """Check that one of the rights holds for the entity.

        Raises:
            AmqpError: none does.
        """
        now = self._seconds()
        if not any(grant.allows(path, right, now) for grant in self._grants.values() for right in rights):
            wanted = " or ".join(f"'{right}'" for right in rights)
            raise AmqpError(
                UNAUTHORIZED_ACCESS,
                f"Unauthorized access. {wanted} claim(s) are required to perform this operation on '{path}'.",
            )

    def _seconds(self) -> float:
        return self._clock() / 1000
