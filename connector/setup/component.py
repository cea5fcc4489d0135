"""What every kind of component can do, so that a plan can be made of it and carried out."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

if TYPE_CHECKING:
    from connector.setup.target import SetupTarget

#: A component as the environment shows it.
type Found = Mapping[str, object]


class SetupPhase(IntEnum):
    """The order in which components are made; each phase needs those before it."""

    FOUNDATION = 1
    CHOICES = 2
    RESOURCES = 3
    TABLES = 4
    COLUMNS = 5
    KEYS = 6
    LOOKUPS = 7
    STATUS = 8
    VIEWS = 9
    FORMS = 10
    BUTTONS = 11
    ROLES = 12
    VARIABLES = 13
    ENDPOINT = 14
    STEPS = 15
    USERS = 16
    SWITCHES = 17
    #: Late, because the connector works without it.
    APP = 18
    #: Which roles see an app that was published.
    APP_ROLES = 19
    END = 20


class Removal(StrEnum):
    """What `setup remove` does with a component."""

    #: It holds nothing: it is taken away.
    TAKEN = "taken"
    #: Data is lost with it, or others may use it: it is taken away only where the operator names it.
    NAMED = "named"
    #: It cannot be taken away, or must not be.
    STAYS = "stays"


#: The phases whose components hold no data of the customer.
_TAKEN: Final = (SetupPhase.BUTTONS, SetupPhase.ROLES, SetupPhase.ENDPOINT, SetupPhase.STEPS, SetupPhase.APP)

#: The entity set of components that are rows, by their number in `solutioncomponents` (dataverse-setup, section 2.2).
ROW_SETS: Final = {
    20: "roles",
    26: "savedqueries",
    29: "workflows",
    59: "savedqueryvisualizations",
    60: "systemforms",
    61: "webresourceset",
    62: "sitemaps",
    80: "appmodules",
    92: "sdkmessageprocessingsteps",
    93: "sdkmessageprocessingstepimages",
    95: "serviceendpoints",
    380: "environmentvariabledefinitions",
    381: "environmentvariablevalues",
}


@dataclass(frozen=True, slots=True)
class PropertyDifference:
    """One property that is not as the manifest says.

    Attributes:
        property: e.g. `MaxLength`.
        expected: what the manifest says.
        found: what the environment says.
        can_change: whether Dataverse allows the change.
        by_publishing: whether it was changed already, and shows once it is published.
    """

    property: str
    expected: str
    found: str
    can_change: bool = True
    by_publishing: bool = False


#: The component type of a kind whose number each environment chooses.
NUMBERED_BY_ENVIRONMENT: Final = 0

#: What a table is in a `ParameterXml`.
TABLE: Final = "entity"


@dataclass(frozen=True, slots=True, order=True)
class Publication:
    """Something to publish after a change.

    Attributes:
        kind: its element in a `ParameterXml`: `entity`, `optionset`, `webresource`, `dashboard`, `sitemap` or
            `appmodule`.
        name: its name, or the id of its row.
    """

    kind: str
    name: str


class Component(Protocol):
    """One thing that the manifest asks for. It knows nothing of plans, waits and locks.

    `read`, `create`, `change` and `remove` may raise any `ConnectorError`; whoever calls them retries. They may be
    called again after a lost answer, because whoever calls them reads before each write.
    """

    @property
    def kind(self) -> str:
        """What people call it: `table`, `view`."""

    @property
    def name(self) -> str:
        """Its name, unique among its kind: `dh_spotlerjob`, `dh_spotlerjob.dh_tag`."""

    @property
    def phase(self) -> SetupPhase:
        """When it is made."""

    @property
    def pause(self) -> float:
        """Seconds that Dataverse needs after a write of it."""

    @property
    def component_type(self) -> int | None:
        """Its number in `solutioncomponents`; None for what is a part of another component of ours."""

    def publications(self, found: Found) -> tuple[Publication, ...]:
        """What to publish after a change of it."""

    @property
    def removal(self) -> Removal:
        """What `setup remove` does with it."""

    @property
    def part_of(self) -> str:
        """The full name of the component that takes it along when it is removed; empty for one that goes by itself."""

    def left_alone(self, target: "SetupTarget") -> str:
        """Why this environment cannot have it; empty where it can."""

    def refusal(self, found: Found | None, target: "SetupTarget") -> str:
        """Why a plan with it cannot be applied, whatever it would do; empty where it can."""

    def read(self, target: "SetupTarget") -> Found | None:
        """What is there; None where it is not."""

    def object_id(self, found: Found) -> str:
        """The id of what was found, as `solutioncomponents` has it."""

    def object_ids(self, found: Found) -> Sequence[str]:
        """All ids that `solutioncomponents` may have of it: its own, and those of what is made with it."""

    def compare(self, found: Found, target: "SetupTarget") -> Sequence[PropertyDifference]:
        """What is not as the manifest says. What customers added to it is no difference."""

    def create(self, target: "SetupTarget") -> None:
        """Make it, in our solution."""

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: "SetupTarget") -> None:
        """Correct these differences, and nothing else."""

    def holds(self, found: Found, target: "SetupTarget") -> Sequence[str]:
        """What of others would be lost with it, for people; while there is any, it is not removed."""

    def is_gone(self, found: Found, target: "SetupTarget") -> bool:
        """Whether it was taken away already, and is gone once that is published."""

    @property
    def can_hide(self) -> Set[str]:
        """The full names of the components of ours that it shows, and can be without."""

    def shows(self, found: Found, *, published: bool = False) -> Set[str]:
        """Which components of `can_hide` it shows: as it was changed last, or as it was published."""

    def keeps(self, found: Found, names: Set[str]) -> Set[str]:
        """Which of these components it would still show after `hide`, because others put them there."""

    def hide(self, found: Found, names: Set[str], target: "SetupTarget") -> None:
        """Show these components no more, so that they can be removed."""

    def remove(self, found: Found, target: "SetupTarget") -> None:
        """Take it away."""


@dataclass(frozen=True, slots=True)
class Part:
    """The usual answers of a component; kinds of components extend it."""

    phase: ClassVar[SetupPhase]
    pause: ClassVar[float] = 0.0
    solution_type: ClassVar[int | None] = None

    @property
    def component_type(self) -> int | None:
        """The number of the kind, where it is in the solution by itself."""
        return self.solution_type

    @property
    def publishes(self) -> tuple[str, ...]:
        """The logical names of the tables to publish after a change of it: none."""
        return ()

    def publications(self, found: Found) -> tuple[Publication, ...]:  # noqa: ARG002 - of the protocol
        """Its tables."""
        return tuple(Publication(TABLE, name) for name in self.publishes)

    @property
    def removal(self) -> Removal:
        """By its phase: steps, endpoint, roles, buttons and app are taken away; all else only where it is named."""
        return Removal.TAKEN if self.phase in _TAKEN else Removal.NAMED

    @property
    def part_of(self) -> str:
        """Of nothing."""
        return ""

    def left_alone(self, target: "SetupTarget") -> str:  # noqa: ARG002 - of the protocol
        """Every environment can have it."""
        return ""

    def refusal(self, found: Found | None, target: "SetupTarget") -> str:  # noqa: ARG002 - of the protocol
        """Nothing is against it."""
        return ""

    def object_id(self, found: Found) -> str:
        """Of a definition."""
        return str(found.get("MetadataId") or "")

    def object_ids(self, found: Found) -> Sequence[str]:
        """Its own."""
        return (self.object_id(found),)

    def holds(self, found: Found, target: "SetupTarget") -> Sequence[str]:  # noqa: ARG002 - of the protocol
        """Nothing of others."""
        return ()

    def is_gone(self, found: Found, target: "SetupTarget") -> bool:  # noqa: ARG002 - of the protocol
        """What can be read is there."""
        return False

    @property
    def can_hide(self) -> Set[str]:
        """It shows no other component."""
        return frozenset()

    def shows(self, found: Found, *, published: bool = False) -> Set[str]:  # noqa: ARG002 - of the protocol
        """None."""
        return frozenset()

    def keeps(self, found: Found, names: Set[str]) -> Set[str]:  # noqa: ARG002 - of the protocol
        """None."""
        return frozenset()

    def hide(self, found: Found, names: Set[str], target: "SetupTarget") -> None:
        """Nothing is to be done."""

    def remove(self, found: Found, target: "SetupTarget") -> None:
        """Delete its row.

        Raises:
            KeyError: its kind is no row and has no way of its own.
        """
        target.calls.delete(f"{ROW_SETS[self.component_type or 0]}({self.object_id(found)})")


def full_name(component: Component) -> str:
    """Kind and name, as plans and sentences have them: `table dh_spotlerjob`."""
    return f"{component.kind} {component.name}"


def in_order_of_removal(components: Sequence[Component]) -> list[Component]:
    """Components in the order in which they are taken away: the last ones made first.

    But for an app: it goes after steps and endpoint, so that nothing is posted any more whatever becomes of it, and
    before the roles that see it and the dashboards that it shows. Its site map goes after it.
    """
    app = [each for each in components if each.phase in (SetupPhase.APP, SetupPhase.APP_ROLES)]
    others = [each for each in reversed(components) if each not in app]
    place = next((at for at, each in enumerate(others) if each.phase <= SetupPhase.ROLES), len(others))
    return [*others[:place], *app, *others[place:]]
