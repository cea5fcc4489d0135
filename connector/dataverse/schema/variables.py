"""The environment variables of an installation."""

from dataclasses import dataclass
from typing import Final

from connector.dataverse.names import ENABLED_VARIABLE, PERMISSIONS_VARIABLE
from connector.dataverse.schema.labels import Text


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of text; its value, where there is one, counts instead of the default.

    Attributes:
        name: its schema name.
        title: what administrators read.
        description: what it is for.
    """

    name: str
    title: Text
    description: Text


VARIABLES: Final = (
    Variable(
        PERMISSIONS_VARIABLE,
        Text("Spotler permissions", "Spotler-toestemmingen"),
        Text(
            "The permissions of Spotler, separated by semicolons. The default is kept up to date by the connector.",
            "De toestemmingen van Spotler, gescheiden door puntkomma's. De connector houdt de standaardwaarde bij.",
        ),
    ),
    Variable(
        ENABLED_VARIABLE,
        Text("Spotler permissions enabled by default", "Spotler-toestemmingen die standaard aan staan"),
        Text(
            "The permissions that a new record gets switched on, separated by semicolons. Empty: none.",
            "De toestemmingen die bij een nieuw record aan staan, gescheiden door puntkomma's. Leeg: geen.",
        ),
    ),
)
