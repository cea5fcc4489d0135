"""The two environment variables about permissions of new records, as an operator or the daily refresh left them.

Both are lists of names, separated by `;`, and compared without regard to case. The current value counts; where an
operator gave none, the default value does.
"""

from collections.abc import Mapping
from typing import Final

from connector.consent.creation import Variables
from connector.consent.permissions import key_of
from connector.dataverse.api import Dataverse, filters
from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    EnvironmentVariable,
    EnvironmentVariableValue,
)

#: Separates names; alone, it says none.
SEPARATOR: Final = ";"
#: Says that every new permission starts as subscribed.
ALL: Final = "[all]"


def read_variables(dataverse: Dataverse) -> Variables:
    """What the variables say; one that is not there, or says no name, is off."""
    texts = _texts(dataverse)
    names = _names(texts.get(PERMISSIONS_VARIABLE, ""))
    enabled = {key_of(name) for name in _names(texts.get(ENABLED_VARIABLE, ""))}
    return Variables(names or None, frozenset(enabled), ALL in enabled)


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in text.split(SEPARATOR))))


def _texts(dataverse: Dataverse) -> Mapping[str, str]:
    definitions = dataverse.query(
        EnvironmentVariable.SET,
        select=(EnvironmentVariable.ID, EnvironmentVariable.SCHEMA_NAME, EnvironmentVariable.DEFAULT),
        filter=filters.in_(EnvironmentVariable.SCHEMA_NAME, (PERMISSIONS_VARIABLE, ENABLED_VARIABLE)),
    )
    if not definitions:
        return {}
    ids = [str(row[EnvironmentVariable.ID]) for row in definitions]
    definition = f"_{EnvironmentVariableValue.DEFINITION}_value"
    values = dataverse.query(
        EnvironmentVariableValue.SET,
        select=(EnvironmentVariableValue.VALUE, definition),
        filter=filters.in_(EnvironmentVariableValue.DEFINITION, ids),
    )
    current = {str(row[definition]): str(row.get(EnvironmentVariableValue.VALUE) or "").strip() for row in values}
    return {
        str(row[EnvironmentVariable.SCHEMA_NAME]).lower(): current.get(str(row[EnvironmentVariable.ID]))
        or str(row.get(EnvironmentVariable.DEFAULT) or "")
        for row in definitions
    }
