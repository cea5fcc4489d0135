"""What the brake holds back of one record."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """What is left as it is in Spotler.

    Attributes:
        fate: whether the contact stays, although a filter excludes the record or its address is empty.
        fields: the fields that are not emptied.
    """

    fate: bool = False
    fields: frozenset[str] = frozenset()


#: Of a record that the brake does not hold.
NOT_HELD = Held()
