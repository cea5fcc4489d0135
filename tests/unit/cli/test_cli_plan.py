"""`plan` and `plan apply`: counts and ids on the screen, values only in the file."""

import json
import os
from pathlib import Path

import pytest

from connector.settings import get_settings

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}
FIRST = {"contact": "firstname", "direction": "->", "spotler": "firstName"}


@pytest.fixture
def mapping(tmp_path, environment):
    """Writes the mapping that the command uses."""
    file = tmp_path / "mapping.json"
    environment["MAPPING_FILE"] = str(file)

    def _mapping(*rows: dict[str, str]) -> None:
        file.write_text(json.dumps({"rows": [EMAIL, *rows]}), encoding="utf-8")

    _mapping(FIRST)
    return _mapping


@pytest.fixture
def plan(cli, settings_file, mapping):  # noqa: ARG001 - the mapping is in place
    def _plan(*arguments: str):
        return cli("--settings", str(settings_file), "plan", *arguments)

    return _plan


def test_counts_come_first_then_the_fields_with_ids_and_no_values(world, plan):
    ann = world.contact("ann", firstname="Marianne")

    ended = plan()

    assert ended.code == 0
    assert ended.out.splitlines()[0] == "1 record would change."
    (line,) = [line for line in ended.out.splitlines() if "firstName" in line]
    assert f"contact/{ann.id}" in line
    assert "Marianne" not in ended.out + ended.err
    assert "example.org" not in ended.out + ended.err
    assert world.effects() == []


def test_json_has_the_same(world, plan):
    ann = world.contact("ann", firstname="Ann")

    content = json.loads(plan("--json").out)

    assert (content["records"], content["problems"]) == (1, {})
    assert {
        "side": "Spotler", "field": None, "change": "created in Spotler", "records": 1, "sample": [f"contact/{ann.id}"],
    } in content["changes"]  # fmt: skip


def test_whoever_would_be_anonymised_is_announced_as_final(world, plan):
    world.contact("ann", known=True, donotemail=True)

    assert "1 record would be anonymised in Spotler. This cannot be undone." in plan().out


def test_a_plan_is_written_and_applied(world, plan, tmp_path):
    ann = world.contact("ann", firstname="Marianne")
    file = tmp_path / "plan.jsonl"

    written = plan("--table", "contact", "--out", str(file))
    applied = plan("apply", str(file))

    assert f"{file} is written." in written.out
    assert "Marianne" in file.read_text(encoding="utf-8")
    assert (applied.code, applied.out) == (0, "1 of 1 record was done.\n")
    assert world.in_spotler(ann)["properties"]["firstName"] == "Marianne"


def test_what_has_changed_since_is_left_with_the_reason_and_the_exit_code_says_so(world, plan, tmp_path):
    ann = world.contact("ann", firstname="Marianne")
    file = tmp_path / "plan.jsonl"
    plan("--out", str(file))
    world.services.dataverse.update("contacts", ann.id, {"firstname": "Anna"})

    ended = plan("apply", str(file))

    assert ended.code == 1
    assert f"contact/{ann.id}: The record was changed in Dataverse since the plan." in ended.out
    assert world.in_spotler(ann) is None


def test_a_plan_of_another_mapping_is_refused_as_a_whole(world, plan, mapping, tmp_path):
    ann = world.contact("ann", firstname="Marianne")
    file = tmp_path / "plan.jsonl"
    plan("--out", str(file))
    mapping(FIRST, {"contact": "lastname", "direction": "->", "spotler": "lastName"})

    ended = plan("apply", str(file))

    assert (ended.code, ended.out) == (1, "")
    assert "The mapping was changed since the plan was made" in ended.err
    assert world.in_spotler(ann) is None


def test_a_plan_of_another_environment_is_refused_as_a_whole(world, plan, environment, tmp_path):
    """A copy of an environment has the same records, and rows of the same versions."""
    ann = world.contact("ann", firstname="Marianne")
    file = tmp_path / "plan.jsonl"
    plan("--out", str(file))
    environment["SPOTLER_KEY"] = "of another account"
    get_settings.cache_clear()

    ended = plan("apply", str(file))

    assert (ended.code, ended.out) == (1, "")
    assert "The plan was made for other systems than those of the settings" in ended.err
    assert world.in_spotler(ann) is None


def test_a_kept_plan_that_cannot_be_read_is_listed_with_the_reason_and_discarded(world, plan):
    world.services.state.write("plans/20260301t120000-abcdef/part", {"x": 1}, version=None)

    listed = json.loads(plan("list", "--json").out)
    approved = plan("approve", "20260301t120000-abcdef")
    discarded = plan("discard", "20260301t120000-abcdef")

    assert [each["problem"] for each in listed] == ["The stored value plans/20260301t120000-abcdef is missing."]
    assert approved.code == 1
    assert "plan discard does it" in approved.err
    assert discarded.code == 0
    assert json.loads(plan("list", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--table", "task"), "task is not one of the tables contact, lead, account."),
        (("--filter", "lastname eq 'A'"), "--filter needs --table"),
        (("apply", os.devnull), "The file is no plan, or not a whole one."),
        (("--table", "contact", "--filter", "no such column eq 1"), "Dataverse"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(world, plan, arguments, sentence):  # noqa: ARG001
    ended = plan(*arguments)

    assert ended.code == 1
    assert sentence in ended.err


@pytest.fixture
def held(world, mapping, environment):
    """A plan that the brake keeps: two of three contacts would be silenced by a filter."""
    from dataclasses import replace

    from connector.mapping import load_mapping
    from connector.plans.kept import kept_plans
    from connector.sync.outward.outward import Outward
    from connector.sync.records import RecordReader

    mapping({"contact": "donotphone", "direction": "->", "filter": "false"})
    settings = world.services.settings.model_copy(update={"brake_least": 1, "brake_share": 0.0})
    services = replace(
        world.services, settings=settings, mapping=load_mapping(Path(environment["MAPPING_FILE"]))
    )  # fmt: skip
    contacts = [world.contact(name, known=True, donotphone=True) for name in ("ann", "bob", "cas")]
    Outward(services).send(list(RecordReader(services).read(contacts).values()), always=False)
    (plan,) = kept_plans(services.state)
    return plan.id


def test_the_plans_of_the_brake_are_listed_and_approved(plan, held):
    (line,) = [line for line in plan("list").out.splitlines() if held in line]
    assert "filter: 2" in line
    assert json.loads(plan("list", "--json").out)[0]["records"] == 2

    approved = plan("approve", held)

    assert approved.out.splitlines() == ["SKIPPED_FILTER: 2 records", f"Plan {held} is done."]
    assert plan("list").out == "No plan waits.\n"


def test_a_plan_of_the_brake_is_discarded(plan, held):
    assert plan("discard", held).out == f"Plan {held} is discarded.\n"
    assert plan("list").out == "No plan waits.\n"
    assert "[PLAN_UNKNOWN]" in plan("approve", held).err


def test_the_feeds_are_looked_at_without_a_write(world, plan, environment):
    environment |= {"NEW_SUBSCRIBERS": "contact", "FEED_FIRST_DAYS": "1"}
    world.spotler.settings(dedupe="both")
    world.spotler.contacts({"properties": {"email": "new@example.org"}})
    before = world.effects()

    shown, content = plan("feeds"), json.loads(plan("feeds", "--json").out)

    assert (shown.code, content) == (0, {"new subscribers": {"created": 1}, "bounces": {}})
    (line,) = [line for line in shown.out.splitlines() if "new subscribers" in line]
    assert "created" in line
    assert "example.org" not in shown.out + shown.err
    assert world.effects() == before
