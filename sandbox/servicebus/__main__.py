"""Run the stand-in as a process: `python -m sandbox.servicebus [--port 0] [--entities FILE] [--lock-seconds N]`.

Prints one line of JSON when it is ready, logs to stderr, and ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from pydantic import ValidationError

from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import DEFAULT_ENTITIES, serving

if TYPE_CHECKING:
    from sandbox.servicebus.server import Endpoint

#: The policy with which Dataverse posts.
_DATAVERSE_POLICY = "dataverse-send"


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.servicebus", description="Azure Service Bus on one machine."
    )
    parser.add_argument("--port", type=int, default=0, help="AMQP port; 0 finds a free one")
    parser.add_argument("--control-port", type=int, default=0, help="port of the side door; 0 finds a free one")
    parser.add_argument("--entities", type=Path, default=DEFAULT_ENTITIES, help="definition of the entities")
    parser.add_argument("--lock-seconds", type=float, default=None, help="overrides every lock duration")
    options = parser.parse_args()
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s servicebus %(levelname)s %(message)s"
    )
    try:
        definition = NamespaceDefinition.load(options.entities)
    except (OSError, ValidationError) as error:
        sys.exit(f"The entities in {options.entities} cannot be used: {error}")
    uvloop.run(_serve(definition, options.port, options.control_port, options.lock_seconds))


async def _serve(definition: NamespaceDefinition, port: int, control_port: int, lock_seconds: float | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(definition, port=port, control_port=control_port, lock_seconds=lock_seconds) as endpoint:
        print(json.dumps(_ready(endpoint)), flush=True)
        await stop.wait()


def _ready(endpoint: Endpoint) -> dict[str, str | int]:
    ready: dict[str, str | int] = {
        "ready": "servicebus",
        "port": endpoint.port,
        "connection_string": endpoint.connection_string,
        "control_url": endpoint.control_url,
    }
    if _DATAVERSE_POLICY in endpoint.connection_strings:
        ready["dataverse_connection_string"] = endpoint.connection_strings[_DATAVERSE_POLICY]
    return ready


if __name__ == "__main__":
    main()
