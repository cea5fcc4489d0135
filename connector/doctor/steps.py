"""The steps as they are in Dataverse: which are ours, what they post through and how, and what their images have."""

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from connector.dataverse.api import Row, filters
from connector.dataverse.names import SERVICE_ENDPOINT

if TYPE_CHECKING:
    from connector.setup.calls import SetupCalls

#: The columns of a step with its id, and with what it posts through.
STEP_ID: Final = "sdkmessageprocessingstepid"
_HANDLER: Final = "_eventhandler_value"


def steps_by_name(calls: "SetupCalls") -> dict[str, Row]:
    """The steps whose names are those of ours; of two with one name, the one that the set-up made."""
    from connector.setup.row_parts import fixed_id  # noqa: PLC0415 - loaded when used
    from connector.setup.steps import AS_ALWAYS, STEPS  # noqa: PLC0415

    columns = ",".join((STEP_ID, "name", "statecode", "filteringattributes", _HANDLER, *AS_ALWAYS))
    condition = quote(f"startswith(name,'{SERVICE_ENDPOINT}: ')")
    found: dict[str, Row] = {}
    for row in calls.rows(f"{STEPS.set_name}?$select={columns}&$filter={condition}"):
        name = str(row["name"])
        if name not in found or str(row[STEP_ID]).lower() == fixed_id(STEPS.table, name):
            found[name] = row
    return found


def posting_otherwise(calls: "SetupCalls", steps: Mapping[str, Row]) -> list[str]:
    """The steps that post through another endpoint, or at another moment than the connector expects.

    Args:
        calls: to the environment.
        steps: by their names; each that differs is named with its columns.
    """
    from connector.setup.endpoints import ENDPOINTS, our_endpoint  # noqa: PLC0415 - loaded when used
    from connector.setup.steps import AS_ALWAYS  # noqa: PLC0415

    endpoint = our_endpoint(calls)
    wanted = {**AS_ALWAYS, _HANDLER: endpoint[ENDPOINTS.id_column] if endpoint else None}
    del wanted["rank"]  # in which order steps of others run makes no difference to ours
    differ = {
        name: [column for column, value in wanted.items() if str(row.get(column)).lower() != str(value).lower()]
        for name, row in steps.items()
    }
    return [f"{name} ({', '.join(columns)})" for name, columns in differ.items() if columns]


def images_of_steps(calls: "SetupCalls") -> Mapping[str, frozenset[str]]:
    """The columns that each step sends of a row as it was before, by the id of the step."""
    from connector.setup.steps import IMAGES, PRE_IMAGE  # noqa: PLC0415 - loaded when used

    condition = quote(f"{filters.eq('entityalias', PRE_IMAGE)} and imagetype eq 0")
    step = f"_{STEP_ID}_value"
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for row in calls.rows(f"{IMAGES.set_name}?$select=attributes,{step}&$filter={condition}"):
        found[str(row[step])] |= set(str(row.get("attributes") or "").replace(" ", "").split(","))
    return found
