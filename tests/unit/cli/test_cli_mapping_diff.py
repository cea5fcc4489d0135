"""`mapping diff`: counts and samples, as a table or as JSON."""

import json

import pytest

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}
FIRST = {"contact": "firstname", "direction": "->", "spotler": "firstName"}


@pytest.fixture
def diff(cli, settings_file, tmp_path):
    """Runs the command with two mappings."""

    def _diff(old: list[dict], new: list[dict], *options: str):
        files = []
        for name, rows in (("old.json", old), ("new.json", new)):
            (tmp_path / name).write_text(json.dumps({"rows": rows}), encoding="utf-8")
            files.append(str(tmp_path / name))
        return cli("--settings", str(settings_file), "mapping", "diff", *files, *options)

    return _diff


def test_what_would_change_is_printed_with_counts_and_ids_and_no_values(world, diff):
    ann = world.contact("ann", firstname="Marianne")
    world.contact("bob")

    ended = diff([EMAIL, FIRST], [EMAIL, {**FIRST, "contact": "middlename", "direction": "<->"}])

    assert (ended.code, ended.err) == (0, "")
    assert "contact: 1 of 2 records would change." in ended.out
    assert "contact: middlename would be written from Spotler." in ended.out
    (line,) = [line for line in ended.out.splitlines() if ann.id in line]
    assert "firstName" in line
    assert "would be emptied in Spotler" in line
    assert "Marianne" not in ended.out
    assert "example.org" not in ended.out


def test_json_has_the_same(world, diff):
    ann = world.contact("ann", firstname="Ann")

    ended = diff([EMAIL, FIRST], [EMAIL], "--json", "--limit", "10")

    assert json.loads(ended.out) == {
        "contact": {
            "read": 1,
            "changed": 1,
            "changes": [{"effect": "LEFT", "field": "firstName", "records": 1, "sample": [ann.id]}],
            "written_from_spotler": {"added": [], "removed": []},
        }
    }


@pytest.mark.usefixtures("world")
def test_nothing_to_change_is_said_without_a_table(diff):
    ended = diff([EMAIL], [EMAIL])

    assert (ended.code, ended.out) == (0, "contact: 0 of 0 records would change.\n")


@pytest.mark.usefixtures("world")
def test_a_mapping_that_does_not_fit_is_refused_with_its_name(diff):
    ended = diff([EMAIL], [EMAIL, {**FIRST, "contact": "firstnam"}])

    assert ended.code == 1
    assert "new.json does not fit Dataverse or Spotler:" in ended.err
    assert "Row 2, contact: there is no column firstnam. Did you mean firstname?" in ended.err


def test_away_from_a_terminal_a_line_now_and_then_says_how_far_it_is(capsys):
    from connector.cli.progress import INTERVAL, progress

    times = iter([0.0, 1.0, INTERVAL, INTERVAL, INTERVAL + 1, 3 * INTERVAL, 3 * INTERVAL])

    with progress("contact: records read", clock=lambda: next(times)) as seen:
        for number in (100, 200, 300, 400):
            seen(number)

    assert capsys.readouterr().err == "contact: records read: 200\ncontact: records read: 400\n"


def test_on_a_terminal_a_bar_shows_it(capsys, monkeypatch):
    import sys

    from connector.cli.progress import progress

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")

    with progress("contact: records read") as seen:
        seen(100)

    assert "contact: records read" in capsys.readouterr().err
