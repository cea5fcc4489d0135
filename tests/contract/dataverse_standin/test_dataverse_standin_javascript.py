"""dynamics-web-api, a JavaScript client by others: what it does with rows, and what the stand-in refuses."""

import json
import os
import subprocess
from pathlib import Path

from tests.contract.dataverse_standin.support import DEADLINE_SECONDS
from tests.contract.npm import NODE, installed

SOURCE = Path(__file__).parent / "customizing" / "javascript"
EVERYBODY = ["A", "B", "C", "D", "E"]


def test_every_call_about_rows_works_or_is_refused(standin):
    token = standin.admin.session.headers["Authorization"].removeprefix("Bearer ")
    modules = installed(SOURCE, "dynamics-web-api")
    (role,) = standin.admin.rows("roles?$select=roleid&$filter=name eq 'System Administrator'")
    environment = {**os.environ, "NODE_PATH": str(modules), "NODE_EXTRA_CA_CERTS": standin.ready.ca_file}
    done = subprocess.run(  # noqa: S603 - the command stands here
        [NODE, SOURCE / "rows.cjs", standin.ready.url, token, standin.ready.user_id, role["roleid"]],
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE_SECONDS,
        check=False,
        env=environment,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "read": ["Ann A", "Boss"],
        "unchanged": True,
        "stale": False,
        "upserted": ["a", "b"],
        "filtered": ["B", "C"],
        "pages": [["A", "B"], ["C", "D"], 5],
        "all": EVERYBODY,
        "counts": [5, 1],
        "counted": 4,
        "fetched": EVERYBODY,
        "fetchedAll": EVERYBODY,
        "linked": "Contoso",
        "unlinked": None,
        "roles": ["Spotler Service", "System Administrator"],
        "me": 36,
        "privileges": True,
        "merged": True,
        "batch": [3, ["In a batch"]],
        "file": ["paper.txt", 4194314, True],
        "image": True,
        "newest": ["F"],
        "owners": [True, True],
        "mine": ["Spotler Service"],
        "refused": {
            "unknown": "0x80040217",
            "column": "0x80060888",
            "background": 404,
            "cancelled": 404,
            "search": 404,
            "found": 404,
            "suggested": 404,
            "completed": 404,
        },
        "csdl": [True, True, True],
        "tables": 1,
        "deleted": ["done", "0x80040217"],
    }
