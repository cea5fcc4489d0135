"""Checks of the mapping file and of the state."""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from connector.doctor.context import CheckContext
from connector.doctor.model import CheckGroup, CheckMaker, Diagnosis, Reach, failed, ok, warning
from connector.mapping import load_mapping
from connector.pulls.checkpoint import FeedValue
from connector.state import StateConflict
from connector.state.pause import read_pause
from connector.words import Sentence

#: The beginning of the name of the value that is written and deleted: each look has its own, so that two at the same
#: time find nothing of one another.
PROBE: Final = "doctor/probe-"
#: Feeds whose checkpoint is older than this stand still: the longest usual interval is a day.
CHECKPOINT_LATE: Final = timedelta(days=2)


def _mapping_valid(context: CheckContext) -> Diagnosis:
    load_mapping(context.settings.mapping_file)
    return ok("The mapping is valid.")


def _works(context: CheckContext) -> Diagnosis:
    state, probe = context.state, f"{PROBE}{uuid4().hex}"
    version = state.write(probe, {"try": 1}, version=None)
    try:
        state.write(probe, {"try": 2}, version=None)
    except StateConflict:
        stored = state.read(probe)
    else:
        return failed(
            "The state does not refuse a write that comes too late.", "Use a storage account of kind StorageV2."
        )
    finally:
        state.delete(probe)
    if stored is None or stored.version != version or stored.value != {"try": 1}:
        return failed("The state does not return what was written.", "Check the setting STATE.")
    return ok("The state can be read and written, and refuses writes that come too late.")


def _checkpoints_move(context: CheckContext) -> Diagnosis:
    late = []
    for name in context.state.names("feeds/"):
        stored = context.state.read(name)
        until = FeedValue.of(name, stored.value).until if stored else None
        if until is not None and context.now() - until > CHECKPOINT_LATE:
            late.append(name.removeprefix("feeds/"))
    if late:
        return warning(
            Sentence("The checkpoint stands still for more than two days: {names}.", names=", ".join(late)),
            "Look at the failures of the timer that reads it; a feed that is switched off stands still too.",
        )
    return ok("The checkpoint of every feed moves.")


def _not_paused(context: CheckContext) -> Diagnosis:
    now = context.now()
    pause = read_pause(context.state, now)
    if pause is None:
        return ok("The connector is not paused.")
    minutes = int((now - pause.since).total_seconds() // 60)
    return warning(
        Sentence(
            "The connector has been paused for {count} minute.",
            plural="The connector has been paused for {count} minutes.",
            count=minutes,
        ),
        "End the pause with the command resume.",
    )


_check: Final = CheckMaker(CheckGroup.STATE, Reach.SYSTEMS)

CHECKS: Final = (
    _check("MAPPING_VALID", "the mapping file", _mapping_valid, "SETTINGS_VALID", reach=Reach.OFFLINE),
    _check("STATE_WORKS", "a value that is written, read and deleted", _works, "SETTINGS_VALID"),
    _check("CHECKPOINTS_MOVE", "the checkpoint of each feed", _checkpoints_move, "STATE_WORKS"),
    _check("NOT_PAUSED", "the flag of the command pause", _not_paused, "STATE_WORKS"),
)
