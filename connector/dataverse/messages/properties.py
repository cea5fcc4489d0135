"""The application properties of a message: what Dataverse writes on it beside the body.

Names end in a claim, such as `http://schemas.microsoft.com/xrm/2011/Claims/User`. Intermediaries change their case, and
AMQP libraries give names and values as text or as bytes. They are hints: the body decides.
"""

from collections.abc import Mapping
from typing import Final

#: Part of the name of the property that says that parts were left out (more than 192 KB). Only this part of the name is
#: documented, so neither the rest of it nor its value is relied on.
TRUNCATED: Final = "messagemaxsizeexceeded"

#: The end of the name of the property that names the table.
TABLE_CLAIM: Final = "/claims/entitylogicalname"

#: The ends of the names of properties that say where a message is from and what it is about: ids and names.
_SHOWN: Final = (TABLE_CLAIM, "/claims/organization", "/claims/user", "/claims/initiatinguser", "/claims/requestname")


def lowered(name: object) -> str:
    """The name of a property, for comparison."""
    return _text(name).lower()


def dataverse_properties(properties: Mapping[str, object]) -> dict[str, str]:
    """What may be kept and shown: ids and names from Dataverse, but no text of other senders and no security token."""
    return {
        _text(name): _text(value)
        for name, value in properties.items()
        if lowered(name).endswith(_SHOWN) or TRUNCATED in lowered(name)
    }


def _text(value: object) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
