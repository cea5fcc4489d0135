"""Audiences: dynamic lists of Spotler whose members come from outside.

Spotler can neither list its audiences nor say who is in one, so the connector remembers both. A DELETE of members
whose body is empty empties the whole audience; that is why an empty list of ids is refused here and emptying is a
method of its own.

These resources declare no error body. So a 404 without any body may mean that the audience is not there, or that a
gateway has no way to Spotler. It counts only after another call has worked and the audience was asked for once more.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from typing import Final

from connector.errors import Invalid, Refused
from connector.spotler.calls import Calls, Route
from connector.spotler.errors import NotLicensed, NotSpotler, UnknownMembers, error_for
from connector.spotler.models import Audience, MembershipResult
from connector.spotler.readers import read_audience

#: Ids per call, the documented maximum.
MEMBERS_PER_CALL: Final = 2500

_MISSING: Final = "RESOURCE_NOT_FOUND"
#: The rules of names and ids; this resource does not declare a body that would say which was broken.
_REFUSED: Final = "SPOTLER_AUDIENCE_REFUSED"
_RULES: Final = {417: _REFUSED}
_CREATE: Final = Route("POST", "/audience", bare=_RULES, licensed=True)
_GET: Final = Route("GET", "/audience/{audience}", licensed=True)
_UPDATE: Final = Route("PUT", "/audience/{audience}", bare=_RULES, licensed=True)
_DELETE: Final = Route("DELETE", "/audience/{audience}", bare={417: "INVALID_STATE"}, licensed=True)
_ADD: Final = Route("POST", "/audience/{audience}/contact", licensed=True)
_REMOVE: Final = Route("DELETE", "/audience/{audience}/contact", licensed=True)


class Audiences:
    """The calls about audiences. All need the edition Automation or eCommerce, else `NotLicensed`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create(self, external_id: str, name: str, description: str = "") -> Audience:
        """Create an audience. Doing it again is harmless: one with this id and name is returned as it is.

        Raises:
            Refused: NAME_ALREADY_IN_USE, or SPOTLER_AUDIENCE_REFUSED if there are too many audiences, or Spotler does
                not say what is wrong with the name or id.
        """
        body = {"externalId": external_id, "name": name, "description": description}
        try:
            return read_audience(self._calls.read(_CREATE, body=body))
        except Refused as refusal:
            existing = None if isinstance(refusal, NotLicensed) else self.get(external_id)
            if existing is not None and existing.name.casefold() == name.casefold():
                return existing
            if refusal.result_code == "INVALID_STATE":  # there is no audience whose state it could be
                raise error_for(_REFUSED) from None
            raise

    def get(self, external_id: str) -> Audience | None:
        """The audience, or None if there is none with this id."""
        try:
            return read_audience(self._read(_GET, external_id))
        except Refused as refusal:
            if refusal.result_code == _MISSING:
                return None
            raise

    def update(self, external_id: str, name: str, description: str = "") -> Audience:
        """Rename an audience.

        Raises:
            Refused: RESOURCE_NOT_FOUND, or the name is empty, too long or used.
        """
        body = {"externalId": external_id, "name": name, "description": description}
        return read_audience(self._read(_UPDATE, external_id, body=body))

    def delete(self, external_id: str) -> bool:
        """Delete an audience; False if it was already gone.

        Raises:
            Refused: it is in use.
        """
        try:
            self._do(_DELETE, external_id)
        except Refused as refusal:
            if refusal.result_code == _MISSING:
                return False
            raise
        return True

    def add_members(self, external_id: str, contacts: Sequence[str]) -> MembershipResult:
        """Add contacts by their external ids; those that Spotler does not know are left out and reported.

        Raises:
            Invalid: the list is empty.
            Refused: RESOURCE_NOT_FOUND if the audience does not exist.
        """
        return self._change(_ADD, external_id, contacts)

    def remove_members(self, external_id: str, contacts: Sequence[str]) -> MembershipResult:
        """Remove contacts by their external ids; one that is no member counts as done.

        Raises:
            Invalid: the list is empty, which Spotler would take for "everybody".
            Refused: RESOURCE_NOT_FOUND if the audience does not exist.
        """
        return self._change(_REMOVE, external_id, contacts)

    def remove_all(self, external_id: str) -> bool:
        """Remove everybody; True if that was sent more than once, so that it may happen again later.

        Raises:
            Refused: RESOURCE_NOT_FOUND if the audience does not exist.
        """
        attempts = _Attempts()
        self._do(_REMOVE, external_id, attempts=attempts)
        return attempts.is_repeated

    def _read(self, route: Route, external_id: str, *, body: object | None = None) -> object:
        with self._missing_only_if_confirmed(external_id):
            return self._calls.read(route, {"audience": external_id}, body=body)

    def _do(
        self, route: Route, external_id: str, *, body: object | None = None, attempts: "_Attempts | None" = None
    ) -> None:
        before = None if attempts is None else attempts.of_one_call()
        with self._missing_only_if_confirmed(external_id):
            self._calls.do(route, {"audience": external_id}, body=body, before=before)

    @contextmanager
    def _missing_only_if_confirmed(self, external_id: str) -> Iterator[None]:
        """Turn a 404 without a body into RESOURCE_NOT_FOUND if the audience is certainly not there."""
        try:
            yield
        except NotSpotler as fault:
            if fault.status == 404 and fault.is_bare and self._is_gone(external_id):
                raise error_for(_MISSING) from None
            raise

    def _is_gone(self, external_id: str) -> bool:
        self._calls.fields()
        try:
            self._calls.read(_GET, {"audience": external_id})
        except NotSpotler as fault:
            return fault.status == 404 and fault.is_bare
        except Refused as refusal:
            return refusal.result_code == _MISSING
        return False

    def _change(self, route: Route, external_id: str, contacts: Sequence[str]) -> MembershipResult:
        if not contacts:
            raise Invalid("No contacts were named to add to or remove from the audience.")
        if not all(contacts):
            raise Invalid("A contact without external id cannot be a member of an audience.")
        done: list[str] = []
        unknown: list[str] = []
        attempts = _Attempts()
        for block in batched(dict.fromkeys(contacts), MEMBERS_PER_CALL, strict=False):
            accepted, dropped = self._change_block(route, external_id, block, attempts)
            done += accepted
            unknown += dropped
        return MembershipResult(tuple(done), tuple(unknown), attempts.is_repeated)

    def _change_block(
        self, route: Route, external_id: str, block: Sequence[str], attempts: "_Attempts"
    ) -> tuple[list[str], list[str]]:
        """Send a block until Spotler knows all contacts left in it. Each time it drops at least one."""
        left, dropped = list(block), list[str]()
        while left:
            try:
                self._do(route, external_id, body={"contacts": left}, attempts=attempts)
            except UnknownMembers as refusal:
                gone = [each for each in left if each.casefold() in refusal.external_ids]
                if not gone:
                    raise
                dropped += gone
                left = [each for each in left if each.casefold() not in refusal.external_ids]
            else:
                break
        return left, dropped


class _Attempts:
    """How often calls were sent: one whose answer was lost is sent again, and may have its effect later."""

    def __init__(self) -> None:
        self._calls = 0
        self._sent = 0

    @property
    def is_repeated(self) -> bool:
        """Whether one of the calls was sent more than once."""
        return self._sent > self._calls

    def of_one_call(self) -> Callable[[], None]:
        """What is called whenever a call is sent."""
        self._calls += 1
        return self._count

    def _count(self) -> None:
        self._sent += 1
