"""`python -m sandbox.spotler`: serve until SIGTERM or SIGINT; one line of JSON on stdout when ready."""

import argparse
import json

from sandbox.http_server import Server, address, listening_socket
from sandbox.spotler.app import Sandbox
from sandbox.spotler.server import app_of
from sandbox.spotler.settings import DEFAULT_KEY, DEFAULT_SECRET, Credential, Settings


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="sandbox.spotler", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--key", default=DEFAULT_KEY, help="consumer key of the account")
    parser.add_argument("--secret", default=DEFAULT_SECRET, help="consumer secret: letters and digits")
    parser.add_argument("--latency-ms", type=float, default=0, help="how long every call takes at least")
    arguments = parser.parse_args()
    settings = Settings(
        credentials=(Credential(key=arguments.key, secret=arguments.secret),),
        latency_ms=arguments.latency_ms,
    )
    listener = listening_socket(arguments.port)
    ready = {
        "ready": "spotler",
        "url": address(listener),
        "key": arguments.key,
        "secret": arguments.secret,
    }
    server = Server(app_of(Sandbox(settings)), lambda: print(json.dumps(ready), flush=True))
    server.run([listener])


if __name__ == "__main__":
    main()
