"""The publisher and the solution. Neither is created with the header of a solution, because ours is not there yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.schema.installation import PUBLISHER, SOLUTION
from connector.setup.calls import SetupCalls
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.target import UNFINISHED, SetupTarget, find_solution
from connector.words import Sentence

_SELECT: Final = "publisherid,uniquename,friendlyname,customizationprefix,customizationoptionvalueprefix"
#: The property of the solution that says which manifest is installed.
VERSION: Final = "version"


@dataclass(frozen=True, slots=True)
class PublisherPart(Part):
    """Our publisher."""

    kind = "publisher"
    phase = SetupPhase.FOUNDATION
    name: str = PUBLISHER.name

    def read(self, target: SetupTarget) -> Found | None:
        """The publisher of that unique name."""
        rows = publishers(target.calls, filters.eq("uniquename", self.name))
        return rows[0] if rows else None

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:  # noqa: ARG002 - of the protocol
        """The prefixes, which can never be changed."""
        expected = {
            "customizationprefix": PUBLISHER.prefix,
            "customizationoptionvalueprefix": PUBLISHER.option_prefix,
        }
        return [
            PropertyDifference(name, str(value), str(found.get(name)), can_change=False)
            for name, value in expected.items()
            if found.get(name) != value
        ]

    def create(self, target: SetupTarget) -> None:
        """Make it."""
        target.calls.post(
            "publishers",
            {
                "uniquename": self.name,
                "friendlyname": PUBLISHER.title,
                "customizationprefix": PUBLISHER.prefix,
                "customizationoptionvalueprefix": PUBLISHER.option_prefix,
            },
        )

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Nothing of it can be changed."""

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Delete it; Dataverse refuses while a solution has it."""
        target.calls.delete(f"publishers({found['publisherid']})")


@dataclass(frozen=True, slots=True)
class SolutionPart(Part):
    """Our solution.

    Attributes:
        publisher: the unique name of the publisher that it gets: ours, or the one whose components we adopt.
    """

    kind = "solution"
    phase = SetupPhase.FOUNDATION
    name: str = SOLUTION.name
    publisher: str = PUBLISHER.name

    def read(self, target: SetupTarget) -> Found | None:
        """The solution of that unique name."""
        return find_solution(target.calls, self.name)

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:  # noqa: ARG002 - of the protocol
        """Whether it is one that can be changed."""
        managed = found.get("ismanaged") is True
        return [PropertyDifference("ismanaged", "False", "True", can_change=False)] if managed else []

    def create(self, target: SetupTarget) -> None:
        """Make it, marked as unfinished: its version is written when all else is there."""
        (publisher,) = publishers(target.calls, filters.eq("uniquename", self.publisher))
        target.calls.post(
            "solutions",
            {
                "uniquename": self.name,
                "friendlyname": SOLUTION.title,
                "version": UNFINISHED,
                "publisherid@odata.bind": f"/publishers({publisher['publisherid']})",
            },
        )

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Nothing of it is changed here."""

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Delete it, as a list of components: what is in it stays."""
        target.calls.delete(f"solutions({found['solutionid']})")


@dataclass(frozen=True, slots=True)
class VersionPart(Part):
    """The version of the solution: it says which manifest is installed, and is written last."""

    kind = "version"
    phase = SetupPhase.END
    name: str = SOLUTION.name

    @property
    def part_of(self) -> str:
        """The solution."""
        return f"{SolutionPart.kind} {self.name}"

    def read(self, target: SetupTarget) -> Found | None:
        """The solution."""
        return find_solution(target.calls, self.name)

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:  # noqa: ARG002 - of the protocol
        """The version."""
        version = str(found.get("version"))
        if version == SOLUTION.version:
            return []
        return [PropertyDifference(VERSION, SOLUTION.version, version, can_change=not is_newer(version))]

    def refusal(self, found: Found | None, target: SetupTarget) -> str:  # noqa: ARG002 - of the protocol
        """What a newer version of the connector made is not brought back to an older manifest."""
        return made_by_newer(str(found.get("version"))) if found else ""

    def create(self, target: SetupTarget) -> None:
        """There is no version without a solution, which is made before."""

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:  # noqa: ARG002
        """Write it."""
        write_version(target.calls, str(found["solutionid"]), SOLUTION.version)


def write_version(calls: SetupCalls, solution_id: str, version: str) -> None:
    """Give the solution a version."""
    calls.patch(f"solutions({solution_id})", {"version": version})


def publishers(calls: SetupCalls, condition: str) -> list[Found]:
    """The publishers that fit."""
    return list(calls.rows(f"publishers?$select={_SELECT}&$filter={quote(condition)}"))


def tells_unfinished(differences: Iterable[PropertyDifference]) -> bool:
    """Whether the differences of a version say that a set-up did not end."""
    return any((each.property, each.found) == (VERSION, UNFINISHED) for each in differences)


def is_newer(version: str) -> bool:
    """Whether a version is newer than the manifest of this connector."""
    return numbers_of(version) > numbers_of(SOLUTION.version)


def made_by_newer(version: str) -> str:
    """Why an environment is left to a newer version of the connector; empty where it is not."""
    if not is_newer(version):
        return ""
    return Sentence(
        "the environment has version {version}, and this connector knows {known} only. Use the newer connector.",
        version=version,
        known=SOLUTION.version,
    )


def numbers_of(version: str) -> tuple[int, ...]:
    """A version as numbers, for comparing; what is no number counts as 0."""
    return tuple(int(each) if each.isdigit() else 0 for each in version.split("."))
