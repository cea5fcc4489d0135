"""`entities`: the definition of the Service Bus entities, derived from the operations of the connector.

python -m connector entities > connector/servicebus/entities.json
"""

import json

import typer

from connector.operations.registry import OPERATIONS
from connector.servicebus.entities import definition


def entities() -> None:
    """Print the definition of all queues, topics and subscriptions, as JSON."""
    typer.echo(json.dumps(definition(sorted(OPERATIONS)), indent=2))
