"""What the first sync of a Marketing List leaves, put in place without it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Final

import requests

from connector.state import FileState
from connector.sync.lists.ids import raw
from connector.sync.lists.run import ListRun, Phase
from connector.sync.lists.stored import PART, ListState
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Surroundings
from tests.bench.fixtures import ROWS_PER_LOAD

#: As `tests.bench.fixtures.load_list` calls it.
NAME: Final = "Bench"
#: A call with all members.
_SECONDS: Final = 1800


def put_in_place(around: Surroundings, marketing_list: str, members: Sequence[str]) -> None:
    """Contacts in Spotler, their audience, and what the state remembers of it."""
    url = around.spotler.get("url")
    for some in batched(members, ROWS_PER_LOAD, strict=False):
        SideDoor(url).contacts(*({"externalId": each, "properties": {"email": f"{each}@example.org"}} for each in some))
    audience = {"externalId": marketing_list, "name": NAME, "members": list(members)}
    answer = requests.post(f"{url}/_sandbox/lists", json={"audiences": [audience]}, timeout=_SECONDS)
    answer.raise_for_status()
    state = ListState(FileState(around.settings["STATE"]), marketing_list)
    blocks = list(batched(sorted(map(raw, members)), PART, strict=False))
    earlier = ListRun("", datetime.now(UTC).isoformat(), Phase.OVER, is_base=True, added=len(blocks))
    state.save(1, earlier, None)
    for place, block in enumerate(blocks):
        state.note_sent(1, place, block, ())
    state.keep(1)
