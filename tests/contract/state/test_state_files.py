"""State as files: what may go wrong with a disk, and with processes that die."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector.errors import Misconfigured
from connector.state import FileState, StoredValueUnreadable

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "1"}', '{"version": 1, "value": {}}', "\udcff"])
def test_a_file_that_cannot_be_read_is_named_and_not_taken_for_none(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(StoredValueUnreadable, match="stored value a ") as refused:
        FileState(tmp_path).read("a")

    assert "Delete it" in refused.value.what_to_do
    assert str(tmp_path) not in refused.value.for_people


def test_a_write_that_fails_leaves_the_old_value_and_no_other_file(tmp_path, monkeypatch):
    state = FileState(tmp_path)
    version = state.write("a", {"old": True}, version=None)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Misconfigured, match="STATE cannot be used"):
            state.write("a", {"old": False}, version=version)

    assert state.read("a").value == {"old": True}
    assert sorted(each.name for each in tmp_path.iterdir()) == [".lock", "a.json"]


def test_a_directory_that_is_none_is_reported_without_its_path(tmp_path):
    (tmp_path / "file").write_text("")
    state = FileState(tmp_path / "file" / "state")

    with pytest.raises(Misconfigured) as refused:
        state.write("a", {}, version=None)

    assert state.read("a") is None
    assert str(tmp_path) not in refused.value.for_people


def test_processes_that_count_at_the_same_time_lose_no_count(tmp_path):
    code = """
import sys
from connector.state import FileState, StateConflict
state, done = FileState(sys.argv[1]), 0
while done < 50:
    stored = state.read("a")
    try:
        state.write("a", {"count": stored.value["count"] + 1}, version=stored.version)
        done += 1
    except StateConflict:
        pass
"""
    FileState(tmp_path).write("a", {"count": 0}, version=None)
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT) for _ in range(3)]  # noqa: S603

    assert [each.wait(60) for each in started] == [0, 0, 0]
    assert FileState(tmp_path).read("a").value == {"count": 150}


def test_a_process_that_dies_under_the_lock_blocks_nobody(tmp_path):
    code = """
import os, sys
from connector.state import FileState, files
files.replace_file = lambda path, text: os._exit(9)
FileState(sys.argv[1]).write("a", {}, version=None)
"""
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)  # noqa: S603

    FileState(tmp_path).write("a", {"whole": True}, version=None)

    assert died.returncode == 9
    assert FileState(tmp_path).read("a").value == {"whole": True}
