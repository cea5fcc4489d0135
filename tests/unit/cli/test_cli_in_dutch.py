"""With RESULT_LANGUAGE=nl, the commands doctor and plan and all errors are Dutch; what programs read is not."""

import json

import pytest

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

    assert ended.out.startswith("1 records zouden wijzigen.\n")
    assert all(text in ended.out for text in ("Kant", "(het hele record)", "gemaakt in Spotler", "krijgt een waarde"))


def test_no_plan_and_an_unknown_one(cli, dutch_settings):
    assert cli("--settings", dutch_settings, "plan", "list").out == "Er wacht geen plan.\n"
    assert cli("--settings", dutch_settings, "plan", "discard", "20260101t000000-000000").err == (
        "[PLAN_UNKNOWN] Geen plan met deze id wacht op een persoon. Bekijk plan list.\n"
    )
