"""Batches are read with their metadata parsed once; the library does the rest, and does not do this by itself yet."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.functions import servicebus
from azure.functions.meta import Datum, _ConverterMeta

from connector.triggers import metadata
from connector.triggers.metadata import BatchMessage, read_metadata_once

ROOT = Path(__file__).parents[2]
COUNT = 20
BODIES = [f"body {number}".encode() for number in range(COUNT)]
PROPERTIES = [{"number": number} for number in range(COUNT)]
#: A batch as the host sends it: arrays of metadata, numbers and times as JSON.
ARRAYS = {
    "ApplicationPropertiesArray": Datum(json.dumps(PROPERTIES), "json"),
    "UserPropertiesArray": Datum(json.dumps(PROPERTIES), "json"),
    "DeliveryCountArray": Datum(json.dumps([1] * COUNT), "json"),
    "EnqueuedTimeUtcArray": Datum(json.dumps(["2026-03-01T10:00:00Z"] * COUNT), "json"),
    "MessageIdArray": Datum(SimpleNamespace(string=[f"m-{number}" for number in range(COUNT)]), "collection_string"),
}
BATCH = Datum(SimpleNamespace(bytes=BODIES), "collection_bytes")


@pytest.fixture
def registry(monkeypatch):
    """The converters of the library, which are its own again afterwards."""
    bindings = dict(_ConverterMeta._bindings)
    monkeypatch.setattr(_ConverterMeta, "_bindings", bindings)
    bindings["serviceBusTrigger"] = servicebus.ServiceBusMessageInConverter
    return bindings


def decode(registry, data: Datum, arrays: dict[str, Datum]) -> object:
    return registry["serviceBusTrigger"].decode(data, trigger_metadata=arrays)


@pytest.fixture
def parsed(monkeypatch):
    """What is parsed as JSON, by the library and by us."""
    texts = []

    def loads(text):
        texts.append(text)
        return json.loads(text)

    for module, name in ((servicebus, "json"), (metadata, "orjson")):
        monkeypatch.setattr(module, name, SimpleNamespace(loads=loads))
    return texts


def test_a_batch_has_the_bodies_and_properties_that_the_library_reads(registry):
    theirs = decode(registry, BATCH, ARRAYS)
    read_metadata_once()
    ours = decode(registry, BATCH, ARRAYS)

    assert [type(message) for message in ours] == [BatchMessage] * COUNT
    assert [(message.get_body(), message.application_properties) for message in ours] == [
        (message.get_body(), message.application_properties) for message in theirs
    ]


def test_a_batch_of_texts_is_read_too(registry):
    read_metadata_once()
    texts = Datum(SimpleNamespace(string=["één"]), "collection_string")
    none = Datum("[null]", "json")
    (message,) = decode(registry, texts, {"UserPropertiesArray": none, "ApplicationPropertiesArray": none})

    assert (message.get_body(), message.application_properties) == ("één".encode(), {})


def test_a_batch_without_properties_is_read_too(registry):
    read_metadata_once()
    messages = decode(registry, BATCH, {"UserPropertiesArray": Datum("[]", "json")})

    assert [(message.body, message.application_properties) for message in messages] == [(body, {}) for body in BODIES]
    assert {message.delivery_count for message in messages} == {None}


def test_metadata_of_another_number_of_messages_is_refused(registry):
    read_metadata_once()

    with pytest.raises(ValueError, match="zip"):
        decode(registry, BATCH, ARRAYS | {"ApplicationPropertiesArray": Datum("[{}]", "json")})


def test_a_batch_knows_how_often_each_message_was_delivered(registry):
    read_metadata_once()
    counts = [1 + number % 3 for number in range(COUNT)]
    messages = decode(registry, BATCH, ARRAYS | {"DeliveryCountArray": Datum(json.dumps(counts), "json")})

    assert [message.delivery_count for message in messages] == counts


def test_the_arrays_that_are_used_are_parsed_once(registry, parsed):
    read_metadata_once()
    decode(registry, BATCH, ARRAYS)

    assert parsed == [ARRAYS["ApplicationPropertiesArray"].value, ARRAYS["DeliveryCountArray"].value]


def test_a_single_message_is_read_by_the_library(registry):
    read_metadata_once()
    one = {"UserProperties": Datum('{"a": 1}', "json"), "MessageId": Datum("m-1", "string")}
    message = decode(registry, Datum(b"body", "bytes"), one)

    assert (type(message), message.get_body(), message.message_id) == (servicebus.ServiceBusMessage, b"body", "m-1")


def test_another_version_of_the_library_is_left_alone(registry, monkeypatch):
    monkeypatch.setattr(metadata.func, "__version__", "2.4.0")
    read_metadata_once()

    assert registry["serviceBusTrigger"] is servicebus.ServiceBusMessageInConverter


def test_the_pinned_library_is_the_one_that_is_known():
    assert version("azure-functions") == metadata.VERSION, "look whether connector/triggers/metadata.py still fits"


def test_the_library_still_parses_every_array_for_every_message(registry, parsed):
    decode(registry, BATCH, ARRAYS)

    assert len(parsed) > COUNT, "it parses each array once now: delete connector/triggers/metadata.py"


def test_the_app_reads_batches_in_this_way():
    code = """
import function_app
from azure.functions.meta import _ConverterMeta
print(_ConverterMeta.get("serviceBusTrigger").__module__)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout == "connector.triggers.metadata\n"
