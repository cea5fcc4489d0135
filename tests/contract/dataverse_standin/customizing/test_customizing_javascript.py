"""dynamics-web-api, a JavaScript client by others, makes, changes, reads and deletes definitions."""

import json
import os
import subprocess
from pathlib import Path

from tests.contract.dataverse_standin.support import DEADLINE_SECONDS
from tests.contract.npm import NODE, installed

SOURCE = Path(__file__).parent / "javascript"


def test_definitions_are_made_changed_read_and_deleted(empty):
    token = empty.admin.session.headers["Authorization"].removeprefix("Bearer ")
    modules = installed(SOURCE, "dynamics-web-api")
    environment = {**os.environ, "NODE_PATH": str(modules), "NODE_EXTRA_CA_CERTS": empty.ready.ca_file}
    done = subprocess.run(  # noqa: S603 - the command stands here
        [NODE, SOURCE / "client.cjs", empty.ready.url, token],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
        env=environment,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "table": "new_book",
        "added": ["new_isbn"],
        "columns": {"new_name": 100, "new_isbn": 50},
        "navigation": "new_AuthorId",
        "deletion": "Restrict",
        "options": [1, 2],
        "renamed": "Kind",
        "author": True,
        "languages": [1033, 1043],
        "changed": "Novel",
        "refused": "0x80048d19",
    }
