"""The steps that post messages through the service endpoint, their images, and the switch of each.

A step is made switched off: it starts to post when everything else is there, so that nothing is posted into a half
installation. A step that was imported with a solution is off too, until somebody switches it on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import Row, filters
from connector.dataverse.names import SERVICE_ENDPOINT
from connector.dataverse.schema.installation import OWN_TABLES, SOLUTION
from connector.dataverse.schema.model import Step
from connector.setup.calls import SetupCalls
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.endpoints import ENDPOINTS, our_endpoint
from connector.setup.row_parts import Link, RowKind, RowPart
from connector.setup.tables import absent_columns, without_table
from connector.setup.target import SetupTarget
from connector.words import Sentence

STEPS: Final = RowKind("sdkmessageprocessingstep", "sdkmessageprocessingsteps", "sdkmessageprocessingstepid")
IMAGES: Final = RowKind(
    "sdkmessageprocessingstepimage", "sdkmessageprocessingstepimages", "sdkmessageprocessingstepimageid"
)
PRE_IMAGE: Final = "PreImage"
_FILTERING: Final = "filteringattributes"
_OWN: Final = frozenset(table.name for table in OWN_TABLES)
#: After the operation, asynchronous, on the server; the system job of a post that arrived is removed.
AS_ALWAYS: Final = {"stage": 40, "mode": 1, "rank": 1, "supporteddeployment": 0, "asyncautodelete": True}
_ON: Final = {"statecode": 0, "statuscode": 1}
_OFF: Final = {"statecode": 1, "statuscode": 2}
_MESSAGE_ID: Final = "sdkmessageid"
_FILTER_ID: Final = "sdkmessagefilterid"
#: The columns of a filter: its message and its table.
_MESSAGE: Final = "_sdkmessageid_value"
_TABLE: Final = "primaryobjecttypecode"


def step_name(step: Step) -> str:
    """The name of a step, in the form that the registration tool gives it."""
    return f"{SERVICE_ENDPOINT}: {step.message} of {step.table}"


@dataclass(frozen=True, slots=True)
class StepPart(RowPart):
    """One step."""

    kind = "step"
    phase = SetupPhase.STEPS
    rows = STEPS
    select = (
        "name", _FILTERING, "statecode", "_eventhandler_value", "_sdkmessageid_value", "_sdkmessagefilterid_value",
        *AS_ALWAYS,
    )  # fmt: skip
    solution_type = 92
    step: Step
    has_endpoint: bool

    @property
    def name(self) -> str:
        """Endpoint, message and table."""
        return step_name(self.step)

    @property
    def condition(self) -> str:
        """By its name, where somebody else registered it."""
        return filters.eq("name", self.name)

    def left_alone(self, target: SetupTarget) -> str:
        """Without endpoint, Marketing Lists or table there is nothing to post; not every version has each message."""
        return _why_not(self.step, target, has_endpoint=self.has_endpoint)

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """What it is called, how it runs, and which columns it watches."""
        watched = _present(self.step, self.step.filtering, target)
        return {"name": self.name, **AS_ALWAYS, _FILTERING: ",".join(watched) or None}

    def links(self, target: SetupTarget) -> Mapping[str, Link]:
        """Endpoint, message and table; the navigation properties are in lower case."""
        message, of_table = _message(target, self.step.message), _filter(target, self.step)
        return {
            "eventhandler_serviceendpoint": Link("_eventhandler_value", "serviceendpoints", _endpoint(target)),
            "sdkmessageid": Link("_sdkmessageid_value", "sdkmessages", message),
            "sdkmessagefilterid": Link("_sdkmessagefilterid_value", "sdkmessagefilters", of_table),
        }

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the protocol
        """Switched off."""
        return _OFF

    def same(self, column: str, expected: object, found: object) -> bool:
        """The order of watched columns does not matter."""
        if column == _FILTERING:
            return _names(expected) == _names(found)
        return expected == found


@dataclass(frozen=True, slots=True)
class ImagePart(RowPart):
    """The pre-image of a step: columns that are gone when the message is read."""

    kind = "step image"
    phase = SetupPhase.STEPS
    rows = IMAGES
    select = ("entityalias", "imagetype", "messagepropertyname", "attributes")
    step: Step
    has_endpoint: bool

    @property
    def name(self) -> str:
        """As its step."""
        return step_name(self.step)

    @property
    def part_of(self) -> str:
        """Its step."""
        return f"{StepPart.kind} {self.name}"

    @property
    def condition(self) -> str:
        """By its id only: a step may have images of others."""
        return ""

    def left_alone(self, target: SetupTarget) -> str:
        """As its step."""
        return _why_not(self.step, target, has_endpoint=self.has_endpoint)

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """Which columns, and under which name."""
        return {
            "entityalias": PRE_IMAGE,
            "imagetype": 0,
            "messagepropertyname": "Target",
            "attributes": ",".join(_present(self.step, self.step.pre_image, target)),
        }

    def same(self, column: str, expected: object, found: object) -> bool:
        """The order of columns does not matter."""
        return _names(expected) == _names(found) if column == "attributes" else expected == found

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:
        """Its name and its step."""
        found = StepPart(self.step, has_endpoint=True).read(target)
        step_id = found[STEPS.id_column] if found else ""
        return {"name": PRE_IMAGE, "sdkmessageprocessingstepid@odata.bind": f"/{STEPS.set_name}({step_id})"}


@dataclass(frozen=True, slots=True)
class StepSwitchPart(Part):
    """Whether a step is switched on."""

    kind = "switch of step"
    phase = SetupPhase.SWITCHES
    step: Step
    has_endpoint: bool

    @property
    def name(self) -> str:
        """As its step."""
        return step_name(self.step)

    def left_alone(self, target: SetupTarget) -> str:
        """As its step."""
        return _why_not(self.step, target, has_endpoint=self.has_endpoint)

    @property
    def part_of(self) -> str:
        """Its step."""
        return f"{StepPart.kind} {self.name}"

    def read(self, target: SetupTarget) -> Found | None:
        """The step."""
        return StepPart(self.step, self.has_endpoint).read(target)

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:  # noqa: ARG002 - of the protocol
        """Whether it is on."""
        return [] if found.get("statecode") == 0 else [PropertyDifference("state", "on", "off")]

    def create(self, target: SetupTarget) -> None:
        """There is no switch without a step, which is made before."""

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:  # noqa: ARG002
        """Switch it on."""
        target.calls.patch(f"{STEPS.set_name}({found[STEPS.id_column]})", _ON, SOLUTION.name)


def _why_not(step: Step, target: SetupTarget, *, has_endpoint: bool) -> str:
    if not has_endpoint:
        return Sentence("There is no service endpoint that it could post through.")
    if why := without_table(target, step.table):
        return why
    if step.table not in _OWN and not _filter(target, step):
        return Sentence("The environment has no message {message} of {table}.", message=step.message, table=step.table)
    return ""


def _present(step: Step, columns: Iterable[str], target: SetupTarget) -> list[str]:
    """The columns that the environment has."""
    absent = absent_columns(step.table, target.absent)
    return [each for each in columns if each not in absent]


def _names(columns: object) -> frozenset[str]:
    return frozenset(filter(None, str(columns or "").replace(" ", "").split(",")))


def _endpoint(target: SetupTarget) -> str:
    return target.calls.once("service endpoint", lambda: _id_of(our_endpoint(target.calls)))


def _id_of(endpoint: Found | None) -> str:
    return str(endpoint[ENDPOINTS.id_column]) if endpoint else ""


def _message(target: SetupTarget, message: str) -> str:
    return _found(target, "sdkmessages", _MESSAGE_ID, filters.eq("name", message))


def _filter(target: SetupTarget, step: Step) -> str:
    message = _message(target, step.message)
    if not message:
        return ""
    return _found(target, "sdkmessagefilters", _FILTER_ID, _filter_condition(message, step.table))


def _filter_condition(message_id: str, table: str) -> str:
    return f"{_MESSAGE} eq {message_id} and {filters.eq(_TABLE, table)}"


def _path(set_name: str, column: str, condition: str) -> str:
    return f"{set_name}?$select={column}&$filter={quote(condition)}"


def messages_in_lists(calls: SetupCalls, steps: Iterable[Step]) -> dict[str, list[Row]]:
    """The ids of messages, and of their filters, by the addresses at which a step asks for them: two calls for all."""
    wanted = {(step.message, step.table) for step in steps}
    named = " or ".join(filters.eq("name", each) for each in sorted({message for message, _ in wanted}))
    messages = {str(row["name"]): row for row in calls.rows(_path("sdkmessages", f"{_MESSAGE_ID},name", named))}
    known = {_path("sdkmessages", _MESSAGE_ID, filters.eq("name", name)): [row] for name, row in messages.items()}
    ids = {str(row[_MESSAGE_ID]) for row in messages.values()}
    of_messages = " or ".join(f"{_MESSAGE} eq {each}" for each in sorted(ids))
    of_tables = " or ".join(filters.eq(_TABLE, each) for each in sorted({table for _, table in wanted}))
    columns = f"{_FILTER_ID},{_MESSAGE},{_TABLE}"
    for row in calls.rows(_path("sdkmessagefilters", columns, f"({of_messages}) and ({of_tables})")):
        condition = _filter_condition(str(row[_MESSAGE]), str(row[_TABLE]))
        known[_path("sdkmessagefilters", _FILTER_ID, condition)] = [row]
    return known


def _found(target: SetupTarget, set_name: str, column: str, condition: str) -> str:
    """The id of a row; empty where there is none. What was found once is not asked for again."""

    def ask() -> str:
        rows = target.calls.rows(_path(set_name, column, condition))
        return str(rows[0][column]) if rows else ""

    return target.calls.once(f"{set_name}?{condition}", ask)
