"""Plan, brake, undo and why, with the whole system: what people order on the command line, and what becomes of it."""

import json

import pytest

from connector.dataverse.choices import Operation
from tests.acceptance.jobs import Job
from tests.acceptance.records import Record
from tests.acceptance.world import job_row

#: More records than the brake lets pass.
MANY = 50


def only(*records: Record) -> tuple[str, ...]:
    """The options that choose these records."""
    return ("--table", "contact", "--filter", " or ".join(f"contactid eq {record.id}" for record in records))


def test_a_plan_shows_both_sides_changes_nothing_and_is_applied_as_it_says(world, command, tmp_path):
    record = world.contact(lastname="Bakker", numberofchildren=2)
    world.sync(record).assert_completed()
    world.change(record, lastname="Visser")
    _profile(world, record, turnover=12_300)
    before = world.writes_to("contact", record.id)
    file = str(tmp_path / "plan.jsonl")

    code, printed = command("plan", *only(record), "--out", file)

    assert code == 0, printed
    assert printed.startswith("1 record would change.")
    assert "lastName" in printed
    assert "creditlimit" in printed
    assert "Visser" not in printed
    assert world.writes_to("contact", record.id) == before
    assert world.spotler.contact(record).properties["lastName"] == "Bakker"

    assert command("plan", "apply", file) == (0, "1 of 1 record was done.\n")
    assert world.spotler.contact(record).properties["lastName"] == "Visser"
    assert next(row for row in world.rows("contact") if row["contactid"] == record.id)["creditlimit"] == 123
    assert command("plan", *only(record))[1] == "0 records would change.\n"


def test_a_plan_refuses_what_was_changed_since(world, command, tmp_path):
    record = world.contact(lastname="Bakker")
    file = str(tmp_path / "plan.jsonl")
    command("plan", *only(record), "--out", file)
    world.change(record, lastname="Visser")

    code, printed = command("plan", "apply", file)

    assert code == 1
    assert f"contact/{record.id}: The record was changed in Dataverse since the plan." in printed
    assert world.spotler.find(record) is None


@pytest.mark.feature("GDP-03")
def test_a_plan_says_beforehand_who_would_be_anonymised_for_good(world, command):
    record = world.contact()
    world.sync(record).assert_completed()
    world.change(record, donotemail=True)

    _, printed = command("plan", *only(record))

    assert "1 record would be anonymised in Spotler. This cannot be undone." in printed


def test_what_a_run_brought_is_explained_and_taken_back(world, command):
    record = world.contact()
    world.sync(record).assert_completed()
    for value in (100, 999):
        _profile(world, record, turnover=value * 100)
        _read_until(world, record, value)

    _, told = command("why", f"contact/{record.id}", "turnover")
    (line,) = [line for line in told.splitlines() if "came from Spotler with run" in line]
    run = line.partition("with run ")[2].partition(",")[0]
    code, printed = command("undo", run)

    assert code == 0, printed
    assert _row(world, record)["creditlimit"] == 100
    assert "999" not in told + printed
    assert any(each["run"] == run for each in json.loads(command("undo", "--list", "--json")[1]))


def test_too_many_derived_effects_wait_until_a_person_approves_them(world, command):
    """The filter excludes many at once, and no message says that people changed its column."""
    said = world.log().count("The brake holds back")
    records = [world.contact() for _ in range(MANY)]
    _run_all(world, records)
    for record in records:
        world.change(record, donotphone=True)

    codes = [job.code for job in _run_all(world, records)]

    held = [record for record, code in zip(records, codes, strict=True) if code != "SKIPPED_FILTER"]
    assert 0 < len(held) < MANY
    assert world.log().count("The brake holds back") == said + 1
    (plan,) = json.loads(command("plan", "list", "--json")[1])
    assert plan["records"] == len(held)

    code, printed = command("plan", "approve", plan["id"])

    assert code == 0, printed
    assert f"SKIPPED_FILTER: {len(held)} records" in printed
    assert command("plan", "list") == (0, "No plan waits.\n")


def _run_all(world, records: list[Record]) -> list[Job]:
    """Sync records with one job each."""
    jobs = world.jobs(*(job_row(Operation.SYNC_CONTACT, record) for record in records))
    return [world.wait(job) for job in jobs]


def _row(world, record: Record) -> dict[str, object]:
    return next(row for row in world.rows("contact") if row["contactid"] == record.id)


def _profile(world, record: Record, **properties: object) -> None:
    world.spotler.door.emit({"type": "profile", "externalId": record.id, "properties": properties})


def _read_until(world, record: Record, creditlimit: int) -> None:
    def has_come() -> bool:
        world.run_timer("read_updates")
        return _row(world, record)["creditlimit"] == creditlimit

    world.until(has_come, "the updates are read")
