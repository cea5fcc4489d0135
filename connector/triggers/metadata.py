"""Faster reading of a batch: of the metadata of its messages only what we use is read, and only once.

`azure-functions` 2.3.0 gets the metadata of a batch as about 20 JSON arrays, with one value per message in each, and
parses every array again for every message: the time grows with the square of the batch, and took most of the engine's
main thread. Our functions use bodies and application properties, so a message of a batch holds these two and nothing
else. Single messages, and other versions of the library, are read by the library as before.

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


@dataclass(frozen=True, slots=True)
class BatchMessage:
    """A message of a batch: what our functions use of `func.ServiceBusMessage`."""

    body: bytes
    application_properties: Mapping[str, object]

    def get_body(self) -> bytes:
        """The body."""
        return self.body


class _Converter(ServiceBusMessageInConverter, binding=None, trigger=True):
    """Reads batches in our way, and single messages in that of the library."""

    @classmethod
    def _extract_messages(cls, parsed_data: Any, data_type: str, trigger_metadata: Mapping[str, Any]) -> Any:
        """The messages of a batch, as a list of `BatchMessage`."""
        bodies = cls._marshall_message_bodies(parsed_data, data_type)
        array = trigger_metadata.get(_PROPERTIES)
        properties = [{}] * len(bodies) if array is None else orjson.loads(array.value)
        return [BatchMessage(body, values or {}) for body, values in zip(bodies, properties, strict=True)]


def read_metadata_once() -> None:
    """Let the engine read batches in this way, if the library is the one that we know."""
    if func.__version__ == VERSION:
        _ConverterMeta._bindings[_BINDING] = _Converter  # noqa: SLF001 - the library offers no other way
