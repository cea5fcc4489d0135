"""The two environment variables about permissions of new records, as an operator or the daily refresh left them.

Both are lists of names, separated by `;`, and compared without regard to case. The current value counts; where an
operator gave none, the default value does. They are remembered for some minutes.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from threading import RLock
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
from connector.services import Services

log = logging.getLogger(__name__)

#: Separates names; alone, it says none.
SEPARATOR: Final = ";"
#: Says that every new permission starts as subscribed.
ALL: Final = "[all]"


def variables_of(services: Services) -> Variables:
    """What the variables say; read again after the time of the setting PERMISSION_VARIABLES_SECONDS.

    Raises:
        ConnectorError: what Dataverse said.
    """
    age = timedelta(seconds=services.settings.permission_variables_seconds)
    return _remembered(services.dataverse).get(services.now(), age)


class _Remembered:
    """What the variables said when they were read last. The thread that reads them may ask for them again meanwhile."""

    def __init__(self, dataverse: Dataverse) -> None:
        self._dataverse = dataverse
        self._lock = RLock()
        self._last: tuple[datetime, Variables] | None = None

    def get(self, now: datetime, age: timedelta) -> Variables:
        """What was read within that time; else it is read, once for all threads that ask."""
        with self._lock:
            if self._last is None or now - self._last[0] >= age:
                self._last = now, read_variables(self._dataverse)
            return self._last[1]


@lru_cache(maxsize=64)
def warn_of_unknown(names: tuple[str, ...]) -> None:
    """Say once per process that the variable names permissions that Spotler does not have."""
    log.warning(
        "The environment variable %s names permissions that Spotler does not have, so no rows are made for them: %s",
        PERMISSIONS_VARIABLE,
        ", ".join(names),
    )


@lru_cache(maxsize=8)
def _remembered(dataverse: Dataverse) -> _Remembered:
    return _Remembered(dataverse)


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
