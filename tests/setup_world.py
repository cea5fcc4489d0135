"""An empty Dataverse in this process, and administrators who set it up: no network, no waiting.

Whatever an administrator sends passes `SetupWorld.send`. Writes are numbered as they happen, so that something can
happen before or after any of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import requests
from pydantic import SecretStr

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.names import ENABLED_VARIABLE
from connector.dataverse.schema.model import Step
from connector.http import Clock, Transport
from connector.setup.applying import SetupReport, apply_setup
from connector.setup.calls import SetupCalls
from connector.setup.component import Component, Removal, SetupPhase, full_name
from connector.setup.components import components
from connector.setup.exporting import export_solution
from connector.setup.inputs import EndpointInputs, SetupInputs
from connector.setup.patience import Patience
from connector.setup.plan import Adoption, Extras, SetupPlan
from connector.setup.planning import make_plan
from connector.setup.removal import RemovalPlan, plan_removal
from connector.setup.removing import remove_setup
from connector.setup.target import SetupTarget, read_target
from sandbox.dataverse.app import Application
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.limits import LimitSettings
from sandbox.dataverse.settings import Settings
from tests.in_process import answered, response
from tests.mementos import Memento

URL = "https://dataverse.localhost"


class Death(BaseException):
    """The process has died; nothing of the connector catches this."""


#: A small set-up for tests: definitions only, two tables of which one points to the other, a standard table.
SMALL = (
    "choice dh_spotlerinteractiontype",
    "table dh_websitevisitor",
    "table dh_marketinginteraction",
    "column dh_websitevisitor.dh_externalid",
    "column dh_websitevisitor.dh_rating",
    "column dh_marketinginteraction.dh_type",
    "column dh_marketinginteraction.dh_on",
    "column list.dh_spotlersync",
    "key dh_websitevisitor.dh_externalid_key",
    "lookup dh_marketinginteraction.dh_websitevisitorid",
    "lookup dh_websitevisitor.dh_accountid",
)


#: Names of components, or what names begin with, of which `one_of_each` consists beside `SMALL`: what a form with a
#: list of rows needs, and one of every further kind.
EACH = (
    "table dh_spotlerjob",
    "column dh_websitevisitor.",
    "lookup dh_websitevisitor.",
    "status reasons",
    "web resource dh_/spotler/commands.js",
    "view dh_websitevisitor.all",
    "view dh_websitevisitor.active",
    "form dh_websitevisitor",
    "form tab",
    "dashboard",
    "button contact.form.sync",
    "button dh_spotlerjob.form.retry",
    "role Spotler Service",
    "environment variable dh_spotlerpermissionsenabledbydefault",
    "value of environment variable",
    "service endpoint",
    "step",
    "switch of step",
    "application user",
)
#: One with an image, on the table of the form.
STEPS = (Step("Create", "dh_spotlerjob"), Step("Delete", "dh_websitevisitor", pre_image=("dh_accountid",)))
ENDPOINT = EndpointInputs("sb://contoso.servicebus.windows.net/", key=SecretStr("a" * 44))


def one_of_each(form_id: str, application: str) -> list[Component]:
    """A set-up with every kind of component; our tab is put on a form of contacts.

    Args:
        form_id: of that form.
        application: the client id of the connector.
    """
    inputs = SetupInputs(
        steps=STEPS,
        endpoint=ENDPOINT,
        application=application,
        values={ENABLED_VARIABLE: "A"},
    )
    extras = Extras(buttons=True, forms=(f"contact:{form_id}",))
    every = components(extras=extras, inputs=inputs)
    always = (SetupPhase.FOUNDATION, SetupPhase.END)
    return [
        each for each in every if each.phase in always or full_name(each) in SMALL or full_name(each).startswith(EACH)
    ]


def nameable(parts: Sequence[Component]) -> list[str]:
    """What can be named where these are removed: it goes by itself, and may go."""
    return [full_name(each) for each in parts if not each.part_of and each.removal is not Removal.STAYS]


def named(*names: str) -> list[Component]:
    """These components of the manifest, with publisher, solution and version."""
    always = (SetupPhase.FOUNDATION, SetupPhase.END)
    return [each for each in components() if each.phase in always or full_name(each) in names]


class SetupWorld:
    """One environment. `fresh` empties it, and `once` has what some work makes of an empty one.

    Attributes:
        environment: the stand-in.
        parts: the components of the manifest that are set up; all, unless a test takes fewer.
        sent: method and path of every write, in order.
        calls: those of an administrator.
        before, after: called with the number of a write and its method and path.
        lost: which writes are confirmed and not done, by number, method and path.
        body: of the last write.
    """

    def __init__(self) -> None:
        self.environment = Environment(Settings(empty=True, limits=LimitSettings(enabled=False)))
        self.environment.addresses = (URL,)
        self.headers = requests.utils.default_headers()
        self._application = Application(self.environment)
        self.parts: list[Component] = components()
        self._empty = self.kept()
        self._once: dict[Callable[[SetupWorld], object], Callable[[], SetupWorld]] = {}
        self.fresh()

    def fresh(self) -> "SetupWorld":
        """An empty environment."""
        return self._empty()

    def once(self, work: Callable[["SetupWorld"], object]) -> "SetupWorld":
        """An environment that was empty, after some work, which is done only the first time."""
        if work not in self._once:
            work(self.fresh())
            self._once[work] = self.kept()
        return self._once[work]()

    def kept(self) -> Callable[[], "SetupWorld"]:
        """What puts the environment back as it is now; who works from then on has seen nothing of it."""
        return partial(self._put_back, Memento(self.environment), tuple(self.parts))

    def _put_back(self, environment: Memento, parts: Sequence[Component]) -> "SetupWorld":
        environment.put_back()
        self._token = ""
        self.parts = list(parts)
        self.sent: list[tuple[str, str]] = []
        self.slept: list[float] = []
        self.body: str | bytes | None = None
        self.before: Callable[[int, str, str], None] = lambda _number, _method, _path: None
        self.after: Callable[[int, str, str], None] = lambda _number, _method, _path: None
        self.lost: Callable[[int, str, str], bool] = lambda _number, _method, _path: False
        self.calls = self.administrator()
        return self

    def administrator(self) -> SetupCalls:
        """Another one."""
        transport = Transport(URL + API, timeout=60, parallel=1, system="Dataverse", session=self, clock=self.clock)  # type: ignore[arg-type]
        return SetupCalls(Dataverse(transport, self))

    @contextmanager
    def another(self) -> Iterator[None]:
        """Everything within is done by another administrator, while the first one waits for an answer."""
        first, self.calls = self.calls, self.administrator()
        try:
            yield
        finally:
            self.calls = first

    @property
    def clock(self) -> Clock:
        """Waiting moves the clock of the environment."""
        return Clock(sleep=self._move, monotonic=self.environment.clock.timestamp)

    # What set-ups do

    def target(self, calls: SetupCalls | None = None) -> SetupTarget:
        """The environment, read now."""
        return read_target(calls or self.calls)

    def planned(self, adoption: Adoption | None = None) -> SetupPlan:
        """A plan of the set-up."""
        return make_plan(self.target(), self.parts, adoption)

    def applied(self, plan: SetupPlan | None = None) -> SetupReport:
        """Apply a plan; without one, that of now."""
        return apply_setup(plan or self.planned(), self.target(), self.parts, Patience(self.clock))

    def install_version(self, version: str, parts: Sequence[Component]) -> None:
        """Have the manifest of an older version installed; who works from now on has not seen it."""
        self.parts = list(parts)
        self.applied()
        self.environment.clock.move(60)
        self.calls.patch(f"solutions({self.target().solution_id})", {"version": version})
        self.calls = self.administrator()
        self.sent.clear()
        self.slept.clear()

    def removal(self, *named: str) -> RemovalPlan:
        """A plan of the removal."""
        return plan_removal(self.target(), self.parts, named)

    def removed(self, *named: str, plan: RemovalPlan | None = None) -> SetupReport:
        """Carry out a removal; without a plan, that of now."""
        return remove_setup(plan or self.removal(*named), self.target(), self.parts, Patience(self.clock))

    def exported(self) -> bytes:
        """The managed solution."""
        return export_solution(self.target(), self.parts, Patience(self.clock))

    @property
    def form_of_contacts(self) -> str:
        """The id of the main form of contacts."""
        return next(
            str(row["formid"])
            for row in self.rows("systemform")
            if (row["objecttypecode"], row["type"]) == ("contact", 2)
        )

    # What others do

    def make(self, path: str, body: Mapping[str, object], solution: str = "") -> str:
        """Somebody makes something."""
        return self.calls.post(path, body, solution)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, behind the back of the API."""
        return [dict(row.values) for row in self.environment.store.tables[table].rows.values()]

    def load(self, table: str, **values: object) -> None:
        """A row is there."""
        self.environment.load({table: [values]})  # type: ignore[list-item]

    # As a session, and as a source of tokens

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        """One request."""
        method, path = str(request.method), str(request.url).removeprefix(URL + API).lstrip("/")
        if method == "GET":
            return answered(self._application, request)
        self.sent.append((method, path))
        self.body = request.body
        number = len(self.sent)
        self.before(number, method, path)
        if self.lost(number, method, path):
            place = {"OData-EntityId": f"{URL}{API}{path}({uuid4()})"}
            return response(request, 204, {"OData-Version": "4.0", **place}, b"")
        answer = answered(self._application, request)
        self.after(number, method, path)
        return answer

    def close(self) -> None:
        """Nothing is open."""

    def get_token(self, scope: str) -> str:
        """A token of the administrator, until it is refused."""
        if self._token:
            return self._token
        settings = self.environment.settings
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.admin_client_id,
            "client_secret": settings.admin_client_secret,
            "scope": scope,
        }
        issued = self.environment.tokens.issue(settings.tenant_id, urlencode(form).encode(), self.environment.addresses)
        self._token = str(issued["access_token"])
        return self._token

    def discard(self, _token: str) -> None:
        """The next one is new."""
        self._token = ""

    def _move(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.environment.clock.move(seconds)
