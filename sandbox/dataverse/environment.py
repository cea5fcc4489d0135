"""One environment: everything behind the HTTP server, put together."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from connector.dataverse.names import Lead
from connector.dataverse.schema import STEPS, Step
from sandbox.dataverse.access.service import Access
from sandbox.dataverse.access.tables import ACCESS_RELATIONSHIPS, ACCESS_TABLES
from sandbox.dataverse.api import WebApi
from sandbox.dataverse.batch import Batch
from sandbox.dataverse.callers import Callers
from sandbox.dataverse.calls import Answer, Call, error_answer
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.context import ContextWriter, Organization
from sandbox.dataverse.customizing.knobs import SLOW, Knobs
from sandbox.dataverse.customizing.service import Customizing
from sandbox.dataverse.customizing.solution_tables import SOLUTION_TABLES
from sandbox.dataverse.endpoint_check import EndpointCheck
from sandbox.dataverse.endpoints import ENDPOINT, Endpoints, dependants
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.faults import Faults
from sandbox.dataverse.fetchxml.running import Fetcher
from sandbox.dataverse.first_rows import ORGANIZATION_ID, FirstRows
from sandbox.dataverse.fixtures import load_rows
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.held import HeldRequests
from sandbox.dataverse.installation import installed_tables, standard_tables
from sandbox.dataverse.installing.app_tables import APP_RELATIONSHIPS, APP_TABLES
from sandbox.dataverse.installing.service import Installing
from sandbox.dataverse.installing.tables import INTERFACE_RELATIONSHIPS, INTERFACE_TABLES
from sandbox.dataverse.journal import CallCounter, Journal
from sandbox.dataverse.limits import Limiter
from sandbox.dataverse.marketing.rules import list_rules
from sandbox.dataverse.marketing.tables import LIST_TABLES, RELATIONSHIPS, with_list_tables
from sandbox.dataverse.message_filters import add_filters
from sandbox.dataverse.model import Catalog
from sandbox.dataverse.options import forget_options
from sandbox.dataverse.organization_tables import MEMBERSHIP, ORGANIZATION, with_organization_tables
from sandbox.dataverse.platform_tables import PLATFORM_TABLES
from sandbox.dataverse.poster import Outcome, Poster
from sandbox.dataverse.settings import Settings
from sandbox.dataverse.step_rules import step_rules
from sandbox.dataverse.steps import Steps
from sandbox.dataverse.store import Store
from sandbox.dataverse.tokens import Client, Identity, TokenService
from sandbox.dataverse.unit import UnitOfWork, Units
from sandbox.dataverse.users import Caller, User
from sandbox.dataverse.values import JsonObject

BUSINESS_UNIT_ID: Final = guid_for("sandbox/businessunit")


class Environment:
    """A Dataverse environment in memory.

    Attributes:
        addresses: the addresses of the organisation, known once the server listens; tokens are issued for them.
        latency_ms: how long every HTTP request takes at least.

    Args:
        settings: what the run is like.
        steps: the asynchronous steps that are registered.
    """

    def __init__(self, settings: Settings, steps: Sequence[Step] = STEPS) -> None:
        self.settings = settings
        self.addresses: tuple[str, ...] = ()
        self.latency_ms = settings.latency_ms
        self.clock = Clock()
        basic = standard_tables() if settings.empty else installed_tables()
        tables = (*basic, *PLATFORM_TABLES, *SOLUTION_TABLES, *INTERFACE_TABLES, *APP_TABLES, *ACCESS_TABLES)
        related = (*RELATIONSHIPS, MEMBERSHIP, *ACCESS_RELATIONSHIPS, *APP_RELATIONSHIPS, *INTERFACE_RELATIONSHIPS)
        self.store = Store(Catalog(with_organization_tables(with_list_tables(tables)), related))
        self.tokens = TokenService(
            settings.tenant_id,
            (
                Client(settings.client_id, settings.client_secret),
                Client(settings.admin_client_id, settings.admin_client_secret),
            ),
            self.clock,
            settings.token_seconds,
        )
        self.journal = Journal()
        self.calls = CallCounter()
        self.faults = Faults()
        self.held = HeldRequests()
        self.limiter = Limiter(settings.limits, self.clock)
        organization = Organization(ORGANIZATION_ID, BUSINESS_UNIT_ID, "localhost")
        self.contexts = ContextWriter(self.store, organization, garbled=settings.garble_text)
        self.endpoints = Endpoints(self.store)
        self.poster = self._make_poster()
        self.customizing = Customizing(self.store, self.clock, SLOW if settings.empty else Knobs())
        self.access = Access(self.customizing.parts, BUSINESS_UNIT_ID)
        self.customizing.parts.when_settled.append(lambda table: add_filters(self.store, self.clock, (table.name,)))
        self.customizing.parts.dependants.append(dependants(self.store))
        self.steps = Steps(self.store, self.clock, settings.steps_of)
        self.customizing.imports.when_endpoint.append(lambda endpoint_id: self.endpoints.keep(endpoint_id, ""))
        self.customizing.imports.when_steps.append(self.steps.changed)
        self.steps.submit = self.poster.submit if self.poster else None
        self.access.bound[ENDPOINT] = EndpointCheck(self.store, self.clock, self.steps).on_endpoint
        self.fetcher = Fetcher(self.store, self.clock)
        self.installing = Installing(
            self.customizing.parts, self.customizing.publishing, self.fetcher, self.access.rights
        )
        self.customizing.exports.of_tables.append(self.installing.exporting.of_table)
        self.customizing.exports.of_solutions.append(self.installing.exporting.of_solution)
        listeners = (
            self.journal.on_commit,
            self.customizing.solutions.on_commit,
            self.installing.layers.on_commit,
            self.access.rights.on_commit,
            self.endpoints.on_commit,
            self.steps.on_commit,
        )
        rules = {
            **list_rules(),
            **self.customizing.rules(),
            **self.installing.rules(),
            **self.access.rules,
            **step_rules(self.endpoints),
        }
        units = Units(self.store, self.clock, listeners, rules)
        self.api = WebApi(
            self.store,
            units,
            Callers(self.access.directory),
            ORGANIZATION_ID,
            self.fetcher,
            self.customizing,
            self.access,
            self.installing,
        )
        self.batch = Batch(self.api, self._intercept, self._count_inner)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.light = settings.light
        self._first_rows = FirstRows(self, steps)
        self._first_rows.place()

    def start(self) -> None:
        """Begin to post messages; called on the event loop that serves."""
        self._loop = asyncio.get_running_loop()
        if self.poster is not None:
            self.poster.start()

    def stop(self) -> None:
        """Stop posting."""
        if self.poster is not None:
            self.poster.stop()

    def reset(self) -> None:
        """An environment as after the start: no rows but the users and the steps, no faults, the usual limits."""
        if self.poster is not None:
            self.poster.forget_everything()
            self.poster.shuffled = False
        self.endpoints.clear()
        self.steps.changed()
        self.customizing.reset()
        self.access.rights.clear()
        self.installing.reset()
        self.journal.clear()
        self.calls.clear()
        self.faults.reset()
        self.held.clear()
        self.clock.reset()
        self.limiter.reset()
        self.steps.drop_next = self.steps.duplicate_next = 0
        self.steps.enabled, self.steps.tables = True, self.settings.steps_of
        self.latency_ms = self.settings.latency_ms
        self.light, self.has_leads = self.settings.light, True
        self.fetcher.assumptions.reset()
        self._first_rows.put_back()

    @property
    def light(self) -> bool:
        """Whether the environment has no marketing lists, and no columns that point to them."""
        return self.store.catalog.absent >= LIST_TABLES

    @light.setter
    def light(self, value: bool) -> None:
        self._lacks(LIST_TABLES, is_absent=value)

    @property
    def has_leads(self) -> bool:
        """Whether it has leads, and columns that point to them. It is not known whether that is part of a licence."""
        return Lead.TABLE not in self.store.catalog.absent

    @has_leads.setter
    def has_leads(self, value: bool) -> None:
        self._lacks(frozenset({Lead.TABLE}), is_absent=not value)

    def _lacks(self, tables: frozenset[str], *, is_absent: bool) -> None:
        absent = self.store.catalog.absent
        self.store.catalog.absent = absent | tables if is_absent else absent - tables
        forget_options()

    def follow_languages(self) -> None:
        """Let the row of the organisation show the base language that the environment has by now."""
        data = self.store.tables[ORGANIZATION]
        for row in list(data.rows.values()):
            values = {**row.values, "languagecode": self.customizing.parts.labels.base}
            data.put(replace(row, version=self.store.next_version(), values=values))

    def user_of(self, identity: Identity) -> User | None:
        """The application user of a client, or the person who signed in with it."""
        directory = self.access.directory
        return (
            directory.of_object(identity.object_id) if identity.object_id else directory.of_client(identity.client_id)
        )

    @property
    def connector(self) -> User:
        """The connector's application user.

        Raises:
            LookupError: nobody has made it yet.
        """
        return self._user(self.settings.client_id)

    @property
    def administrator(self) -> User:
        """Whoever plays users, flows and administrators."""
        return self._user(self.settings.admin_client_id)

    def _user(self, client_id: str) -> User:
        found = self.access.directory.of_client(client_id)
        if found is None:
            raise LookupError("The application has no user in this environment.")
        return found

    def answer(self, call: Call) -> Answer:
        """Answer one HTTP request to the Web API."""
        if call.path == "$batch":
            return self.batch.answer(call)
        return self.api.answer(call)

    def load(self, rows: dict[str, list[JsonObject]]) -> dict[str, list[str]]:
        """Put rows in place, table by table, and return their ids; all or nothing."""
        unit = UnitOfWork(self.store, self.clock, list_rules(checked=False))
        caller = Caller(self.administrator, self.administrator)
        try:
            ids = {table: load_rows(self.store, unit, caller, table, items) for table, items in rows.items()}
            unit.settle()
        except BaseException:
            unit.undo()
            raise
        return ids

    def _intercept(self, call: Call) -> Answer | None:
        """The answer that a request within a batch gets without being carried out, or None."""
        try:
            self.limiter.enter_part(call.user.id)
        except ApiError as error:
            return error_answer(error, call.prefer)
        return self.faults.for_inner(call)

    def _count_inner(self, call: Call, status: int) -> None:
        self.calls.inner(call.method, call.path, status)

    def _make_poster(self) -> Poster | None:
        if self.settings.bus is None and not self.settings.empty:
            return None
        return Poster(self.endpoints.destination, self.contexts, self._on_outcomes, retry=self.settings.retry)

    def _on_outcomes(self, outcomes: list[Outcome]) -> None:
        """Called on the poster's thread; rows are only touched on the event loop."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.steps.on_outcomes, outcomes)
