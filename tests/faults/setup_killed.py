"""A set-up or a removal in a process of its own that kills itself (kill -9) before or after one of its writes.

    python -m tests.faults.setup_killed <ready line of the stand-in> apply|remove [before|after NUMBER]

It prints what the run reported, where it lived to the end. Waits move the clock of the stand-in.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from urllib.parse import quote

import requests

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import tokens_from
from connector.http import Clock, Transport
from connector.settings.systems import DataverseSettings
from connector.setup.applying import apply_setup
from connector.setup.calls import SetupCalls
from connector.setup.patience import Patience
from connector.setup.planning import make_plan
from connector.setup.removal import plan_removal
from connector.setup.removing import remove_setup
from connector.setup.target import read_target
from sandbox.dataverse.server import Ready
from tests.setup_world import nameable, one_of_each


class _Calls(SetupCalls):
    """Kills the process before or after one of its writes."""

    moment, at = "", 0

    def _write(self, method: str, path: str, *rest: object, **more: object) -> tuple[bytes, str]:
        return self._struck(lambda: super(_Calls, self)._write(method, path, *rest, **more))  # type: ignore[arg-type]

    def delete(self, path: str) -> None:
        self._struck(lambda: super(_Calls, self).delete(path))

    def _struck(self, write):  # type: ignore[no-untyped-def]
        number = self.writes + 1
        if (self.moment, self.at) == ("before", number):
            os.kill(os.getpid(), signal.SIGKILL)
        answer = write()
        if (self.moment, self.at) == ("after", number):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def main(ready: Ready, work: str, moment: str = "", at: str = "0") -> None:
    """Run."""
    settings = DataverseSettings(
        dataverse_url=ready.url,
        dataverse_authority=ready.url,
        dataverse_tenant_id=ready.tenant_id,
        dataverse_client_id=ready.admin_client_id,
        dataverse_client_secret=ready.admin_client_secret,
    )
    transport = Transport(ready.url + API, timeout=60, parallel=1, system="Dataverse", verify=ready.ca_file)
    calls = _Calls(Dataverse(transport, tokens_from(settings, verify=ready.ca_file)))
    calls.moment, calls.at = moment, int(at)
    patience = Patience(Clock(sleep=lambda seconds: door(ready, "clock", {"move_seconds": seconds})))
    target = read_target(calls)
    form = quote("objecttypecode eq 'contact' and type eq 2")
    form_id = str(calls.rows(f"systemforms?$select=formid&$filter={form}")[0]["formid"])
    parts = one_of_each(form_id, ready.client_id)
    if work == "apply":
        report = apply_setup(make_plan(target, parts), target, parts, patience)
    else:
        everything = nameable(parts)
        report = remove_setup(plan_removal(target, parts, everything), target, parts, patience)
    sys.stdout.write(json.dumps({"done": report.done, "writes": report.writes}))


def door(ready: Ready, path: str, content: Mapping[str, object]) -> None:
    """The side door of the stand-in."""
    requests.post(f"{ready.url}/_sandbox/{path}", json=content, timeout=60, verify=ready.ca_file).raise_for_status()


if __name__ == "__main__":
    main(Ready(**json.loads(sys.argv[1])), *sys.argv[2:])
