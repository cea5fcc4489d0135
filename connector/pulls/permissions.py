"""What Spotler calls its permissions: the rows of Spotler Permission, and the environment variable for new records.

Of the variable only the default value is written. An operator's current value is left alone, and `;` as current value
switches the refresh of the variable off. The rows are refreshed all the same.
"""

from collections.abc import Sequence
from typing import Final

from connector.dataverse.api import NotFound, filters
from connector.dataverse.names import PERMISSIONS_VARIABLE, EnvironmentVariable, EnvironmentVariableValue
from connector.errors import Misconfigured
from connector.pulls.permission_rows import update_rows
from connector.services import Services
from connector.spotler import Option
from connector.words import Sentence

#: Separates names; alone, it switches the feature off.
SEPARATOR: Final = ";"


def refresh_permissions(services: Services) -> Sentence:
    """Give rows the bit and the name of their permission, refresh the variable, and say in sentences what was done.

    Raises:
        Misconfigured: when the variable is missing, or Spotler shows no permissions.
        ConnectorError: when Spotler or Dataverse cannot be asked.
    """
    permissions = services.spotler.fields(max_age=0).permissions
    if permissions is None:
        raise Misconfigured(
            "Spotler shows no field permissions.", advice="Make the field visible among the database fields of Spotler."
        )
    changed = update_rows(services, permissions.options) if permissions.options else 0
    rows = Sentence(
        "{count} row of Spotler Permission got a name or a bit.",
        plural="{count} rows of Spotler Permission got a name or a bit.",
        count=changed,
    )
    return Sentence.joined(_refresh_variable(services, permissions.options), rows if changed else "")


def _refresh_variable(services: Services, options: Sequence[Option]) -> Sentence:
    wanted = "".join(f"{option.name}{SEPARATOR}" for option in sorted(options, key=lambda each: each.rank))
    definition = _definition(services)
    if _is_switched_off(services, str(definition[EnvironmentVariable.ID])):
        return Sentence("The refresh is switched off by the current value of the variable.")
    if (definition.get(EnvironmentVariable.DEFAULT) or "") == wanted:
        return Sentence("Nothing has changed.")
    services.dataverse.update(
        EnvironmentVariable.SET,
        str(definition[EnvironmentVariable.ID]),
        {EnvironmentVariable.DEFAULT: wanted},
    )
    return Sentence(
        "The variable holds {count} permission now.",
        plural="The variable holds {count} permissions now.",
        count=len(options),
    )


def _definition(services: Services) -> dict[str, object]:
    try:
        rows = services.dataverse.query(
            EnvironmentVariable.SET,
            select=(EnvironmentVariable.ID, EnvironmentVariable.DEFAULT),
            filter=filters.eq(EnvironmentVariable.SCHEMA_NAME, PERMISSIONS_VARIABLE),
        )
    except NotFound:
        rows = []
    if not rows:
        raise Misconfigured(
            Sentence(
                "The environment variable {name} does not exist.",
                name=PERMISSIONS_VARIABLE,
            ),
            advice="Create it, as an environment variable of type Text.",
        )
    return dict(rows[0])


def _is_switched_off(services: Services, definition: str) -> bool:
    rows = services.dataverse.query(
        EnvironmentVariableValue.SET,
        select=(EnvironmentVariableValue.VALUE,),
        filter=filters.in_(EnvironmentVariableValue.DEFINITION, [definition]),
    )
    return any(str(row.get(EnvironmentVariableValue.VALUE) or "").strip() == SEPARATOR for row in rows)
