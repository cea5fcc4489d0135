"""Steps of ours that the manifest does not have: those of the table of Periodieken, and of older versions.

Which table Periodieken are in is a setting of the app, and it may have changed, or may not be at hand where the
solution is removed. A step says by its name what it is of.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from connector.dataverse.names import SERVICE_ENDPOINT
from connector.dataverse.schema.model import Step
from connector.setup.steps import STEPS, step_name
from connector.setup.target import SetupTarget

_NAME: Final = re.compile(rf"{SERVICE_ENDPOINT}: (?P<message>\w+) of (?P<table>\w+)", re.ASCII)


def installed_steps(target: SetupTarget, known: Iterable[Step]) -> tuple[Step, ...]:
    """The steps in our solution that are not among those that are known.

    Args:
        target: the environment.
        known: the steps of the manifest.
    """
    if not target.solution_id:
        return ()
    names = {step_name(step) for step in known}
    condition = quote(f"startswith(name,'{SERVICE_ENDPOINT}: ')")
    rows = target.calls.rows(f"{STEPS.set_name}?$select={STEPS.id_column},name&$filter={condition}")
    return tuple(
        Step(found["message"], found["table"])
        for row in rows
        if str(row[STEPS.id_column]).lower() in target.members
        and str(row["name"]) not in names
        and (found := _NAME.fullmatch(str(row["name"]))) is not None
    )
