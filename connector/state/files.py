"""State as files: one per value, for one machine. Writers take a lock, which ends with its process.

    DIRECTORY/feeds/updates.json    {"version": "3f…", "value": {…}}
    DIRECTORY/.lock

A file is replaced as a whole, so a reader sees the old value or the new one, and needs no lock.
"""

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from connector.errors import Misconfigured
from connector.state.model import StateConflict, Stored, StoredValueUnreadable, checked, from_json, to_json
from connector.words import Sentence

_SUFFIX: Final = ".json"


class FileState:
    """The values below a directory, which is made when it is first written to."""

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)

    def read(self, name: str) -> Stored | None:
        """The value, or None if there is none."""
        path = self._path(name)
        with _readable_errors():
            try:
                text = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None
        source = from_json(name, text)
        version, value = source.get("version"), source.get("value")
        if not isinstance(version, str) or not isinstance(value, dict):
            raise StoredValueUnreadable.of(name, "has no version or no value")
        return Stored(value, version)

    def write(self, name: str, value: Mapping[str, object], *, version: str | None) -> str:
        """Write the value and return its new version."""
        path = self._path(name)
        new = uuid.uuid4().hex
        text = to_json({"version": new, "value": value})
        with _readable_errors(), self._lock():
            stored = self.read(name)
            if (stored.version if stored else None) != version:
                raise StateConflict(
                    Sentence("The stored value {name} was written by another process in the meantime.", name=name)
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, text)
        return new

    def delete(self, name: str) -> None:
        """Delete the value, if there is one."""
        path = self._path(name)
        with _readable_errors(), self._lock():
            path.unlink(missing_ok=True)

    def names(self, prefix: str = "") -> Sequence[str]:
        """The names that begin with this text, in order."""
        with _readable_errors():
            found = [
                path.relative_to(self._directory).as_posix().removesuffix(_SUFFIX)
                for path in self._directory.rglob(f"*{_SUFFIX}")
                if not path.name.startswith(".")
            ]
        return sorted(name for name in found if name.startswith(prefix))

    def _path(self, name: str) -> Path:
        return self._directory / f"{checked(name)}{_SUFFIX}"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one writer of the directory in at a time; threads wait for one another too."""
        import fcntl  # noqa: PLC0415 - only Unix has it, and only files need it

        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def replace_file(path: Path, text: bytes) -> None:
    """Put a whole new file in the place of the old one; a process that dies leaves one of the two."""
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def _readable_errors() -> Iterator[None]:
    """An error of the file system says nothing about a path of this machine."""
    try:
        yield
    except OSError as error:
        raise Misconfigured(
            Sentence("The directory of the setting STATE cannot be used ({kind}).", kind=type(error).__name__),
            advice="Check that the directory exists, that the app may write there, and that the disk is not full.",
        ) from error
