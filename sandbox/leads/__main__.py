"""`python -m sandbox.leads`: serve until SIGTERM or SIGINT; one line of JSON on stdout when ready."""

import argparse
import json

from sandbox.http_server import Server, address, listening_socket
from sandbox.leads.app import LeadsSandbox
from sandbox.leads.server import app_of
from sandbox.leads.settings import LeadsSettings


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="sandbox.leads", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency-ms", type=float, default=0, help="how long every call takes at least")
    arguments = parser.parse_args()
    settings = LeadsSettings(latency_ms=arguments.latency_ms)
    listener = listening_socket(arguments.port)
    ready = {
        "ready": "leads",
        "url": address(listener),
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "username": settings.username,
        "password": settings.password,
        "account": settings.account,
    }
    server = Server(app_of(LeadsSandbox(settings)), lambda: print(json.dumps(ready), flush=True))
    server.run([listener])


if __name__ == "__main__":
    main()
