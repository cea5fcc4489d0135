"""host.json, app settings and bindings, as the real host reads them."""

import json
from datetime import timedelta

import pytest

from sandbox.functions.app_settings import AppSettings, SettingMissing
from sandbox.functions.bindings import BindingRefused, Source, read_triggers
from sandbox.functions.host_json import UNLIMITED, HostJson
from sandbox.functions.protocol import messages

QUEUE = {"type": "serviceBusTrigger", "direction": "IN", "name": "m", "queueName": "%Q%", "connection": "BUS"}
TIMER = {"type": "timerTrigger", "direction": "IN", "name": "t", "schedule": "%WHEN%"}
SETTINGS = AppSettings({"Q": "queue-1", "BUS": "Endpoint=sb://x", "WHEN": "0 0 0 * * *"})


def host_json(folder, **content) -> HostJson:
    (folder / "host.json").write_text(json.dumps({"version": "2.0", **content}))
    return HostJson.load(folder)


def test_host_json_has_the_documented_defaults(tmp_path):
    read = host_json(tmp_path)
    options = read.service_bus

    assert read.function_timeout == timedelta(minutes=30)
    assert (options.prefetch_count, options.max_concurrent_calls) == (0, 16)
    assert (options.max_message_batch_size, options.min_message_batch_size) == (1000, 1)
    assert options.max_batch_wait_time == timedelta(seconds=30)
    assert options.max_auto_lock_renewal_duration == timedelta(minutes=5)
    assert options.auto_complete_messages is True


def test_host_json_is_read(tmp_path):
    options = {"maxMessageBatchSize": 100, "maxBatchWaitTime": "00:00:05", "autoCompleteMessages": False}
    levels = {"logLevel": {"default": "Warning", "Function": "Information"}}
    read = host_json(
        tmp_path,
        telemetryMode="OpenTelemetry",
        functionTimeout="00:10:00",
        logging=levels,
        extensions={"serviceBus": options},
    )

    assert read.telemetry_mode == "OpenTelemetry"
    assert read.logging.log_level == levels["logLevel"]
    assert read.function_timeout == timedelta(minutes=10)
    assert read.service_bus.max_message_batch_size == 100
    assert read.service_bus.max_batch_wait_time == timedelta(seconds=5)
    assert read.service_bus.auto_complete_messages is False


def test_a_function_timeout_can_be_lifted(tmp_path):
    assert host_json(tmp_path, functionTimeout="-1").function_timeout == UNLIMITED


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"version": "1.0"}, "version 1.0"),
        ({"functionTimeout": "10 minutes"}, "time span"),
        ({"telemetryMode": "Classic"}, "telemetryMode"),
        ({"logging": {"telemetryMode": "OpenTelemetry"}}, "top level"),
        ({"logging": {"logLevel": {"default": "Loud"}}}, "logLevel"),
        ({"extensions": {"serviceBus": {"maxBatchSize": 5}}}, "maxBatchSize"),
        ({"extensions": {"serviceBus": {"messageHandlerOptions": {}}}}, "messageHandlerOptions"),
        ({"extensions": {"serviceBus": {"minMessageBatchSize": 9, "maxMessageBatchSize": 3}}}, "minMessageBatchSize"),
    ],
)
def test_mistakes_in_host_json_are_named(tmp_path, content, complaint):
    with pytest.raises(ValueError, match=complaint):
        host_json(tmp_path, **content)


def test_a_folder_without_host_json_is_no_app(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"host\.json"):
        HostJson.load(tmp_path)


def test_the_environment_wins_over_local_settings(tmp_path):
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": {"A": "file", "B": "file"}}))

    settings = AppSettings.load(tmp_path, {"A": "environment"})

    assert (settings.values["A"], settings.values["B"]) == ("environment", "file")


def test_local_settings_that_cannot_be_read_are_named_without_their_values(tmp_path):
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": {"KEY": ["secret"]}}))

    with pytest.raises(ValueError, match="KEY") as caught:
        AppSettings.load(tmp_path, {})

    assert "secret" not in str(caught.value)


def test_connections_are_found_under_both_of_their_names():
    assert AppSettings({"BUS": "a"}).connection_string("BUS") == "a"
    assert AppSettings({"AzureWebJobsBUS": "b", "BUS": "a"}).connection_string("BUS") == "b"
    assert AppSettings({"AzureWebJobsServiceBus": "c"}).connection_string("") == "c"


def test_an_identity_based_connection_is_refused_with_a_reason():
    with pytest.raises(SettingMissing, match="identity-based"):
        AppSettings({"BUS__fullyQualifiedNamespace": "x.servicebus.windows.net"}).connection_string("BUS")


def test_triggers_are_read_with_their_settings():
    many = {**QUEUE, "queueName": "", "topicName": "t", "subscriptionName": "s", "cardinality": "MANY"}
    triggers = read_triggers({"one": [QUEUE], "many": [{**many, "dataType": "BINARY"}], "timer": [TIMER]}, SETTINGS)

    one, batch = triggers.service_bus
    assert (one.source, one.many, one.binary) == (Source(queue="queue-1"), False, False)
    assert (batch.source, batch.many, batch.binary) == (Source(topic="t", subscription="s"), True, True)
    assert one.connection_string == "Endpoint=sb://x"
    assert triggers.timers[0].schedule == "0 0 0 * * *"


@pytest.mark.parametrize(
    ("bindings", "complaint"),
    [
        ([{**QUEUE, "isSessionsEnabled": True}], "sessions"),
        ([{"type": "httpTrigger", "direction": "IN", "name": "r"}], "names no methods"),
        ([{"type": "blobTrigger", "direction": "IN", "name": "b"}], "blobTrigger"),
        ([QUEUE, {"type": "serviceBus", "direction": "OUT", "name": "o"}], "exactly one trigger"),
    ],
)
def test_bindings_that_the_host_does_not_run_are_refused(bindings, complaint):
    with pytest.raises(BindingRefused, match=complaint):
        read_triggers({"f": bindings}, SETTINGS)


def test_a_setting_that_a_binding_needs_is_named():
    with pytest.raises(SettingMissing, match="The setting Q is missing"):
        read_triggers({"f": [QUEUE]}, AppSettings({"BUS": "x"}))


@pytest.mark.parametrize(
    ("message", "field", "number"),
    [
        # from the public azure-functions-language-worker-protobuf; both ends here would agree on a wrong number
        ("StreamingMessage", "start_stream", 20),
        ("StreamingMessage", "worker_init_request", 17),
        ("StreamingMessage", "worker_init_response", 16),
        ("StreamingMessage", "functions_metadata_request", 29),
        ("StreamingMessage", "function_metadata_response", 30),
        ("StreamingMessage", "function_load_request", 8),
        ("StreamingMessage", "function_load_response", 9),
        ("StreamingMessage", "invocation_request", 4),
        ("StreamingMessage", "invocation_response", 5),
        ("StreamingMessage", "rpc_log", 2),
        ("InvocationRequest", "input_data", 3),
        ("InvocationRequest", "trigger_metadata", 4),
        ("InvocationResponse", "result", 3),
        ("StatusResult", "status", 4),
        ("RpcException", "message", 2),
        ("RpcFunctionMetadata", "raw_bindings", 10),
        ("RpcFunctionMetadata", "function_id", 13),
        ("TypedData", "json", 2),
        ("TypedData", "collection_bytes", 8),
        ("TypedData", "collection_string", 9),
        ("TypedData", "collection_sint64", 11),
    ],
)
def test_the_protocol_has_the_public_field_numbers(message, field, number):
    assert getattr(messages, message).DESCRIPTOR.fields_by_name[field].number == number
