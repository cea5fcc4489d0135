"""`entities`: the definition of the Service Bus entities, derived from what the connector does.

python -m connector entities > connector/servicebus/entities.json
"""

import json

import typer

from connector.operations.registry import OPERATIONS
from connector.servicebus.entities import SYNC_RECORDS, definition


def entities() -> None:
    """Print the definition of all queues, topics and subscriptions, as JSON."""
    typer.echo(json.dumps(definition(sorted([*OPERATIONS, SYNC_RECORDS])), indent=2))
