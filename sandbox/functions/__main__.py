"""`python -m sandbox.functions`: runs the app of a folder until SIGTERM or SIGINT.

Prints one line of JSON when the functions listen; everything else goes to stderr. Ends with 0 after a signal, with 1
when the app cannot be run (the reason is on stderr).
"""

import argparse
import json
import logging
import os
import signal
import sys

from sandbox.functions.app_settings import SettingMissing
from sandbox.functions.bell import Bell
from sandbox.functions.control import Control
from sandbox.functions.engine import AppBroken
from sandbox.functions.host import FunctionsHost
from sandbox.functions.invocation import EngineDied


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    options = _parse(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    # The SDK logs every connection at INFO.
    for noisy in ("azure", "uamqp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        if options.run_timer:
            return _run_timer(options)
        return _serve(options)
    except (AppBroken, EngineDied, SettingMissing, ValueError, OSError) as error:
        print(f"The Functions host cannot run the app: {error}", file=sys.stderr)
        return 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.functions", description=__doc__)
    parser.add_argument("--app", default=".", help="folder with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="port of the side door; 0 takes a free one")
    parser.add_argument("--http-port", type=int, default=0, help="port of the HTTP functions; 0 takes a free one")
    parser.add_argument("--run-timer", metavar="NAME", help="run one timer now; the exit code says how it ended")
    parser.add_argument("--workers", type=int, default=1, help="engine processes that share the calls")
    parser.add_argument("--no-timers", action="store_true", help="keep no schedules")
    return parser.parse_args(arguments)


def _run_timer(options: argparse.Namespace) -> int:
    with FunctionsHost(options.app, listen=False, timers=False) as host:
        try:
            outcome = host.run_timer(options.run_timer)
        except KeyError:
            raise ValueError(f"there is no timer {options.run_timer}; functions: {', '.join(host.functions)}") from None
    print(json.dumps({"timer": options.run_timer, "succeeded": outcome.succeeded, "error": outcome.error}))
    return 0 if outcome.succeeded else 1


def _serve(options: argparse.Namespace) -> int:
    bell = Bell()
    bell.ring_on(signal.SIGTERM, signal.SIGINT)
    timers = not options.no_timers
    with FunctionsHost(
        options.app, workers=options.workers, timers=timers, http_port=options.http_port, on_failure=bell.ring
    ) as host:
        control = Control(host, options.port)
        control.start()
        ready = {
            "ready": "functions",
            "functions": host.functions,
            "pid": os.getpid(),
            "engine_pids": host.engine_pids,
            "control_url": control.url,
            "http_url": host.http_url,
            "function_key": host.function_key,
        }
        print(json.dumps(ready), flush=True)
        bell.wait()
        control.stop()
    if host.failed.is_set():
        print(f"The Functions host gives up: {host.failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
