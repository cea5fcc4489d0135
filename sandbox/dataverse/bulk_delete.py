"""The action BulkDelete: a system job deletes the rows that queries find, a while after the answer.

Of queries, the stand-in takes those that name rows by a column, as Microsoft's own clients write them: conditions that
all must be met, with the operators Equal and In. All others are refused. Nobody is told by e-mail, and no job recurs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sandbox.dataverse.calls import Answer, Call, json_answer
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.errors import ApiError, missing_privilege, not_supported
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.placing import place
from sandbox.dataverse.privileges import require
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import Json, JsonObject, Scalar, stamp
from sandbox.dataverse.writes import Writer

BULK_DELETE: Final = "BulkDelete"
PRIVILEGE: Final = "prvBulkDelete"
#: Seconds until the job has run.
SECONDS: Final = 1.0
#: What a system job of this kind is (asyncoperation, operationtype).
_BULK_DELETE_JOB: Final = 13
_WAITING: Final = {"statecode": 0, "statuscode": 0}
_SUCCEEDED: Final = {"statecode": 3, "statuscode": 30}
_FAILED: Final = {"statecode": 3, "statuscode": 31}
_NEEDED: Final = frozenset(
    {
        "JobName",
        "SendEmailNotification",
        "ToRecipients",
        "CCRecipients",
        "RecurrencePattern",
        "StartDateTime",
        "QuerySet",
    }
)
_TYPE: Final = "@odata.type"
_CRM: Final = "Microsoft.Dynamics.CRM."

type Later = Callable[[float, Callable[[Writer], None], Writer], None]


@dataclass(frozen=True, slots=True)
class _Condition:
    column: str
    values: frozenset[str]

    def meets(self, row: Row) -> bool:
        """Whether a row has one of the values."""
        return str(row.values.get(self.column) or "").lower() in self.values


def bulk_delete(call: Call, writer: Writer, clock: Clock, later: Later) -> Answer:
    """`POST BulkDelete`.

    Args:
        call: the request.
        writer: of the caller.
        clock: what time it is.
        later: does something with a writer of the caller after so many seconds.

    Raises:
        ApiError: 403 without the right to bulk deletion or to delete, 400 for a parameter or a query of another form.
    """
    body = call.json()
    if body.keys() != _NEEDED:
        raise not_supported(f"{BULK_DELETE} takes {', '.join(sorted(_NEEDED))}.")
    if body["SendEmailNotification"] is not False or body["RecurrencePattern"] != "":
        raise not_supported(f"The stand-in runs a job of {BULK_DELETE} once, and tells nobody by e-mail.")
    if not call.user.role.has(PRIVILEGE):
        raise missing_privilege(call.user.id, PRIVILEGE, "asyncoperation")
    queries = body["QuerySet"]
    if not isinstance(queries, list) or not queries:
        raise not_supported("QuerySet is a list of queries.")
    found = [_query(writer, each) for each in queries]
    for model, _ in found:
        require(writer.caller, Verb.DELETE, model)
    job = place(writer.store, clock, "asyncoperation", str(uuid4()), {
        "name": str(body["JobName"]), "operationtype": _BULK_DELETE_JOB, "messagename": BULK_DELETE, **_WAITING,
    })  # fmt: skip

    def run(by: Writer) -> None:
        outcome: Mapping[str, Scalar] = _SUCCEEDED
        try:
            for model, conditions in found:
                rows = list(by.store.tables[model.name].rows.values())
                for row in (each for each in rows if all(one.meets(each) for one in conditions)):
                    by.delete(model, row)
        except ApiError:
            outcome = _FAILED
        job.values.update({**outcome, "completedon": stamp(clock.now())})

    later(SECONDS, run, writer)
    return json_answer(200, {"@odata.context": f"{call.root}/$metadata#{_CRM}{BULK_DELETE}Response", "JobId": job.id})


def _query(writer: Writer, query: Json) -> tuple[TableModel, list[_Condition]]:
    if not isinstance(query, dict) or query.get(_TYPE) != f"{_CRM}QueryExpression":
        raise not_supported("A query of BulkDelete is a QueryExpression.")
    if not query.keys() <= {_TYPE, "EntityName", "ColumnSet", "Criteria"}:
        raise not_supported("A query of BulkDelete has EntityName, ColumnSet and Criteria here.")
    model = writer.store.catalog.table(str(query.get("EntityName")))
    if model is None:
        raise not_supported(f"There is no table '{query.get('EntityName')}'.")
    criteria = query.get("Criteria")
    if not isinstance(criteria, dict) or criteria.get("FilterOperator") != "And":
        raise not_supported("The criteria of BulkDelete are conditions joined by And here.")
    conditions = criteria.get("Conditions")
    if not isinstance(conditions, list) or not conditions:
        raise not_supported("A query without conditions would delete every row; the stand-in refuses it.")
    return model, [_condition(model, each) for each in conditions]


def _condition(model: TableModel, condition: Json) -> _Condition:
    content: JsonObject = condition if isinstance(condition, dict) else {}
    column, values = str(content.get("AttributeName")), content.get("Values")
    if content.get("Operator") not in ("Equal", "In") or not isinstance(values, list) or not values:
        raise not_supported("A condition of BulkDelete has the operator Equal or In, and values.")
    if column not in model.columns:
        raise not_supported(f"The table {model.name} has no attribute {column}.")
    shown = (each.get("Value") if isinstance(each, dict) else each for each in values)
    return _Condition(column, frozenset(str(each).lower() for each in shown))
