"""The folder of a system that is started by hand: one system at a time, and nothing of the one before."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sandbox.launch import DidNotStart

#: Locked for as long as the system runs; the lock ends with the process, however it ends.
LOCK: Final = "running.lock"
#: The state of the connector, such as checkpoints, plans and a pause.
STATE: Final = "state"


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Keep others out of a folder, and take away the state that an earlier system has left: its records are gone.

    Raises:
        DidNotStart: another system runs there; its settings and its certificate authority would be overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DidNotStart(f"A system runs already, in {folder}. End it with Ctrl-C first.") from error
        shutil.rmtree(folder / STATE, ignore_errors=True)
        yield
