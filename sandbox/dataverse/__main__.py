"""Run the Dataverse stand-in: `python -m sandbox.dataverse --help`."""

import argparse
import logging
from pathlib import Path

import uvloop

from sandbox.dataverse.limits import LimitSettings
from sandbox.dataverse.poster import RetryPolicy
from sandbox.dataverse.server import serve
from sandbox.dataverse.settings import TOKEN_LIFETIME, Settings


def read_arguments(arguments: list[str] | None = None) -> Settings:
    """The settings that a command line asks for."""
    limits, retry = LimitSettings(), RetryPolicy()
    parser = argparse.ArgumentParser(prog="python -m sandbox.dataverse", description="A stand-in for Dataverse.")
    add = parser.add_argument
    add("--port", type=int, default=0, help="port of https; 0 takes a free one")
    add(
        "--http",
        dest="http_port",
        type=int,
        nargs="?",
        const=0,
        help="serve plain http besides, on this or a free port",
    )
    add("--ca-file", type=Path, help="where to write the certificate authority of this run")
    add("--tenant-id", help="the Entra tenant; made up if left out, like the following")
    add("--client-id", help="the connector's app registration")
    add("--client-secret", help="its secret")
    add("--admin-client-id", help="an administrator's app registration")
    add("--admin-client-secret", help="its secret")
    add("--user-id", help="systemuserid of the connector's application user")
    add("--token-seconds", type=int, default=TOKEN_LIFETIME, help="how long a token is good for")
    add("--service-bus-connection-string", dest="bus", help="where steps post; left out, there are no steps")
    add("--steps-of", nargs="+", metavar="TABLE", default=(), help="the tables whose steps run; all if left out")
    add("--queue", default="dataverse", help="the queue of the service endpoint")
    add("--garble-text", action="store_true", help="encode messages twice, as some environments do")
    add("--retry-seconds", type=float, default=retry.first_seconds, help="wait after the first failed post")
    add("--retry-attempts", type=int, default=retry.attempts, help="attempts before a post is given up")
    add("--empty", action="store_true", help="nothing of the connector is installed, and new tables settle slowly")
    add("--light", action="store_true", help="no marketing lists and leads, as without a licence of Dynamics 365 Sales")
    add("--latency-ms", type=float, default=0.0, help="how long every HTTP request takes at least")
    add("--no-limits", action="store_true", help="no service protection limits")
    add("--limit-requests", type=int, default=limits.requests, help="requests per window")
    add("--limit-seconds", type=float, default=limits.seconds, help="execution time per window")
    add("--limit-concurrency", type=int, default=limits.concurrency, help="requests at a time")
    add("--limit-window-seconds", type=float, default=limits.window_seconds, help="length of the window")
    add("--limit-batch-parts", action="store_true", help="count each request within a batch as a request too")
    chosen = parser.parse_args(arguments)
    made_up = ("tenant_id", "client_id", "client_secret", "admin_client_id", "admin_client_secret", "user_id")
    return Settings(
        port=chosen.port,
        http_port=chosen.http_port,
        ca_file=chosen.ca_file,
        token_seconds=chosen.token_seconds,
        bus=chosen.bus,
        steps_of=tuple(chosen.steps_of),
        queue=chosen.queue,
        garble_text=chosen.garble_text,
        empty=chosen.empty,
        light=chosen.light,
        latency_ms=chosen.latency_ms,
        limits=LimitSettings(
            not chosen.no_limits,
            chosen.limit_requests,
            chosen.limit_seconds,
            chosen.limit_concurrency,
            chosen.limit_window_seconds,
            chosen.limit_batch_parts,
        ),
        retry=RetryPolicy(chosen.retry_seconds, attempts=chosen.retry_attempts),
        **{name: getattr(chosen, name) for name in made_up if getattr(chosen, name) is not None},
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(serve(read_arguments()))
