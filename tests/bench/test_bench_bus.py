import json

import pytest

from tests.bench import __main__ as bench, bus
from tests.bench.bus import BusFigures


@pytest.mark.parametrize(
    ("sent", "received", "met"), [(2000, 2000, [True, True]), (1999, 9000, [False, True]), (9000, 1999, [True, False])]
)
def test_either_rate_may_be_missed(sent, received, met):
    assert [each.met for each in bus.expectations(BusFigures(sent, received))] == met


def test_every_message_goes_through_the_stand_in_and_the_figures_are_printed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(bus, "MESSAGES", 250)
    monkeypatch.setattr(bus, "LEAST_RATE", 0.0)  # how fast this machine is at the moment is no matter of a test
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    (tmp_path / "bus").mkdir()
    (tmp_path / "bus" / "phase.done").write_text("100")
    monkeypatch.setattr("sys.argv", ["bench", "--bus", "--json", str(tmp_path / "figures.json")])

    assert bench.main() == 0
    assert capsys.readouterr().out.count("met   ") == 2
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["sent"] > 0
    assert figures["received"] > 0
    assert not (tmp_path / "bus" / "phase.done").exists()  # a worker would go on where an earlier run ended


def test_a_rate_that_is_missed_is_the_exit_code(monkeypatch, capsys):
    monkeypatch.setattr(bus, "measure", lambda *_: BusFigures(1.0, 9000.0))
    monkeypatch.setattr("sys.argv", ["bench", "--bus"])

    assert bench.main() == 1
    assert "MISSED  1 messages/s sent, at least 2,000" in capsys.readouterr().out
