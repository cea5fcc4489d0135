"""Which operation a request asks for: the paths of the Web API, without HTTP, tokens and limits."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sandbox.dataverse import errors
from sandbox.dataverse.access.service import PAIR_CHECKS, Access
from sandbox.dataverse.admission import ACT, BARE, CHANGE, CREATE, READ_ROW, UPSERT, admit
from sandbox.dataverse.associating import run_association
from sandbox.dataverse.binding import NAMESPACE, RowKey
from sandbox.dataverse.bulk import BULK_ACTIONS, run_bulk
from sandbox.dataverse.bulk_delete import BULK_DELETE, bulk_delete
from sandbox.dataverse.callers import BY_SOLUTION, Callers
from sandbox.dataverse.calls import Answer, Call, error_answer
from sandbox.dataverse.csdl import METADATA, metadata_document
from sandbox.dataverse.customizing.lock import operation_of
from sandbox.dataverse.customizing.service import DEFINITION_SETS, Customizing
from sandbox.dataverse.errors import ApiError, not_for_single_rows, not_supported, unknown_segment
from sandbox.dataverse.fetchxml.running import Fetcher
from sandbox.dataverse.files.actions import FileActions
from sandbox.dataverse.files.requests import FileRequests
from sandbox.dataverse.headers import check_headers
from sandbox.dataverse.installing.app_tables import APP_TABLE
from sandbox.dataverse.installing.service import Installing, wants_unpublished
from sandbox.dataverse.marketing.actions import ADD_LIST_MEMBERS, add_list_members, run_list_action
from sandbox.dataverse.marketing.tables import LIST
from sandbox.dataverse.merging import run_merge
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.plain_reads import service_document, who_am_i
from sandbox.dataverse.privileges import require
from sandbox.dataverse.queries import Queries
from sandbox.dataverse.reads import Reader
from sandbox.dataverse.related import Collections
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.rows import RowOperations
from sandbox.dataverse.store import Store
from sandbox.dataverse.table_request import TableRequest
from sandbox.dataverse.unit import UnitOfWork, Units
from sandbox.dataverse.writes import Writer

_PATH = re.compile(r"(?P<set>[\w$.]+)(?:\((?P<key>(?:[^'()]|'(?:[^']|'')*')*)\))?(?:/(?P<rest>.+))?")
_SOLUTION_OPTION = re.compile(r"(?:^|&)SolutionUniqueName=[^&]*")

#: Runs an action that belongs to no table.
type _Action = Callable[[Call, Writer], Answer]


class WebApi:
    """Everything below `/api/data/v9.2/` except `$batch`.

    Args:
        store: the rows.
        units: commits writes.
        callers: on whose behalf requests run.
        organization_id: the id that `WhoAmI` returns.
        fetcher: runs FetchXML.
        customizing: answers about definitions.
        access: answers about roles and users.
        installing: knows which rows have unpublished changes.
    """

    def __init__(
        self,
        store: Store,
        units: Units,
        callers: Callers,
        organization_id: str,
        fetcher: Fetcher,
        customizing: Customizing,
        access: Access,
        installing: Installing,
    ) -> None:
        self.store = store
        self.units = units
        self._collections = Collections(store, customizing.one_to_many)
        self.reader = Reader(store, self._collections)
        self._queries = Queries(store, self.reader, fetcher)
        self._fetcher = fetcher
        self._rows = RowOperations(store, self.reader)
        self._actions: dict[str, _Action] = {
            "Merge": lambda call, writer: run_merge(call, store, writer),
            ADD_LIST_MEMBERS: add_list_members,
            BULK_DELETE: lambda call, writer: bulk_delete(call, writer, units.clock, self._later),
            **installing.actions,
            **FileActions(customizing.parts.definitions, customizing.files).actions,
        }
        self._files = FileRequests(customizing.parts.definitions, customizing.files)
        self._functions = {**installing.functions, **access.functions}
        self.customizing = customizing
        self._layers = installing.layers
        self._apps = installing.apps
        self._callers = callers
        self._bound = access.bound
        self._pair_checks = {**PAIR_CHECKS, **installing.pair_checks}
        self._organization_id = organization_id

    def answer(self, call: Call, unit: UnitOfWork | None = None) -> Answer:
        """Answer a request; a refusal is an answer too.

        Args:
            call: the request.
            unit: the unit of work of the change set that the request belongs to, if any.
        """
        try:
            if call.path == METADATA:
                return metadata_document(call, self.store, self._collections)
            return self.perform(call, unit)
        except ApiError as error:
            return error_answer(error, call.prefer)

    def perform(self, call: Call, unit: UnitOfWork | None = None) -> Answer:
        """Answer a request.

        Raises:
            ApiError: when it is refused.
        """
        check_headers(call.headers)
        self.customizing.parts.schedule.run_due()
        if call.method != "GET":
            call = self._check_solution(call)
        match = _PATH.fullmatch(call.path.rstrip("/"))
        if match is None:
            if not call.path.strip("/"):
                return service_document(call, self.store)
            raise unknown_segment(call.path)
        name, key, rest = match["set"], match["key"], match["rest"]
        if name == "WhoAmI" and not key and rest is None:
            return who_am_i(call, self._organization_id, self.store)
        if name in self._actions and not key and rest is None:
            return self._act(call, unit, self._actions[name])
        if name in self._functions:
            return self._functions[name](call, key, rest)
        if call.method != "GET":
            self.customizing.lock.check(operation_of(call.method, call.path))
        if name in DEFINITION_SETS or self.customizing.is_action(name):
            if unit is not None:
                raise not_supported("Definitions cannot be changed in a change set.")
            return self.customizing.answer(call, name, key, rest)
        return self._on_table(call, match, unit)

    def _check_solution(self, call: Call) -> Call:
        """The request without the query option that looks as if it named a solution, but has no effect.

        Raises:
            ApiError: 404 when the header names a solution that there is not.
        """
        solution = call.headers.get(BY_SOLUTION)
        if solution is not None:
            self.customizing.solutions.find(solution)
        if "SolutionUniqueName=" not in call.query:
            return call
        return replace(call, query=_SOLUTION_OPTION.sub("", call.query).strip("&"))

    def _on_table(self, call: Call, match: "re.Match[str]", unit: UnitOfWork | None) -> Answer:
        name, key, rest = match["set"], match["key"], match["rest"]
        if "mscrm.mergelabels" in call.headers:
            raise not_supported("The header 'mscrm.mergelabels' has no effect on rows.")
        model = self.store.catalog.entity_set(name)
        parameters = parse_query(call.query) if call.query else {}
        caller = self._callers.caller(call, parameters.get("tag"))
        request = TableRequest(call, model, parameters, caller, unit)
        if self._layers.has(model.name):
            if wants_unpublished(call, rest):
                with self._apps.as_seen_by(caller, model.name):
                    return self._on_part(request, key, None)
            if call.method == "GET":
                with self._layers.as_published(model.name), self._apps.as_seen_by(caller, model.name):
                    return self._on_part(request, key, rest)
        return self._on_part(request, key, rest)

    def _on_part(self, request: TableRequest, key: str | None, rest: str | None) -> Answer:
        call, model = request.call, request.model
        if key is None:
            return self._on_set(request, rest)
        row_key = RowKey.parse(model, key)
        if rest is None:
            return self._on_row(request, row_key)
        found = self._files.answer(
            call, model, lambda: self._rows.find(model, row_key), rest, request.parameters, request.caller,
            lambda: self._writing(request),
        )  # fmt: skip
        return found or self._on_bound(request, row_key, rest) or self._on_property(request, row_key, rest)

    def _on_set(self, request: TableRequest, rest: str | None) -> Answer:
        call, model = request.call, request.model
        if rest is None and call.method == "GET":
            return self._queries.answer(call, model, request.parameters, request.caller)
        if rest is None and call.method == "POST":
            admit(call, request.parameters, ACT if model.name == APP_TABLE else CREATE)  # an app is not returned
            with self._writing(request) as writer:
                return self._rows.create(call, model, request.parameters, writer)
        if rest == "$count" and call.method == "GET":
            return self._queries.count(call, model, request.parameters, request.caller)
        if rest is None or rest == "$count":
            raise errors.not_allowed(call.method)
        action = rest.removeprefix(NAMESPACE)
        if action not in BULK_ACTIONS or not rest.startswith(NAMESPACE):
            raise unknown_segment(rest)
        if call.method != "POST":
            raise errors.not_allowed(call.method)
        admit(call, request.parameters, ACT)
        with self._writing(request) as writer:
            return run_bulk(action, call, model, self.store, writer)

    def _on_row(self, request: TableRequest, key: RowKey) -> Answer:
        call, model = request.call, request.model
        if model.is_intersect and call.method != "DELETE":
            raise not_for_single_rows("Retrieve" if call.method == "GET" else "Update", model.name)
        if call.method == "GET":
            admit(call, request.parameters, READ_ROW)
            require(request.caller, Verb.READ, model)
            return self._rows.read(call, model, key, request.parameters, request.caller)
        if call.method == "PATCH":
            admit(call, request.parameters, UPSERT)
            with self._writing(request) as writer:
                return self._rows.upsert(call, model, key, request.parameters, writer)
        if call.method == "DELETE":
            admit(call, request.parameters, CHANGE)
            with self._writing(request) as writer:
                return self._rows.delete(call, model, key, writer)
        raise errors.not_allowed(call.method)

    def _on_bound(self, request: TableRequest, key: RowKey, rest: str) -> Answer | None:
        """An action or a function of a row, or a pair of rows; None for anything else."""
        call, model = request.call, request.model
        if rest.startswith(NAMESPACE):
            action = rest.removeprefix(NAMESPACE)
            if model.name == LIST:
                return self._on_list(request, key, action)
            bound = self._bound.get(model.name)
            return None if bound is None else bound(call, self._rows.find(model, key), action)
        if not rest.endswith("/$ref") or call.method == "GET":
            return None
        with self._writing(request) as writer:
            return run_association(call, model, self._rows.find(model, key), rest, writer, self._pair_checks)

    def _on_property(self, request: TableRequest, key: RowKey, rest: str) -> Answer:
        call, model = request.call, request.model
        name, _, reference = rest.partition("/")
        collection = self._collections.of(model).get(name) if call.method == "GET" and not reference else None
        if collection is not None:
            row = self._rows.find(model, key)
            return self._queries.related(call, row, collection, model, request.parameters, request.caller)
        is_link = name in model.navigations
        if name not in model.properties and not is_link:
            raise unknown_segment(name)
        if reference != ("$ref" if is_link and call.method != "GET" else ""):
            raise unknown_segment(reference or name)
        if call.method == "GET":
            admit(call, request.parameters, READ_ROW if is_link else BARE)
            require(request.caller, Verb.READ, model)
            return self._rows.read_property(call, model, key, name, request.parameters, request.caller)
        if call.method not in ("PUT", "DELETE"):
            raise errors.not_allowed(call.method)
        admit(call, request.parameters, CHANGE)
        with self._writing(request) as writer:
            if is_link:
                return self._rows.link(call, model, key, name, writer)
            return self._rows.write_property(call, model, key, name, writer)

    def _act(self, call: Call, unit: UnitOfWork | None, action: "_Action") -> Answer:
        """An action that belongs to no table."""
        if call.method != "POST":
            raise errors.not_allowed(call.method)
        parameters = parse_query(call.query) if call.query else {}
        admit(call, parameters, ACT)
        with self.units.begin(unit) as running:
            return action(call, running.writer(self._callers.caller(call, parameters.get("tag"))))

    def _later(self, seconds: float, work: Callable[[Writer], None], by: Writer) -> None:
        """Write on behalf of a caller after a while."""

        def run() -> None:
            with self.units.begin() as running:
                work(running.writer(by.caller))

        self.customizing.parts.schedule.after(seconds, run)

    def _on_list(self, request: TableRequest, key: RowKey, action: str) -> Answer:
        """An action that belongs to a row of `list`."""
        call = request.call
        if call.method != "POST":
            raise errors.not_allowed(call.method)
        admit(call, request.parameters, ACT)
        row = self._rows.find(request.model, key)
        with self._writing(request) as writer:
            return run_list_action(action, call, row, writer, self._fetcher)

    @contextmanager
    def _writing(self, request: TableRequest) -> Iterator[Writer]:
        with self.units.begin(request.unit) as unit:
            yield unit.writer(request.caller)
