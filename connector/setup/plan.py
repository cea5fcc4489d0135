"""The plan of a set-up: what would be done with each component, and its form for machines."""

import json
import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from connector.dataverse.schema.forms import RECORD_TABLES
from connector.dataverse.schema.installation import PUBLISHER
from connector.setup.component import PropertyDifference
from connector.setup.errors import PlanNotValid
from connector.words import Sentence, marked

#: The version of the form.
FORMAT: Final = 1
#: How the file of what to adopt is written.
_PROPOSE: Final = marked("Write it with: python -m connector setup plan --propose FILE.")
#: The id of a row.
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class SetupAction(StrEnum):
    """What a plan does with a component."""

    CREATE = "create"
    CHANGE = "change"
    #: It was installed, and somebody removed or changed it since. It is made as the manifest says.
    DRIFT = "drift"
    #: It is not ours, and becomes ours.
    ADOPT = "adopt"
    LEAVE = "leave alone"


class Adoption(BaseModel):
    """Which components of somebody else become ours: a file that an administrator writes.

    Attributes:
        publisher: the unique name of the publisher that they have; the solution gets the same one.
        components: as plans name them, e.g. `table dh_spotlerjob`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    publisher: str = PUBLISHER.name
    components: tuple[str, ...] = ()


class Extras(BaseModel):
    """What is installed only where an operator asks for it, because it shows in apps and on forms of the customer.

    Attributes:
        buttons: the button Sync to Spotler for contacts, leads, accounts and Marketing Lists.
        forms: the forms of contacts, leads and accounts that get our tab, each as `table:id`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    buttons: bool = False
    forms: tuple[str, ...] = ()

    def with_those(self, other: "Extras") -> "Extras":
        """What one of the two has."""
        return Extras(buttons=self.buttons or other.buttons, forms=tuple(sorted({*self.forms, *other.forms})))


@dataclass(frozen=True, slots=True)
class PlannedComponent:
    """One component in a plan.

    Attributes:
        component: its kind and name.
        action: what is done with it.
        why: the reason, for people.
        differences: what is changed of it.
    """

    component: str
    action: SetupAction
    why: str
    differences: tuple[PropertyDifference, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether something is written."""
        return self.action is not SetupAction.LEAVE

    @property
    def is_new(self) -> bool:
        """Whether it is made because it is not there."""
        return self.action is SetupAction.CREATE or (self.action is SetupAction.DRIFT and not self.differences)


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """What a set-up would do with an environment.

    Attributes:
        organization: the name of the environment.
        organization_id: its id: a plan is for one environment.
        manifest: the version of the manifest.
        adoption: what becomes ours; None for an installation of what is new.
        components: every component of the manifest, in the order in which they are made.
        refusals: why the plan cannot be applied; empty where it can.
        extras: what was asked for beside the manifest.
    """

    organization: str
    organization_id: str
    manifest: str
    adoption: Adoption | None
    components: tuple[PlannedComponent, ...]
    refusals: tuple[str, ...] = ()
    extras: Extras = field(default_factory=Extras)

    @property
    def writes(self) -> tuple[PlannedComponent, ...]:
        """The components that are written."""
        return tuple(each for each in self.components if each.writes)

    @property
    def mode(self) -> str:
        """`new` or `adopt`."""
        return "new" if self.adoption is None else "adopt"


def plan_as_json(plan: SetupPlan) -> str:
    """The plan as a machine reads it."""
    adoption = None if plan.adoption is None else plan.adoption.model_dump(mode="json")
    extras = plan.extras.model_dump(mode="json")
    content = {"format": FORMAT, "mode": plan.mode, **asdict(plan), "adoption": adoption, "extras": extras}
    return json.dumps(content, indent=2, ensure_ascii=False)


def read_plan(file: Path) -> SetupPlan:
    """A plan that was written to a file.

    Raises:
        PlanNotValid: it is none, or of another version of the connector.
    """
    content = read_object(file)
    if content.pop("format", None) != FORMAT or content.pop("mode", None) not in ("new", "adopt"):
        raise PlanNotValid(Sentence("{file} is not a plan of this version of the connector.", file=str(file)))
    try:
        plan = TypeAdapter(SetupPlan).validate_python(content)
    except ValidationError as error:
        raise PlanNotValid(
            Sentence("{file} is not a plan of a set-up: {places}.", file=str(file), places=wrong_places(error))
        ) from None
    if not all(map(is_form, plan.extras.forms)):
        raise PlanNotValid(
            Sentence("{file} is not a plan of a set-up: {places}.", file=str(file), places="extras.forms")
        )
    return plan


def is_form(text: str) -> bool:
    """Whether a text names a form, as `table:id`."""
    table, _, form_id = text.partition(":")
    return table in RECORD_TABLES and _ID.fullmatch(form_id) is not None


def read_adoption(file: Path) -> Adoption:
    """The file that says what becomes ours.

    Raises:
        PlanNotValid: it has another form.
    """
    try:
        return Adoption.model_validate(read_object(file, advice=_PROPOSE))
    except ValidationError as error:
        raise PlanNotValid(
            Sentence("{file} does not say what to adopt: {places}.", file=str(file), places=wrong_places(error)),
            advice=_PROPOSE,
        ) from None


def read_object(file: Path, *, advice: str = "") -> dict[str, Any]:
    """The JSON object in a file; editors of Windows put a mark before it.

    Args:
        file: that is read.
        advice: how it is written, where that is not `setup plan --out`.

    Raises:
        PlanNotValid: there is none.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise PlanNotValid(Sentence("{file} cannot be read as JSON.", file=str(file)), advice=advice)
    return content


def wrong_places(error: ValidationError) -> str:
    """Where a file is not as it should be; never what stands there."""
    return ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors()}))
