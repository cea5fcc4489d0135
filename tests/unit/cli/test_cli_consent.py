"""`consent history`: the history of one person as evidence."""

import csv
import io
import json

import pytest

from connector.cli.consent_sheet import safe_cell
from connector.dataverse.records import RecordRef
from tests.unit.cli.consent_rows import note

BEFORE, SINCE = "2026-01-15T09:00:00Z", "2026-02-15T09:00:00Z"


# The history


def test_the_history_of_one_person_is_found_by_address_and_by_id(world, run):
    ann, bob = world.contact("ann"), world.contact("bob")
    note(world, ann)
    note(world, ann, on=False, minutes=1)
    note(world, bob, "Events")

    by_address, by_id = run("history", "ANN@example.org"), run("history", ann.id)

    assert by_address == by_id
    code, text = by_id
    assert code == 0
    assert [text.count(word) for word in ("Newsletter", "Events", "form", ann.id, bob.id)] == [2, 0, 2, 2, 0]
    assert "@" not in text


def test_the_history_of_a_deleted_record_is_found_by_its_id(world, run):
    ann = RecordRef("contact", "00000000-0000-0000-0000-00000000dead")
    note(world, ann)

    code, text = run("history", ann.id, "--json")

    assert (code, [each["after"] for each in json.loads(text)]) == (0, ["on"])


def test_the_history_as_json(world, run):
    ann = world.contact("ann")
    note(world, ann, evidence="Row 7")

    (entry,) = json.loads(run("history", ann.id, "--json")[1])

    assert entry == {
        "time": f"{world.now:%Y-%m-%d %H:%M:%SZ}", "permission": "Newsletter", "before": "", "after": "on",
        "source": "form", "evidence": "Row 7", "table": "contact", "record": ann.id,
    }  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_the_history_as_csv_starts_no_formula(world, run, start):
    ann = world.contact("ann")
    note(world, ann, f"{start}HYPERLINK(1)")

    code, text = run("history", ann.id, "--csv")

    (line,) = list(csv.DictReader(io.StringIO(text)))
    assert (code, line["Permission"].lstrip("'").lstrip(start)) == (0, "HYPERLINK(1)")
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line.values())


def test_an_ordinary_cell_stays_as_it_is():
    assert [safe_cell(each) for each in ("Newsletter", "", None, "a=b", "'x")] == ["Newsletter", "", "", "a=b", "'x"]


def test_two_people_with_one_address_are_told_apart_by_id(world, run):
    one, other = world.contact("ann"), world.lead("ann")

    code, text = run("history", "ann@example.org")

    assert code == 1
    assert one.id in text
    assert other.id in text


@pytest.mark.parametrize("person", ["nobody@example.org", "no id"])
def test_nobody_is_a_sentence(run, person):
    code, text = run("history", person)

    assert (code, text.count("\n")) == (1, 1)


def test_no_history_is_a_sentence(world, run):
    assert run("history", world.contact().id) == (0, "There is no history of this record.\n")
