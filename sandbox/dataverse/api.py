"""Which operation a request asks for: the paths of the Web API, without HTTP, tokens and limits."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.binding import RowKey
from sandbox.dataverse.bulk import BULK_ACTIONS, run_bulk
from sandbox.dataverse.calls import Answer, Call, error_answer, json_answer
from sandbox.dataverse.errors import ApiError, unknown_segment
from sandbox.dataverse.metadata import Metadata
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.queries import Queries
from sandbox.dataverse.reads import Reader
from sandbox.dataverse.roles import ACT_ON_BEHALF_PRIVILEGE, BYPASS_PRIVILEGE, Verb
from sandbox.dataverse.rows import RowOperations
from sandbox.dataverse.store import Store
from sandbox.dataverse.unit import UnitOfWork, Units
from sandbox.dataverse.users import Caller, User
from sandbox.dataverse.values import Json, JsonObject
from sandbox.dataverse.writes import Writer, require

_PATH = re.compile(r"(?P<set>[\w$.]+)(?:\((?P<key>(?:[^'()]|'(?:[^']|'')*')*)\))?(?:/(?P<rest>.+))?")
_ACTION_NAMESPACE: Final = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True, slots=True)
class _Request:
    """A request, once it is known which table it is about and who makes it."""

    call: Call
    model: TableModel
    parameters: dict[str, str]
    caller: Caller
    unit: UnitOfWork | None


class WebApi:
    """Everything below `/api/data/v9.2/` except `$batch`.

    Args:
        store: the rows.
        units: commits writes.
        users: who may be impersonated, by `systemuserid`.
        organization_id: the id that `WhoAmI` tells.
        business_unit_id: likewise.
    """

    def __init__(
        self,
        store: Store,
        units: Units,
        users: Callable[[str], User | None],
        organization_id: str,
        business_unit_id: str,
    ) -> None:
        self.store = store
        self.units = units
        self.reader = Reader(store)
        self._queries = Queries(store, self.reader)
        self._rows = RowOperations(store, self.reader)
        self._metadata = Metadata(store.catalog)
        self._users = users
        self._organization_id = organization_id
        self._business_unit_id = business_unit_id

    def answer(self, call: Call, unit: UnitOfWork | None = None) -> Answer:
        """Answer a request; a refusal is an answer too.

        Args:
            call: the request.
            unit: the unit of work of the change set that the request belongs to, if any.
        """
        try:
            return self.perform(call, unit)
        except ApiError as error:
            return error_answer(error, call.prefer)

    def perform(self, call: Call, unit: UnitOfWork | None = None) -> Answer:
        """Answer a request.

        Raises:
            ApiError: when it is refused.
        """
        match = _PATH.fullmatch(call.path.rstrip("/"))
        if match is None:
            if not call.path.strip("/"):
                return self._service_document(call)
            raise unknown_segment(call.path)
        name, key, rest = match["set"], match["key"], match["rest"]
        if name == "WhoAmI":
            return self._who_am_i(call)
        if name == "EntityDefinitions":
            return self._metadata.answer(call, key, rest)
        model = self.store.catalog.entity_set(name)
        parameters = parse_query(call.query) if call.query else {}
        request = _Request(call, model, parameters, self._caller(call, parameters), unit)
        if key is None:
            return self._on_set(request, rest)
        row_key = RowKey.parse(model, key)
        if rest is None:
            return self._on_row(request, row_key)
        return self._on_property(request, row_key, rest)

    def _on_set(self, request: _Request, rest: str | None) -> Answer:
        call, model = request.call, request.model
        if rest is None and call.method == "GET":
            return self._queries.answer(call, model, request.parameters, request.caller)
        if rest is None and call.method == "POST":
            with self._writing(request) as writer:
                return self._rows.create(call, model, request.parameters, writer)
        if rest == "$count" and call.method == "GET":
            return self._queries.count(model, request.parameters, request.caller)
        if rest is None or rest == "$count":
            raise _not_allowed(call)
        action = rest.removeprefix(_ACTION_NAMESPACE)
        if action not in BULK_ACTIONS or not rest.startswith(_ACTION_NAMESPACE):
            raise unknown_segment(rest)
        if call.method != "POST":
            raise _not_allowed(call)
        with self._writing(request) as writer:
            return run_bulk(action, call, model, self.store, writer)

    def _on_row(self, request: _Request, key: RowKey) -> Answer:
        call, model = request.call, request.model
        if call.method == "GET":
            require(request.caller, Verb.READ, model)
            return self._rows.read(call, model, key, request.parameters)
        if call.method == "PATCH":
            with self._writing(request) as writer:
                return self._rows.upsert(call, model, key, request.parameters, writer)
        if call.method == "DELETE":
            with self._writing(request) as writer:
                return self._rows.delete(call, model, key, writer)
        raise _not_allowed(call)

    def _on_property(self, request: _Request, key: RowKey, rest: str) -> Answer:
        call, model = request.call, request.model
        name, _, reference = rest.partition("/")
        if name not in model.properties and name not in model.navigations:
            raise unknown_segment(name)
        if call.method == "GET":
            require(request.caller, Verb.READ, model)
            return self._rows.read_property(call, model, key, name, request.parameters)
        if call.method not in ("PUT", "DELETE"):
            raise _not_allowed(call)
        with self._writing(request) as writer:
            if reference == "$ref":
                return self._rows.link(call, model, key, name, writer)
            return self._rows.write_property(call, model, key, name, writer)

    @contextmanager
    def _writing(self, request: _Request) -> Iterator[Writer]:
        with self.units.begin(request.unit) as unit:
            yield unit.writer(request.caller)

    def _who_am_i(self, call: Call) -> Answer:
        content: JsonObject = {
            "@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
            "BusinessUnitId": self._business_unit_id,
            "UserId": call.user.id,
            "OrganizationId": self._organization_id,
        }
        return json_answer(200, content)

    def _service_document(self, call: Call) -> Answer:
        sets: list[Json] = [
            {"name": name, "kind": "EntitySet", "url": name} for name in sorted(self.store.catalog.by_set)
        ]
        return json_answer(200, {"@odata.context": f"{call.root}/$metadata", "value": sets})

    def _caller(self, call: Call, parameters: dict[str, str]) -> Caller:
        headers = call.headers
        user = call.user
        bypass = "CustomAsync" in headers.get("mscrm.bypassbusinesslogicexecution", "")
        if bypass and not user.role.has(BYPASS_PRIVILEGE):
            raise errors.missing_privilege(user.id, BYPASS_PRIVILEGE, "organization")
        impersonated = headers.get("mscrmcallerid")
        if impersonated is not None:
            if not user.role.has(ACT_ON_BEHALF_PRIVILEGE):
                raise errors.missing_privilege(user.id, ACT_ON_BEHALF_PRIVILEGE, "systemuser")
            found = self._users(impersonated.lower())
            if found is None:
                raise errors.row_not_found("systemuser", impersonated)
            acting = found
        else:
            acting = user
        agent = headers.get("user-agent", "")
        return Caller(acting, user, parameters.get("tag"), bypass, agent, call.correlation_id)


def _not_allowed(call: Call) -> ApiError:
    message = f"The requested resource does not support http method '{call.method}'."
    return ApiError(405, errors.BAD_QUERY, message)
