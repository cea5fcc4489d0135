"""What Spotler holds and answers, as values.

Names are the connector's; `external_id` is the id of a Dataverse row, `encrypted_id` is Spotler's own reference. All
moments are in UTC. Property values of contacts stay as Spotler writes them; `conversions` gives them a type.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.errors import ConnectorError
from connector.spotler.errors import error_for

#: A property value that can be sent: text, whole number, or the items of a set (`[{"bit": 1, "enabled": True}]`).
type WireValue = str | int | Sequence[Mapping[str, int | bool]]

#: The result of everything that worked.
OK = "OK"


@dataclass(frozen=True, slots=True)
class ContactData:
    """A contact to write.

    Attributes:
        properties: internal name to `WireValue`. Those that are not named keep their value; an empty text clears one.
    """

    external_id: str
    properties: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ContactResult:
    """What became of one contact of a batch.

    Attributes:
        code: OK, or one of Spotler's codes (PROPERTY_INVALID, CONTACT_OPTOUT, NO_ACTIVE_CHANNEL, ...).
        field: the internal name of the property that was refused, when Spotler named it.
    """

    external_id: str
    code: str = OK
    field: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the contact was written."""
        return self.code == OK

    @property
    def error(self) -> ConnectorError | None:
        """What is to be done about a contact that was not written: Transient for ERROR, else Refused with the code."""
        return None if self.ok else error_for(self.code, field=self.field)


@dataclass(frozen=True, slots=True)
class SpotlerContact:
    """A contact as Spotler has it.

    Attributes:
        external_id: absent for a contact that never got an id under the connector's key: a new subscriber.
        created: by Spotler's clock, which tells contacts apart; `made_on` and `last_changed` are in our time.
        temporary: made outside the contact base (imports, tests); not to be synchronised.
        properties: internal name to raw value; properties without a value are absent.
        channels: EMAIL and SMS to whether the contact can be reached through it.
    """

    external_id: str | None
    encrypted_id: str | None = None
    created: datetime | None = None
    made_on: datetime | None = None
    last_changed: datetime | None = None
    temporary: bool = False
    test_group: bool = False
    properties: Mapping[str, object] = field(default_factory=dict)
    channels: Mapping[str, bool] = field(default_factory=dict)

    @property
    def email(self) -> str | None:
        """The value of the property `email`, which every account has."""
        value = self.properties.get("email")
        return value if isinstance(value, str) and value else None


class BounceType(StrEnum):
    """How a message came back, or another cause for which a contact became inactive."""

    HARD = "HARD"
    SOFT = "SOFT"
    OPT_OUT = "OPT_OUT"
    COMPLAINT = "COMPLAINT"
    BY_HAND = "BY_HAND"


@dataclass(frozen=True, slots=True)
class Bounce:
    """A message that came back. `type` is None if Spotler wrote one that is not known; `text` is what it wrote."""

    date: datetime | None
    type: BounceType | None
    contact: SpotlerContact
    mailing_id: str | None = None
    text: str = ""


class InteractionKind(StrEnum):
    """The feeds of what happened to messages; the value is the last part of the feed's path."""

    SENT = "sent"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class SpotlerInteraction:
    """One event of one contact with one mailing.

    Attributes:
        id: unique within its kind; empty if Spotler wrote none.
        date: when it happened.
        change_date: when Spotler recorded it.
        name, subject, online_version: of the mailing, only in the feed of sent messages.
    """

    id: str
    kind: InteractionKind
    external_id: str | None
    mailing_id: str | None = None
    date: datetime | None = None
    change_date: datetime | None = None
    trend_report_id: int | None = None
    name: str | None = None
    subject: str | None = None
    online_version: str | None = None
    bounce_type: BounceType | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """A place where a campaign or automation can be entered from outside. `id` is the code that starts it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign: the older kind of automation. `id` is what stopping needs."""

    id: str
    name: str
    active: bool
    triggers: tuple[Trigger, ...] = ()


class FieldType(StrEnum):
    """The types of the personal values that travel with a trigger."""

    STRING = "STRING"
    PRODUCTLIST = "PRODUCTLIST"
    URL = "URL"


class PersonalValue(Protocol):
    """A personal value for the messages of one run: `value`, or `values` (product ids) where the type is PRODUCTLIST.

    Names are case-sensitive, `type` is one of `FieldType`.
    """

    @property
    def name(self) -> str:
        """As the message declares it."""

    @property
    def type(self) -> str:
        """One of `FieldType`."""

    @property
    def value(self) -> str:
        """Text or address."""

    @property
    def values(self) -> Sequence[str]:
        """Product ids."""


@dataclass(frozen=True, slots=True)
class TriggerField:
    """A `PersonalValue`."""

    name: str
    value: str = ""
    type: FieldType = FieldType.STRING
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpotlerAutomation:
    """An automation. `fields` are the personal values that its messages ask for, as far as Spotler returns them."""

    id: str
    name: str
    active: bool
    triggers: tuple[Trigger, ...] = ()
    fields: tuple[TriggerField, ...] = ()


@dataclass(frozen=True, slots=True)
class AutomationRun:
    """What one automation did with a trigger. `run_id` is the AutomationContactId, needed to stop this very run."""

    automation_id: str
    result: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class TriggerResult:
    """A trigger that started at least one automation."""

    result: str
    runs: tuple[AutomationRun, ...] = ()

    @property
    def started(self) -> tuple[AutomationRun, ...]:
        """The runs that were started."""
        return tuple(run for run in self.runs if run.result == OK)

    def automation_contact_id(self, automation_id: str = "") -> str | None:
        """The id of a run that was started, by which it can be stopped, if Spotler returned one.

        Args:
            automation_id: whose run it is to be, where several automations stand behind the trigger.
        """
        named = sorted((run for run in self.started if run.run_id), key=lambda run: run.automation_id != automation_id)
        return next((run.run_id for run in named), None)


@dataclass(frozen=True, slots=True)
class Audience:
    """A dynamic list whose members come from outside. Spotler cannot say who is in it."""

    external_id: str
    name: str
    description: str = ""
    created: datetime | None = None
    changed: datetime | None = None


@dataclass(frozen=True, slots=True)
class MembershipResult:
    """What a change of an audience's members did.

    Attributes:
        done: the ids that were accepted.
        unknown: those that Spotler does not know.
        is_repeated: whether a call was sent more than once, so that one may have its effect later than it was answered.
    """

    done: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class ContactTag:
    """A tag of a contact, with its score if it has one."""

    name: str
    score: int | None = None


class ScoreOperation(StrEnum):
    """How a score changes."""

    SET = "SET"
    INCREASE = "INCREASE"
    DECREASE = "DECREASE"


class OptOutScope(StrEnum):
    """How much a contact opted out of."""

    GLOBAL = "GLOBAL"
    PERMISSION = "PERMISSION"


@dataclass(frozen=True, slots=True)
class OptOut:
    """An unsubscription. `permissions` are the bits that went off; `scope` is None if it is not known."""

    date: datetime | None
    scope: OptOutScope | None
    contact: SpotlerContact
    permissions: tuple[int, ...] = ()
    mailing_id: str | None = None
