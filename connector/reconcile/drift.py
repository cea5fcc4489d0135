"""The fields of a contact in which Spotler shows something else than the record would send.

Only those that Dataverse alone decides. What both sides may change, and permissions, are compared by the sync itself.
"""

from collections.abc import Mapping

from connector.errors import Invalid
from connector.spotler import Field, SpotlerContact, from_spotler
from connector.spotler.fields import PropertyType
from connector.sync.outward.preparing import Prepared


def drifted_fields(prepared: Prepared, contact: SpotlerContact) -> frozenset[str]:
    """The names of these fields.

    Args:
        prepared: the record in the form in which it goes to Spotler.
        contact: as Spotler shows it.
    """
    shown = {name.casefold(): value for name, value in contact.properties.items()}
    permissions = prepared.permissions.name if prepared.permissions else None
    own = prepared.columns.sendable(prepared.properties, (), prepared.fields)
    return frozenset(
        name
        for name, value in own.items()
        if name != permissions and _differs(prepared.fields.get(name), value, shown.get(name.casefold()))
    )


def _differs(field: Field | None, ours: object, theirs: object) -> bool:
    kind = field.type if field is not None else None
    try:
        one, other = from_spotler(kind, ours), from_spotler(kind, theirs)
    except Invalid:
        return ours != theirs
    if kind == PropertyType.SET:
        states = other if isinstance(other, Mapping) else {}
        return isinstance(one, Mapping) and any(states.get(bit, False) is not on for bit, on in one.items())
    if kind == PropertyType.EMAIL:
        return str(one or "").casefold() != str(other or "").casefold()
    return one != other
