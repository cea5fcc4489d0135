"""Mailings, as far as the connector needs them: what they are called."""

from typing import Final

from connector.errors import Refused
from connector.spotler.calls import Calls, Route
from connector.spotler.errors import AnswerUnreadable
from connector.spotler.wire import as_object, text_of

_MAILING: Final = Route("GET", "/mailing/{mailing}")
_CAMPAIGN_MAILING: Final = Route("GET", "/campaign-mailing/{mailing}")


class Mailings:
    """Asks for mailings, ordinary ones and those that campaigns send."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def name(self, mailing_id: str) -> str:
        """What the mailing is called; empty if Spotler does not say.

        Raises:
            Transient, Misconfigured: Spotler cannot be asked.
        """
        for route in (_MAILING, _CAMPAIGN_MAILING):
            try:
                body = as_object(self._calls.read(route, {"mailing": mailing_id}))
            except Refused:  # of the other kind (INVALID_MAILING), or not known
                continue
            if text_of(body, "encryptedId") is None:
                raise AnswerUnreadable
            return text_of(body, "name") or ""
        return ""
