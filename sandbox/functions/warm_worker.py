"""The engine's process, copied from one that has loaded what every app of this project loads.

Loading that takes most of an engine's start. A test that starts a system pays for it once, and not for every system;
whoever wants to see what a cold start takes starts `sandbox.functions.worker`.
"""

import sys
from typing import Final

import azure.core.exceptions
import azure.functions
import azure.identity
import azure.servicebus
import jsonschema
import pydantic
import requests

from sandbox.functions import worker

#: The app brings its own: the copied process knows names of tables and columns for other parts of the sandbox.
OF_THE_APP: Final = ("connector", "function_app")
#: What is loaded for the app.
LIBRARIES: Final = (
    azure.core.exceptions, azure.functions, azure.identity, azure.servicebus, jsonschema, pydantic, requests
)  # fmt: skip


def main() -> None:
    """Run the engine for an app of which nothing is loaded yet."""
    for name in [name for name in sys.modules if name.partition(".")[0] in OF_THE_APP]:
        del sys.modules[name]
    worker.main()


if __name__ == "__main__":
    main()
