"""The folder of a system that is started by hand."""

import subprocess
import sys

import pytest

from sandbox.launch import ROOT, DidNotStart
from sandbox.own_folder import LOCK, own_folder

HOLD = """
import sys
from pathlib import Path
from sandbox.own_folder import own_folder

with own_folder(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""


def test_the_state_of_an_earlier_system_is_taken_away_and_its_logs_are_kept(tmp_path):
    (tmp_path / "state" / "feeds").mkdir(parents=True)
    (tmp_path / "state" / "pause.json").write_text("{}")
    (tmp_path / "functions.log").write_text("a line")

    with own_folder(tmp_path):
        assert not (tmp_path / "state").exists()
    assert {each.name for each in tmp_path.iterdir()} == {"functions.log", LOCK}


def test_two_systems_do_not_share_a_folder_and_a_killed_one_leaves_it(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    other = subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "in\n"
        (tmp_path / "state").mkdir()
        with pytest.raises(DidNotStart, match="runs already"), own_folder(tmp_path):
            pass
        assert (tmp_path / "state").exists(), "that of the other is not touched"
    finally:
        other.kill()
        other.communicate()

    with own_folder(tmp_path):
        pass
