"""A flow as Power Automate runs it, against the Dataverse stand-in: each step once, in its order.

Only what our flows use is known; anything else is an error. Tasks are kept in a list, because the manifest has no such
table; all other steps are calls of the Web API.
"""

from collections.abc import Mapping

from connector.dataverse.schema import TABLES
from tests.unit.flows.expressions import evaluate

#: Columns of a task (an activity of every Dataverse) that flows fill: table reference "Task" of the Web API.
TASK = {
    "subject",
    "description",
    "scheduledend",
    "ownerid@odata.bind",
    "regardingobjectid_contact_task@odata.bind",
    "regardingobjectid_lead_task@odata.bind",
    "regardingobjectid_account_task@odata.bind",
}
BY_SET = {table.set_name: table for table in TABLES.values()}


class Stopped(Exception):
    """A step Terminate ended the flow."""


class FlowRun:
    """One run of a flow.

    Attributes:
        ran: the steps that were run.
        tasks: what was written to Tasks.
        jobs: the ids of the jobs that were created.
    """

    def __init__(self, definition: Mapping, world, *, row: Mapping | None = None, settings: Mapping | None = None):
        self._world, self._row, self._settings = world, row, settings or {}
        self._outputs: dict = {}
        self._items: dict = {}
        self._item: object = None
        self.ran: set[str] = set()
        self.tasks: list[dict] = []
        self.jobs: list[str] = []
        self._steps(definition["actions"])

    def _steps(self, actions: Mapping) -> None:
        left = dict(actions)
        while left:
            name = next(name for name, step in left.items() if not set(step.get("runAfter", {})) & set(left))
            step = left.pop(name)
            self.ran.add(name)
            getattr(self, f"_{step['type'].lower()}")(name, step)

    def _compose(self, name: str, step: Mapping) -> None:
        value = self._filled(step["inputs"])
        self._outputs[name] = {**value, **self._settings} if name == "Settings" else value

    def _select(self, name: str, step: Mapping) -> None:
        lines = []
        for each in self._filled(step["inputs"]["from"]):
            self._item = each
            lines.append(self._filled(step["inputs"]["select"]))
        self._outputs[name] = {"body": lines}

    def _if(self, name: str, step: Mapping) -> None:  # noqa: ARG002
        self._steps(step["actions"] if self._holds(step["expression"]) else step["else"]["actions"])

    def _foreach(self, name: str, step: Mapping) -> None:
        for each in self._filled(step["foreach"]):
            self._items[name] = each
            self._steps(step["actions"])

    def _terminate(self, name: str, step: Mapping) -> None:  # noqa: ARG002
        raise Stopped(self._filled(step["inputs"]["runError"])["message"], self.ran)

    def _openapiconnection(self, name: str, step: Mapping) -> None:
        parameters = self._filled(step["inputs"]["parameters"])
        operation = {"ListRecords": self._list, "GetItem": self._get, "CreateRecord": self._create}
        self._outputs[name] = {"body": operation[step["inputs"]["host"]["operationId"]](parameters)}

    def _list(self, parameters: dict) -> dict:
        set_name, columns = parameters.pop("entityName"), parameters.pop("$select").split(",")
        top = parameters.pop("$top", None)
        orderby = [parameters.pop("$orderby")] if "$orderby" in parameters else []
        rows = self._dataverse.query(
            set_name, select=columns, filter=parameters.pop("$filter"), orderby=orderby, top=top, annotations=True
        )
        assert parameters == {}
        return {"value": rows}

    def _get(self, parameters: dict) -> Mapping:
        assert parameters.keys() == {"entityName", "recordId", "$select"}
        columns = parameters["$select"].split(",")
        return self._dataverse.retrieve(parameters["entityName"], parameters["recordId"], columns, annotations=True)

    def _create(self, parameters: dict) -> dict:
        set_name = parameters.pop("entityName")
        row = {name.removeprefix("item/"): value for name, value in parameters.items()}
        if set_name == "tasks":
            assert row.keys() <= TASK
            self.tasks.append(row)
            return {}
        bound = {name: f"/{value}" if name.endswith("@odata.bind") else value for name, value in row.items()}
        self.jobs.append(self._dataverse.create(set_name, bound))
        return {}

    def _holds(self, condition: Mapping) -> bool:
        ((operator, operands),) = condition.items()
        if operator == "not":
            return not self._holds(operands)
        if operator == "and":
            return all(map(self._holds, operands))
        one, two = map(self._filled, operands)
        return {"equals": one == two, "greater": operator == "greater" and one > two}[operator]

    def _filled(self, value):
        match value:
            case str():
                return evaluate(value, self._scope)
            case Mapping():
                return {name: self._filled(each) for name, each in value.items()}
            case _:
                return value

    @property
    def _dataverse(self):
        return self._world.services.dataverse

    @property
    def _scope(self) -> dict:
        return {
            "outputs": lambda name: self._outputs[name],
            "body": lambda name: self._outputs[name]["body"],
            "items": lambda name: self._items[name],
            "item": lambda: self._item,
            "triggerOutputs": lambda: {"body": self._row},
            "utcNow": lambda *_: self._world.now.isoformat(),
        }


def row_of_trigger(definition: Mapping, world, row_id: str) -> Mapping | None:
    """The row as the trigger of the flow hands it over, with all columns; None where its condition does not hold."""
    (trigger,) = definition["triggers"].values()
    parameters = trigger["inputs"]["parameters"]
    table = TABLES[parameters["subscriptionRequest/entityname"]]
    columns = [f"_{column.name}_value" if column.targets else column.name for column in table.columns]
    condition = f"({parameters['subscriptionRequest/filterexpression']}) and {table.id_column} eq {row_id}"
    rows = world.services.dataverse.query(table.set_name, select=columns, filter=condition, annotations=True)
    return rows[0] if rows else None
