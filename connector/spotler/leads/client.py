"""The client of Spotler Leads (GatorLeads): who visited the website, and which pages were viewed.

Page views come from a queue: a block is handed out, stored, and acknowledged; one that is not acknowledged comes again.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import requests

from connector.http import SYSTEM_CLOCK, CallRecord, Clock, Transport
from connector.settings import Settings
from connector.spotler.leads.errors import LeadsAnswerUnreadable, LeadsNotFound, error_of
from connector.spotler.leads.facts import LeadsFacts
from connector.spotler.leads.models import ViewBlock, VisitingCompany
from connector.spotler.leads.readers import page_of, read_block, read_visitor
from connector.spotler.leads.tokens import LeadsAccount, LeadsBearer
from connector.spotler.wire import as_object, read_json

#: Entries of one page and of one block; the most that the API takes is not published.
TAKE: Final = 100
#: Calls at the same time: the vendor states no limit, and an hour brings few visitors.
PARALLEL: Final = 4
#: Pages after which a list cannot be one: somebody always answers that another one follows.
MOST_PAGES: Final = 10_000


class SpotlerLeads:
    """Everything the connector asks of Spotler Leads.

    Every method may raise `Transient` (it cannot be done now), `Misconfigured` (credentials, address) and `Refused`.
    """

    def __init__(
        self, transport: Transport, bearer: LeadsBearer, account: str, *, facts: LeadsFacts, take: int = TAKE
    ) -> None:
        self._transport = transport
        self._bearer = bearer
        self._account = account
        self._facts = facts
        self._take = take

    def types(self) -> list[str]:
        """The types of visitors that the account has.

        Raises:
            Transient: there are none. Each account has some.
        """
        listed = self._read(self._facts.types)
        found = [each for each in listed if isinstance(each, str) and each] if isinstance(listed, list) else []
        if not found:
            raise LeadsAnswerUnreadable
        return found

    def visitors(self, kind: str, start: datetime, end: datetime) -> Iterator[VisitingCompany | None]:
        """The visitors of a type whose last visit is in an interval, page by page; None for one without an id."""
        for page in range(self._facts.first_page, self._facts.first_page + MOST_PAGES):
            entries, follows = page_of(
                self._read(
                    self._facts.by_date, type=kind, start=_date(start), end=_date(end), page=page, take=self._take
                )
            )
            for each in entries:
                try:
                    yield read_visitor(each)
                except ValueError:
                    yield None
            if not follows:
                return
        raise LeadsAnswerUnreadable

    def visitor(self, visitor: str) -> VisitingCompany | None:
        """One visitor; None if Spotler Leads says that there is none.

        Raises:
            Transient: the answer is about another one.
        """
        try:
            source = as_object(self._read(self._facts.lead, lead=visitor))
        except LeadsNotFound:
            return None
        try:
            found = read_visitor(source)
        except ValueError:
            raise LeadsAnswerUnreadable from None
        if found.id != visitor:
            raise LeadsAnswerUnreadable
        return found

    def next_block(self) -> ViewBlock:
        """The next block of page views of the queue; it is handed out again unless it is acknowledged."""
        return read_block(self._read(self._facts.tracked_links, take=self._take))

    def acknowledge(self, process_id: str) -> bool:
        """Say that a block is stored; False if it is not waiting for that (any more)."""
        answer = self._read(self._facts.mark_processed, process=process_id)
        if not isinstance(answer, bool):
            raise LeadsAnswerUnreadable
        return answer

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()
        self._bearer.close()

    def _read(self, template: str, **parts: object) -> object:
        """The JSON of one call. All calls are GET, and doing one twice harms nobody."""
        values = {"account": self._account, **parts}
        path = template.format(**{name: quote(str(value), safe="") for name, value in values.items()})
        headers = {"Accept": "application/json", "api-version": str(self._facts.api_version)}

        def send() -> requests.Response:
            return self._transport.send(
                "GET", path, route=template, headers=headers, auth=self._bearer, repeatable=True
            )

        response = send()
        if response.status_code == 401:  # perhaps the token was revoked
            self._bearer.discard(response.request)
            response = send()
        if response.status_code >= 300:
            raise error_of(response)
        answer = read_json(response)
        if answer is None:
            raise LeadsAnswerUnreadable
        return answer


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def leads_from(
    settings: Settings,
    *,
    verify: bool | str = True,
    session: requests.Session | None = None,
    clock: Clock = SYSTEM_CLOCK,
    on_call: Callable[[CallRecord], None] | None = None,
) -> SpotlerLeads | None:
    """The client that the settings describe, which makes no call; None where Spotler Leads is not configured.

    Raises:
        Misconfigured: LEADS_FACTS cannot be used.
    """
    if not settings.leads_account:
        return None
    facts = LeadsFacts.from_setting(settings.leads_facts)
    secret, password = settings.leads_client_secret, settings.leads_password
    account = LeadsAccount(
        settings.leads_account,
        settings.leads_client_id or "",
        secret.get_secret_value() if secret else "",
        settings.leads_user or "",
        password.get_secret_value() if password else "",
    )

    def transport(url: str) -> Transport:
        return Transport(
            url,
            timeout=settings.spotler_timeout,
            parallel=PARALLEL,
            system="Spotler Leads",
            verify=verify,
            session=session,
            clock=clock,
            on_call=on_call,
        )

    bearer = LeadsBearer(transport(settings.leads_identity_url), account, facts, clock=clock)
    return SpotlerLeads(transport(settings.leads_url), bearer, account.id, facts=facts)
