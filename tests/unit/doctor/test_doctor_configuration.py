"""The checks of settings, files and package: each finds what is broken."""

import json
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from connector.doctor import configuration
from connector.doctor.ncrontab import is_schedule
from connector.errors import Misconfigured
from connector.mapping import load_mapping
from tests.unit.scripted_server import Answer, ScriptedServer

ROOT = Path(__file__).parents[3]
EXAMPLE = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
DATE = "Sun, 01 Mar 2026 10:00:{:02} GMT"


def set_all(context, **values):
    context.environment = {"SWEEP_SCHEDULE": "0 */2 * * * *", **values}
    context.settings = SimpleNamespace(
        job_lease_seconds=300,
        dataverse_url="https://d.example",
        spotler_url="https://s.example",
        mapping_file=ROOT / "mappings" / "default.json",
    )


def test_settings_that_are_missing_are_named(context, diagnose, monkeypatch):
    def load():
        raise Misconfigured("Settings are missing or wrong: SPOTLER_KEY: Field required.")

    monkeypatch.setattr("connector.settings.get_settings", load)

    verdict, sentence, remedy = diagnose(context, "SETTINGS_VALID")

    assert (verdict, "SPOTLER_KEY" in sentence, "Environment variables" in remedy) == ("failed", True, True)


def test_settings_that_are_right(context, diagnose):
    set_all(context)

    assert diagnose(context, "SETTINGS_VALID")[0] == "ok"


CASES = [
    ("REFERENCES_RESOLVED", {"A": "@Microsoft.KeyVault(SecretUri=x)"}, "the secret: A."),
    ("ONE_BUS_CONNECTION", {"ServiceBus": "E", "ServiceBus__fullyQualifiedNamespace": "n"}, "Both ServiceBus and"),
    ("IDENTITY_NAMED", {"ServiceBus__clientId": "a", "AZURE_CLIENT_ID": "b"}, "names another one"),
    ("IDENTITY_NAMED", {"ServiceBus__clientId": "a"}, "AZURE_CLIENT_ID is missing"),
    ("SCHEDULES_VALID", {}, "UPDATES_SCHEDULE is missing, so read_updates does not run"),
    ("SCHEDULES_VALID", {"SWEEP_SCHEDULE": "*/2 * * * *"}, "SWEEP_SCHEDULE is not an NCRONTAB expression"),
    ("TELEMETRY_AGREES", {"TELEMETRY": "one side"}, "Only one of host.json"),
]


def mode(*, host: bool):
    """host.json and the setting, on the same side or not."""
    on = json.loads((ROOT / "host.json").read_text(encoding="utf-8")).get("telemetryMode") is not None
    sent = {"APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=0"}
    return sent | ({"PYTHON_ENABLE_OPENTELEMETRY": "true"} if on == host else {})


@pytest.mark.parametrize(("code", "values", "says"), CASES)
def test_a_setting_that_is_wrong_is_found_and_no_value_is_shown(context, diagnose, code, values, says):
    set_all(context, **(mode(host=False) if "TELEMETRY" in values else values))

    verdict, sentence, remedy = diagnose(context, code)

    assert verdict == "failed"
    assert says in sentence
    assert remedy
    assert "SecretUri" not in sentence


@pytest.mark.parametrize("code", sorted({code for code, _, _ in CASES}))
def test_settings_of_the_example_are_right(context, diagnose, code):
    set_all(context, **EXAMPLE, **mode(host=True))

    assert diagnose(context, code)[0] == "ok"


def test_without_telemetry_its_mode_is_not_checked(context, diagnose):
    set_all(context)

    assert diagnose(context, "TELEMETRY_AGREES")[0] == "not checked"


@pytest.mark.parametrize("text", ["0 */5 * * * *", "0 0 6,18 * * 1-5", "0 0 0 1 jan sun", "*/10 0-30/5 * * * *"])
def test_schedules_that_azure_takes(text):
    assert is_schedule(text)


@pytest.mark.parametrize(
    "text", ["", "* * * * *", "60 * * * * *", "0 0 * * * L", "0 5-1 * * * *", "0 */0 * * * *", "@daily x x x x x"]
)
def test_schedules_that_azure_refuses(text):
    assert not is_schedule(text)


@pytest.fixture
def folder(context, tmp_path):
    """The files of an app that the test may damage."""
    shutil.copy(ROOT / "host.json", tmp_path)
    context.app = tmp_path
    set_all(context)
    return tmp_path


def test_packages_that_are_not_those_of_the_pins_are_named(context, diagnose, folder):
    (folder / "requirements.txt").write_text("requests==0.1   # why\nno-such-package==1\n", encoding="utf-8")

    verdict, sentence, _ = diagnose(context, "PACKAGES_PINNED")

    assert verdict == "failed"
    assert f"requests is {requests.__version__}, not 0.1; no-such-package is missing, not 1" in sentence


def test_the_pins_of_this_repository_are_installed(context, diagnose):
    assert diagnose(context, "PACKAGES_PINNED")[0] == "ok"


def change_host(folder, **members):
    host = json.loads((folder / "host.json").read_text(encoding="utf-8"))
    (folder / "host.json").write_text(json.dumps(host | members), encoding="utf-8")


def test_time_limits_that_do_not_fit_are_found(context, diagnose, folder):
    assert diagnose(context, "TIMES_FIT")[0] == "ok"
    change_host(folder, functionTimeout="00:04:00")
    context.settings.job_lease_seconds = 60

    verdict, sentence, _ = diagnose(context, "TIMES_FIT")

    assert verdict == "failed"
    assert sentence.startswith("functionTimeout in host.json is shorter than the lock of a message; JOB_LEASE_SECONDS")


PACKAGE = (*configuration.PACKAGED, ".python_packages/lib/site-packages/orjson/orjson.cpython-313-x86_64.so")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (PACKAGE, ""),
        (PACKAGE[1:], "function_app.py is missing"),
        (PACKAGE[:-1], "it has no .python_packages"),
        ((*PACKAGE, ".python_packages/lib/site-packages/a.cpython-311-x86_64.so"), "1 binary file is for another"),
    ],
)
def test_a_package_that_lacks_something_is_found(context, diagnose, tmp_path, names, says):
    context.package = tmp_path / "app.zip"
    with zipfile.ZipFile(context.package, "w") as archive:
        for name in names:
            archive.writestr(name, "")

    verdict, sentence, _ = diagnose(context, "PACKAGE_COMPLETE")

    assert verdict == ("failed" if says else "ok")
    assert says in sentence


def test_a_package_may_be_a_folder_and_is_not_looked_for(context, diagnose, tmp_path):
    assert diagnose(context, "PACKAGE_COMPLETE")[0] == "not checked"
    context.package = tmp_path / "nothing.zip"
    assert diagnose(context, "PACKAGE_COMPLETE")[:2] == ("failed", "The package is neither a folder nor a zip file.")
    context.package = tmp_path
    assert diagnose(context, "PACKAGE_COMPLETE")[0] == "failed"


def test_an_app_that_does_not_load_or_lacks_functions_is_found(context, diagnose, folder):
    (folder / "function_app.py").write_text("raise ValueError('no')", encoding="utf-8")
    assert diagnose(context, "FUNCTIONS_INDEXED")[:2] == ("failed", "The app does not load: ValueError: no")

    (folder / "function_app.py").write_text(
        "class F:\n get_function_name = lambda _: 'add_tag'\nclass app:\n get_functions = lambda: [F()]\n",
        encoding="utf-8",
    )
    verdict, sentence, _ = diagnose(context, "FUNCTIONS_INDEXED")
    assert verdict == "failed"
    assert "doctor_hourly" in sentence
    assert "add_tag" not in sentence


def test_this_app_has_every_function(context, diagnose):
    assert diagnose(context, "FUNCTIONS_INDEXED")[0] == "ok"


@pytest.mark.parametrize(("second", "verdict"), [(10, "ok"), (45, "failed"), (None, "warning")])
def test_a_clock_that_is_wrong_is_found(context, diagnose, second, verdict):
    set_all(context)
    server = ScriptedServer()
    server.answer(Answer(401, headers={"Date": DATE.format(second)} if second else {}))

    with server.running():
        context.settings.dataverse_url = context.settings.spotler_url = server.url
        found, sentence, _ = diagnose(context, "CLOCK_RIGHT")

    assert found == verdict
    assert ("45 seconds from that of Dataverse" in sentence) == (verdict == "failed")


def test_an_app_that_does_not_end_its_start_is_found(context, diagnose, tmp_path, monkeypatch):
    (tmp_path / "function_app.py").write_text("import threading; threading.Event().wait()", encoding="utf-8")
    monkeypatch.setattr(configuration, "LOAD_SECONDS", 1.0)
    context.app = tmp_path

    assert diagnose(context, "FUNCTIONS_INDEXED")[:2] == ("failed", "The app did not load within 1 seconds.")


def test_a_mapping_that_is_wrong_is_found(context, diagnose, tmp_path):
    set_all(context)
    assert diagnose(context, "MAPPING_VALID")[0] == "ok"
    context.settings.mapping_file = tmp_path / "mapping.json"
    context.settings.mapping_file.write_text("{", encoding="utf-8")

    with pytest.raises(Misconfigured) as same:
        load_mapping(context.settings.mapping_file)
    assert diagnose(context, "MAPPING_VALID")[:2] == ("failed", same.value.sentence)
