"""What a request for a customisation says beside its body, and the usual answers."""

from typing import Final

from sandbox.dataverse.calls import Answer, Call, empty_answer
from sandbox.dataverse.values import JsonObject

_MERGE: Final = "mscrm.mergelabels"
_SOLUTION: Final = "mscrm.solutionuniquename"


def created(call: Call, address: str) -> Answer:
    """204 with the address of what was made."""
    return empty_answer({"OData-EntityId": f"{call.root}/{address}"})


def solution_of(call: Call) -> str:
    """The solution that the header of a write names."""
    return call.headers.get(_SOLUTION, "")


def merges(call: Call) -> bool:
    """Whether labels of other languages stay (`MSCRM.MergeLabels`)."""
    return call.headers.get(_MERGE) == "true"


def payload(call: Call) -> JsonObject:
    """The body of an action; none counts as an empty one."""
    return call.json() if call.body else {}
