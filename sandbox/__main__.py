"""`python -m sandbox run [--once]`: the whole system on this machine."""

import argparse
import sys
from pathlib import Path

from sandbox.launch import ROOT, DidNotStart, end_on_sigterm
from sandbox.run import run, run_once

#: Logs, the certificate authority of the run and its application settings.
FOLDER = ROOT / ".sandbox"


def main() -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("run", help="start the whole system")
    command.add_argument("--once", action="store_true", help="run the sample jobs, print a table, end")
    command.add_argument("--no-browser", action="store_true", help="do not open the console in a browser")
    command.add_argument("--folder", type=Path, default=FOLDER, help="where logs and settings go")
    options = parser.parse_args()
    end_on_sigterm()
    try:
        return run_once(options.folder) if options.once else run(options.folder, browser=not options.no_browser)
    except DidNotStart as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
