"""`python -m sandbox.console`: the console of a running system, until SIGTERM or SIGINT.

Where the parts are stands in the environment variable SANDBOX_CONSOLE, see `systems.Addresses`. Prints one line of JSON
when it listens: its address, with the token.
"""

import argparse
import json
import logging
import secrets

from sandbox.console.app import console
from sandbox.console.guard import PARAMETER
from sandbox.console.systems import Addresses, Systems
from sandbox.http_server import Server, address, listening_socket


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.console", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on the loopback address; 0 takes a free one")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    listener = listening_socket(options.port)
    token = secrets.token_urlsafe(24)
    url = address(listener)
    app = console(Systems.at(Addresses.from_environment()), token, listener.getsockname()[1])
    ready = {"ready": "console", "url": f"{url}/?{PARAMETER}={token}", "address": url, "token": token}
    Server(app, lambda: print(json.dumps(ready), flush=True)).run([listener])


if __name__ == "__main__":
    main()
