"""Faster reading of a batch: of the metadata of its messages only what we use is read, and only once.

`azure-functions` 2.3.0 gets the metadata of a batch as about 20 JSON arrays, with one value per message in each, and
parses every array again for every message: the time grows with the square of the batch, and took most of the engine's
main thread. Our functions use bodies, application properties and the number of deliveries, so a message of a batch
holds these and nothing else; their arrays are among those that the host never shifts. Single messages, and other
versions of the library, are read by the library as before.

A test fails when the library parses each array once by itself; then this module can be deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import azure.functions as func
import orjson
from azure.functions.meta import _ConverterMeta
from azure.functions.servicebus import ServiceBusMessageInConverter

#: The version whose converter is replaced; another one may have its metadata elsewhere.
VERSION: Final = "2.3.0"

#: The binding whose converter is replaced, and the only metadata that it reads.
_BINDING: Final = "serviceBusTrigger"
_PROPERTIES: Final = "ApplicationPropertiesArray"
_DELIVERIES: Final = "DeliveryCountArray"


@dataclass(frozen=True, slots=True)
class BatchMessage:
    """A message of a batch: what our functions use of `func.ServiceBusMessage`."""

    body: bytes
    application_properties: Mapping[str, object]
    delivery_count: int | None = None

    def get_body(self) -> bytes:
        """The body."""
        return self.body


class _Converter(ServiceBusMessageInConverter, binding=None, trigger=True):
    """Reads batches in our way, and single messages in that of the library."""

    @classmethod
    def _extract_messages(cls, parsed_data: Any, data_type: str, trigger_metadata: Mapping[str, Any]) -> Any:
        """The messages of a batch, as a list of `BatchMessage`."""
        bodies = cls._marshall_message_bodies(parsed_data, data_type)
        properties, deliveries = (
            [None] * len(bodies) if array is None else orjson.loads(array.value)
            for array in (trigger_metadata.get(_PROPERTIES), trigger_metadata.get(_DELIVERIES))
        )
        return [
            BatchMessage(body, values or {}, count)
            for body, values, count in zip(bodies, properties, deliveries, strict=True)
        ]


def read_metadata_once() -> None:
    """Let the engine read batches in this way, if the library is the one that we know."""
    if func.__version__ == VERSION:
        _ConverterMeta._bindings[_BINDING] = _Converter  # noqa: SLF001 - the library offers no other way
