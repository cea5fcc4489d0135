"""`definitions`: what the scripts in Dataverse know of jobs, derived from the operations.

python -m connector definitions > connector/setup/interface/resources/definitions.js
"""

import typer

from connector.setup.interface.definitions import definitions_script


def definitions() -> None:
    """Print the file from which the scripts know the columns of each operation."""
    typer.echo(definitions_script(), nl=False)
