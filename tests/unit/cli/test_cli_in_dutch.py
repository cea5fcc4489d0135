"""With RESULT_LANGUAGE=nl, what the commands print is Dutch; what programs read is not."""

import json

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from sandbox.launch import ROOT


@pytest.fixture
def dutch(environment):
    environment["RESULT_LANGUAGE"] = "nl"
    return environment


@pytest.fixture
def dutch_settings(settings_file):
    content = json.loads(settings_file.read_text(encoding="utf-8"))
    content["Values"] |= {"RESULT_LANGUAGE": "nl", "MAPPING_FILE": str(ROOT / "mappings" / "default.json")}
    settings_file.write_text(json.dumps(content), encoding="utf-8")
    return str(settings_file)


@pytest.mark.usefixtures("dutch")
def test_doctor_says_what_is_wrong_and_what_to_do(cli):
    ended = cli("doctor", "--offline", "--group", "state")

    assert "Instellingen ontbreken of zijn onjuist: " in ended.out
    assert "Corrigeer deze instellingen bij Omgevingsvariabelen van de app." in ended.out
    assert "Herstel eerst: SETTINGS_VALID." in ended.out
    assert ended.out.splitlines()[-1] == "2 controles: 0 goed, 1 niet gecontroleerd, 0 waarschuwing, 1 mislukt."


@pytest.mark.usefixtures("dutch")
def test_doctor_for_programs_does_not_change(cli):
    first, second = json.loads(cli("doctor", "--offline", "--group", "state", "--json").out)

    assert (first["check"], first["result"]) == ("SETTINGS_VALID", "failed")
    assert second["sentence"] == "Put right first: SETTINGS_VALID."


def test_plan_says_what_would_change(cli, world, dutch_settings):
    world.contact("anna")

    ended = cli("--settings", dutch_settings, "plan", "--table", "contact")

    assert ended.out.startswith("1 record zou wijzigen.\n")
    assert all(text in ended.out for text in ("Kant", "(het hele record)", "gemaakt in Spotler", "krijgt een waarde"))


def test_mapping_check_says_where_something_is_wrong_and_what_to_do(cli, dutch_settings, tmp_path):
    file = tmp_path / "mapping.json"
    rows = [
        {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
        {"contact": "firstnam", "direction": "->", "spotler": "firstName"},
        {"contact": "birthdate", "direction": "->", "spotler": "email"},
    ]
    file.write_text(json.dumps({"rows": rows[:2]}), encoding="utf-8")
    online = cli("--settings", dutch_settings, "mapping", "check", "--mapping", str(file))
    file.write_text(json.dumps({"rows": rows}), encoding="utf-8")
    offline = cli("--settings", dutch_settings, "mapping", "check", "--mapping", str(file), "--offline")

    assert (online.code, online.out) == (1, "Rij 2, contact: er is geen kolom firstnam. Is firstname bedoeld?\n")
    assert (offline.code, offline.out) == (
        1,
        "rij 3, spotler: is voor de tabel contact al gekoppeld in rij 1.\n",
    )


def test_the_columns_of_a_job_have_dutch_headings(cli, world, dutch_settings):
    job = world.job(Operation.ADD_TAG, world.contact("anna"), **{Job.TAG: "Spring"})

    shown = cli("--settings", dutch_settings, "job", "show", job).out

    assert all(text in shown for text in ("Kolom", "Waarde", "Bewerking", "Gemaakt op"))


def test_jobs_are_listed_with_the_labels_of_the_dutch_form(cli, world, dutch_settings):
    made = world.job(Operation.ADD_TAG)

    listed, shown = (cli("--settings", dutch_settings, "job", *words).out for words in (("list",), ("show", made)))

    (line,) = [each for each in listed.splitlines() if made in each]
    for text in (line, shown):
        assert "Tag toevoegen" in text
        assert "In wachtrij" in text
        assert "Add Tag" not in text
        assert "Queued" not in text


def test_job_explain_is_dutch_with_the_labels_of_the_form(cli, world, dutch_settings):
    job = world.job(Operation.ADD_TAG, world.contact("anna"), **{Job.TAG: "Spring"})

    lines = cli("--settings", dutch_settings, "job", "explain", job).out

    assert "Tag toevoegen voor contact" in lines
    assert "In wachtrij" in lines
    assert "De taak wordt uitgevoerd zodra het werkitem aankomt" in lines


def test_why_is_dutch_and_json_is_not(cli, world, dutch_settings):
    record = world.contact("anna")
    asked = ("--settings", dutch_settings, "why", f"contact/{record.id}", "firstname")

    shown, for_programs = cli(*asked).out, json.loads(cli(*asked, "--json").out)

    assert shown.startswith("regel: Rij ")
    assert "Wanneer firstName is verzonden, is niet bekend" in shown
    assert for_programs[0]["about"] == "rule"
    assert for_programs[0]["text"].startswith("Row ")


def test_no_plan_and_an_unknown_one(cli, dutch_settings):
    assert cli("--settings", dutch_settings, "plan", "list").out == "Er wacht geen plan.\n"
    assert cli("--settings", dutch_settings, "plan", "discard", "20260101t000000-000000").err == (
        "[PLAN_UNKNOWN] Geen plan met deze id wacht op een persoon. Bekijk plan list.\n"
    )
