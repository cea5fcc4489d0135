"""The doctor looks at credentials, at the fields that must be there and at the mapping, and says what to do."""

import json

import pytest

from connector.settings import get_settings

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}


@pytest.fixture
def doctor(command, monkeypatch):
    """Runs these groups of checks with these settings: the exit code, and what is wrong by its check."""

    def _doctor(*groups: str, **settings: str) -> tuple[int, dict[str, str]]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        code, printed = command("doctor", "--json", *(part for group in groups for part in ("--group", group)))
        wrong = [each for each in json.loads(printed) if each["result"] == "failed"]
        return code, {each["check"]: f"{each['sentence']}" for each in wrong}

    return _doctor


@pytest.mark.feature("OPS-02")
def test_a_field_that_spotler_does_not_show_is_a_warning_and_nothing_else_is_wrong(doctor):
    assert doctor("spotler") == (2, {})


@pytest.mark.feature("OPS-02")
def test_a_wrong_secret_of_spotler_is_named(doctor):
    code, wrong = doctor("spotler", SPOTLER_SECRET="wrong")

    assert (code, list(wrong)) == (1, ["SPOTLER_KEY"])


@pytest.mark.feature("OPS-02")
def test_a_wrong_secret_of_dataverse_is_named(doctor):
    code, wrong = doctor("spotler", DATAVERSE_CLIENT_SECRET="wrong")

    assert (code, list(wrong)) == (1, ["DATAVERSE_TOKEN"])


@pytest.mark.feature("OPS-02")
def test_what_the_mapping_names_and_neither_system_has_is_named(doctor, tmp_path):
    row = {"contact": "firstnam", "direction": "->", "spotler": "firstName"}
    file = tmp_path / "mapping.json"
    file.write_text(json.dumps({"rows": [EMAIL, row]}), encoding="utf-8")

    code, wrong = doctor("spotler", MAPPING_FILE=str(file))

    assert code == 1
    assert "there is no column firstnam. Did you mean firstname?" in wrong["FIELDS_MAPPED"]


@pytest.mark.feature("OPS-02")
def test_a_field_that_must_be_there_and_is_hidden_in_spotler_is_named(doctor, world):
    world.spotler.door.show_properties(permissions=False)
    try:
        code, wrong = doctor("spotler")
    finally:
        world.spotler.door.show_properties(permissions=True)

    assert code == 1
    assert wrong == {"SPOTLER_KEY": "Spotler's list of contact fields lacks the e-mail address or the permissions."}
