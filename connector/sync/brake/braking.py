"""Records on their way to Spotler pass the brake: what it holds back is left out, and all else goes on."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from connector.consent import Fate
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.mapping import mapping_version
from connector.outcomes import UNCHANGED
from connector.services import Services
from connector.sync.brake.brake import Brake
from connector.sync.brake.derived import derived_fate, derived_fields, without_fate, without_fields
from connector.sync.outward.preparing import Prepared
from connector.sync.records import Record
from connector.sync.results import Delivery, NotSent, Sent

#: Nothing is known of what people changed.
NOT_EDITED: Final[Mapping[RecordRef, Collection[str]]] = MappingProxyType({})


class Braking:
    """Leaves out what the brake holds back."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._mapping = services.mapping
        self._version = mapping_version(services.mapping)
        self._brake = Brake(services)

    def admit(
        self, records: Sequence[Record], edited: Mapping[RecordRef, Collection[str]]
    ) -> tuple[list[Record], dict[RecordRef, Delivery]]:
        """The records as they are synced.

        Args:
            records: as they were read.
            edited: the columns that people changed, as far as that is known.

        Returns:
            the records, those that are held without what was derived; and results of those that are over.
        """
        found = [derived_fate(record, edited.get(record.ref, ()), self._mapping, self._version) for record in records]
        derived = {each.ref: each for each in found if each is not None}
        try:
            held = self._brake.held(list(derived.values()))
        except ConnectorError as error:
            stopped: dict[RecordRef, Delivery] = {ref: NotSent(error) for ref in derived}
            return [record for record in records if record.ref not in stopped], stopped
        results: dict[RecordRef, Delivery] = {}
        admitted = []
        for record in records:
            if record.ref not in held:
                admitted.append(record)
            elif (instead := without_fate(record, self._mapping)) is not None and instead.decision.fate is Fate.SENT:
                admitted.append(instead)
            elif any(row.refuses for row in record.facts.rows):
                admitted.append(record)  # the mapping cannot say a refusal of this person in any other way
            else:
                results[record.ref] = Sent.of(UNCHANGED, is_there=True)
        return admitted, results

    def without_emptied(
        self, prepared: Sequence[Prepared], edited: Mapping[RecordRef, Collection[str]]
    ) -> tuple[list[Prepared], dict[RecordRef, Delivery]]:
        """The contacts as they are sent: those that are held without the fields that would be emptied."""
        found = [derived_fields(each, edited.get(each.ref, ()), self._mapping) for each in prepared]
        derived = {each.ref: each for each in found if each is not None}
        try:
            held = self._brake.held(list(derived.values()))
        except ConnectorError as error:
            stopped: dict[RecordRef, Delivery] = {ref: NotSent(error) for ref in derived}
            return [each for each in prepared if each.ref not in stopped], stopped
        return [
            without_fields(self._services, each, derived[each.ref]) if each.ref in held else each for each in prepared
        ], {}
