"""`python -m sandbox.telemetry`: serve until SIGTERM or SIGINT; one line of JSON on stdout when ready."""

import argparse
import json

from sandbox.http_server import Server, address, listening_socket
from sandbox.telemetry.app import IngestionSandbox
from sandbox.telemetry.server import app_of, connection_string


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="sandbox.telemetry", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    arguments = parser.parse_args()
    listener = listening_socket(arguments.port)
    url = address(listener)
    ready = {"ready": "telemetry", "url": url, "connection_string": connection_string(url)}
    Server(app_of(IngestionSandbox()), lambda: print(json.dumps(ready), flush=True)).run([listener])


if __name__ == "__main__":
    main()
