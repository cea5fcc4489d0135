"""The service endpoint `SpotlerAutomate`: a queue, JSON in UTF-8, a SAS key.

Nobody can read the key again: `issaskeyset` only says whether there is one. It is written when there is none, or when
it is to be replaced, and never cleared. An endpoint without a key would look right, and every post through it would
fail: so a plan without a key is refused where none is set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from connector.dataverse.api import filters
from connector.dataverse.names import SERVICE_ENDPOINT
from connector.dataverse.schema.installation import SOLUTION
from connector.setup.calls import SetupCalls
from connector.setup.component import Found, PropertyDifference, SetupPhase
from connector.setup.inputs import EndpointInputs
from connector.setup.row_parts import RowKind, RowPart
from connector.setup.target import SetupTarget
from connector.words import Sentence

ENDPOINTS: Final = RowKind("serviceendpoint", "serviceendpoints", "serviceendpointid")
KEY_IS_SET: Final = "issaskeyset"
KEY: Final = "saskey"
#: What becomes of a key that is set, where a plan writes another one.
REPLACED: Final = Sentence("replaced")
#: Queue (persistent), SAS key, JSON, UTF-8, an address; dataverse, section 1.11. `contract` is not confirmed.
AS_ALWAYS: Final = {
    "contract": 6, "authtype": 2, "messageformat": 2, "messagecharset": 1, "namespaceformat": 2, "connectionmode": 1,
    "userclaim": 1,
}  # fmt: skip


def our_endpoint(calls: SetupCalls, *columns: str) -> Found | None:
    """Our endpoint, by its id; else the one that has its name. Another one may have the same name beside it.

    Args:
        calls: to the environment.
        columns: what is read of it beside its id.
    """
    part = EndpointPart(None)
    condition = quote(" or ".join(part.conditions))
    rows = calls.rows(f"{ENDPOINTS.set_name}?$select={','.join((ENDPOINTS.id_column, *columns))}&$filter={condition}")
    return next((row for row in rows if part.object_id(row).lower() == part.row_id), rows[0] if rows else None)


@dataclass(frozen=True, slots=True)
class EndpointPart(RowPart):
    """The endpoint."""

    kind = "service endpoint"
    phase = SetupPhase.ENDPOINT
    rows = ENDPOINTS
    select = ("name", "namespaceaddress", "solutionnamespace", "path", "saskeyname", KEY_IS_SET, *AS_ALWAYS)
    solution_type = 95
    inputs: EndpointInputs | None
    name: str = SERVICE_ENDPOINT

    @property
    def condition(self) -> str:
        """By its name, where somebody else registered it."""
        return filters.eq("name", self.name)

    def left_alone(self, target: SetupTarget) -> str:  # noqa: ARG002 - of the protocol
        """Nothing is posted where no bus is named."""
        if self.inputs:
            return ""
        return Sentence("No bus is named: set ServiceBus or ServiceBus__fullyQualifiedNamespace.")

    def refusal(self, found: Found | None, target: SetupTarget) -> str:  # noqa: ARG002 - of the protocol
        """There must be a key, and one to replace it with where it is to be replaced."""
        if self.inputs and self.inputs.replaces_key and not self.inputs.key:
            return Sentence(
                "its key is to be replaced, and none is given: set SERVICE_ENDPOINT_KEY to the primary key of the "
                "policy dataverse-send, or write it to standard input with --key-from-stdin."
            )
        if (self.inputs and self.inputs.key) or (found is not None and found.get(KEY_IS_SET) is True):
            return ""
        return Sentence(
            "it has no key, and none is given: set SERVICE_ENDPOINT_KEY to the primary key of the policy "
            "dataverse-send, or write it to standard input with --key-from-stdin."
        )

    def values(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the protocol
        """Everything but the key."""
        given = self._given
        return {
            "name": self.name,
            **AS_ALWAYS,
            "namespaceaddress": given.address,
            "solutionnamespace": (urlsplit(given.address).hostname or "").partition(".")[0],
            "path": given.queue,
            "saskeyname": given.key_name,
        }

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the protocol
        """The key."""
        return self._key_body()

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Address, queue and form; and whether there is a key, or a new one is given."""
        differences = list(RowPart.compare(self, found, target))
        if found.get(KEY_IS_SET) is not True:
            differences.append(PropertyDifference(KEY, Sentence("set"), Sentence("not set")))
        elif self.inputs and self.inputs.replaces_key and not target.calls.has_done(KEY):
            differences.append(PropertyDifference(KEY, REPLACED, Sentence("set")))
        return differences

    def create(self, target: SetupTarget) -> None:
        """Make it with its key."""
        RowPart.create(self, target)
        target.calls.done(KEY)

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Correct columns, and write a key that is given."""
        RowPart.change(self, found, differences, target)
        if body := any(each.property == KEY for each in differences) and self._key_body():
            target.calls.patch(f"{ENDPOINTS.set_name}({self.object_id(found)})", body, SOLUTION.name)
            target.calls.done(KEY)

    @property
    def _given(self) -> EndpointInputs:
        return self.inputs or EndpointInputs("")

    def _key_body(self) -> dict[str, object]:
        key = self._given.key
        return {KEY: key.get_secret_value()} if key else {}
