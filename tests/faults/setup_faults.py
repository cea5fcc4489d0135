"""What can happen at a write of a set-up or a removal, and an administrator who starts again."""

import random

import pytest
import requests

from connector.errors import Transient, Unclear
from connector.setup.errors import SetupIncomplete, SetupPlanOutdated, SetupRefused
from tests.setup_world import Death

KINDS = ("death before", "death after", "lost answer", "ignored", "lock", "second administrator")
#: How many faults the usual run picks of all, by chance that can be repeated.
SAMPLE = 3


def faults(work: str, writes: int):
    """Every fault at every write of a run; all but a sample only in the nightly run."""
    every = [(kind, number) for kind in KINDS for number in range(1, writes + 1)]
    sample = random.Random(work).sample(every, SAMPLE)  # noqa: S311 - chance that can be repeated
    return [
        pytest.param(*each, id=f"{each[0]}-{each[1]}", marks=[] if each in sample else [pytest.mark.nightly])
        for each in every
    ]


def strike(world, kind, number, second):
    """Let something happen at a write; `second` is what another administrator does, to the end, meanwhile.

    Returns what has happened, which is nothing at first.
    """
    world.before = world.after = lambda *_: None
    happened = []

    def lost(now, _method, _path):
        if kind != "ignored" or now != number:
            return False
        happened.append(kind)
        return True

    def before(now, _method, _path):
        if now != number:
            return
        world.before = lambda *_: None
        if kind == "death before":
            happened.append(kind)
            raise Death
        if kind == "lock":
            world.environment.customizing.lock.begin_foreign("Import", 25)
            happened.append(kind)
        if kind == "second administrator":
            with world.another():
                carried_out(second)
            happened.append(kind)

    def after(now, _method, _path):
        if now != number or kind not in ("death after", "lost answer"):
            return
        world.after = lambda *_: None
        happened.append(kind)
        raise Death if kind == "death after" else requests.ConnectionError

    world.before, world.after, world.lost = before, after, lost
    return happened


def carried_out(run):
    """Run to the end; an administrator starts again after a death, and after a refusal that says what to do."""
    for _ in range(3):
        try:
            return run()
        except (Death, Unclear, Transient, SetupRefused, SetupIncomplete, SetupPlanOutdated):
            continue
    return run()
