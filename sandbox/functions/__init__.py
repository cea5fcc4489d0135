"""Runs an Azure Functions app on one machine, on Microsoft's own Python engine.

The engine (`azure-functions-runtime`) lives in a process of its own and is driven over the Functions gRPC
protocol, as the real host drives it. Around it stands what the host and its Service Bus and Timer extensions
do: read `host.json` and settings, receive and settle messages, keep schedules, start a dead engine again.

    host.py          the whole: engines, listeners, timers
    engines.py       keeps the engine processes alive      engine.py       one process and its conversation
    transport.py     the gRPC server they dial             worker.py       what runs in the engine's process
    protocol.py      the messages (FunctionRpc.proto)      invocation.py   what goes in and what comes out
    bindings.py      what a function is triggered by       trigger_data.py messages as the engine sees them
    service_bus.py   around a function with messages        receiver.py     the SDK's receiver below (sdk_internals.py)
    timers.py        around a function on a schedule   bell.py         wakes a thread that waits
    warm_worker.py   worker.py with much loaded already, for tests
    host_json.py, app_settings.py, statistics.py, control.py, __main__.py
"""
