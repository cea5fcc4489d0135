"""Which switches of permissions are sent: never one that could undo an opt-out in Spotler that is not known yet.

| Decided | Spotler's last known state | Sent |
|---|---|---|
| on | on | no: if the person has opted out meanwhile, that must stay |
| on | off | yes: somebody switched it on in Dataverse since then |
| on | not known | only to a contact that was not there before; else Spotler is asked first |
| off | off | no, unless the person may have no permission at all |
| off | on, or not known | yes |
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from connector.consent import KnownState
from connector.spotler import Field, Fields, SpotlerContact, from_spotler
from connector.spotler.conversions import to_spotler
from connector.spotler.fields import PropertyType

#: The field that Spotler reserves for permissions.
_SET: Final = PropertyType.SET


def permissions_in(properties: Mapping[str, object], field: Field | None) -> dict[int, bool]:
    """The permissions in the properties of a contact, on or off by bit; none where the field is not among them."""
    items = properties.get(field.name) if field is not None else None
    states = from_spotler(_SET, items) if items else None
    return dict(states) if isinstance(states, Mapping) else {}


def shown_permissions(contact: SpotlerContact, fields: Fields, name: str) -> dict[int, bool]:
    """The permissions that Spotler shows of a contact."""
    field = fields.get(name)
    properties = {key.casefold(): value for key, value in contact.properties.items()}
    return permissions_in({field.name: properties.get(field.name.casefold())}, field) if field is not None else {}


def has_open_question(decided: Mapping[int, bool], known: Mapping[int, KnownState]) -> bool:
    """Whether a permission is to be switched on of which it is not known that it is on already."""
    return any(on and not (bit in known and known[bit].on) for bit, on in decided.items())


def to_send(decided: Mapping[int, bool], known: Mapping[int, KnownState], *, all_off: bool) -> dict[int, bool]:
    """The switches that are sent.

    Args:
        decided: on or off, by bit.
        known: the last known states.
        all_off: whether the person may have no permission at all.
    """
    return {
        bit: on for bit, on in decided.items() if (all_off and not on) or bit not in known or known[bit].on is not on
    }


def with_switches(
    properties: Mapping[str, object], field: Field | None, switches: Mapping[int, bool]
) -> dict[str, object]:
    """The properties with these switches and no other ones; without the field where there are none."""
    if field is None or field.name not in properties:
        return dict(properties)
    left = {name: value for name, value in properties.items() if name != field.name}
    return {**left, field.name: to_spotler(_SET, dict(sorted(switches.items())))} if switches else left


def known_after_sending(
    known: Mapping[int, KnownState], switches: Iterable[tuple[int, bool]], *, began: datetime, ended: datetime
) -> dict[int, KnownState]:
    """What is known after switches were sent.

    Args:
        known: before.
        switches: what was sent.
        began: before the call.
        ended: after it.
    """
    return {**known, **{bit: KnownState(on, began, ended) for bit, on in switches}}


def known_after_creation(
    field: Field | None, switches: Mapping[int, bool], *, began: datetime, ended: datetime
) -> dict[int, KnownState]:
    """What is known after a contact was made with these switches: it has no other permission."""
    if field is None:
        return {}
    off = dict.fromkeys((option.bit for option in field.options), False)
    return known_after_sending({}, {**off, **switches}.items(), began=began, ended=ended)
