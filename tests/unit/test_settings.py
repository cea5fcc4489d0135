"""Settings: read from the environment, every problem named at once, never a value."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from connector.errors import Misconfigured
from connector.settings import BusSettings, Settings, get_settings, load_settings

ROOT = Path(__file__).parents[2]
BUS = "Endpoint=sb://localhost;SharedAccessKeyName=Root;SharedAccessKey=hush"
REQUIRED = {
    "ServiceBus": BUS,
    "DATAVERSE_URL": "https://org.crm4.dynamics.com",
    "SPOTLER_KEY": "key",
    "SPOTLER_SECRET": "hush",
    "STATE": "/hush",
}
pytestmark = pytest.mark.usefixtures("_no_settings_of_this_machine")


@pytest.fixture
def load(monkeypatch):
    """Reads the settings of an environment that has the required ones, and these; None leaves one out."""

    def _load(**settings: str | None) -> Settings:
        for name, value in {**REQUIRED, **settings}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return load_settings(Settings)

    return _load


def sentence(load, **settings: str | None) -> str:
    with pytest.raises(Misconfigured) as caught:
        load(**settings)
    assert caught.value.result_code == "MISCONFIGURED"
    return caught.value.sentence


def test_what_is_required_is_enough_and_the_rest_has_defaults(load):
    settings = load()

    assert settings.service_bus.get_secret_value() == BUS
    assert settings.dataverse_url == "https://org.crm4.dynamics.com"
    assert settings.spotler_url == "https://restapi.mailplus.nl/integrationservice-1.1.0"
    assert (settings.job_lease_seconds, settings.job_give_up_hours, settings.job_sweep_after_seconds) == (300, 3, 120)
    assert (settings.dataverse_parallel, settings.spotler_parallel) == (8, 24)
    assert settings.mapping_file == Path("mappings/default.json")


def test_every_setting_is_read_by_its_name_in_any_case(load):
    settings = load(JOB_LEASE_SECONDS="30", Dataverse_Tenant_Id="t", spotler_timeout="3.5")

    assert (settings.job_lease_seconds, settings.dataverse_tenant_id, settings.spotler_timeout) == (30, "t", 3.5)


@pytest.mark.parametrize(
    ("place", "is_directory"),
    [
        ("/home/app/state", True),
        (".sandbox/state", True),
        ("https://account.blob.core.windows.net", False),
        ("http://127.0.0.1:10000/devstoreaccount1", False),
        ("DefaultEndpointsProtocol=https;AccountName=account;AccountKey=hush", False),
    ],
)
def test_the_state_is_in_a_directory_or_in_a_storage_account(load, place, is_directory):
    settings = load(STATE=f" {place}/" if "=" not in place and "://" in place else place)

    assert (settings.state.get_secret_value(), settings.state_is_directory) == (place, is_directory)


def test_an_empty_setting_is_as_good_as_none(load):
    settings = load(DATAVERSE_CLIENT_SECRET="", DATAVERSE_TENANT_ID="", SPOTLER_PARALLEL="")

    assert (settings.dataverse_client_secret, settings.dataverse_tenant_id, settings.spotler_parallel) == (
        None,
        None,
        24,
    )


def test_settings_of_others_are_ignored(load):
    load(FUNCTIONS_WORKER_RUNTIME="python", SPOTLER_SOMETHING_ELSE="x")


def test_a_namespace_with_an_identity_takes_the_place_of_a_connection_string(load):
    settings = load(ServiceBus=None, ServiceBus__fullyQualifiedNamespace="name.servicebus.windows.net")

    assert (settings.service_bus, settings.service_bus_namespace) == (None, "name.servicebus.windows.net")


def test_the_identity_of_the_sender_is_read_by_the_names_that_the_triggers_read(load):
    settings = load(
        ServiceBus=None, ServiceBus__fullyQualifiedNamespace="name.servicebus.windows.net",
        ServiceBus__credential="ManagedIdentity", ServiceBus__clientId="c-1", ServiceBus__managedIdentityResourceId="",
    )  # fmt: skip

    assert settings.service_bus_credential == "managedidentity"
    assert (settings.service_bus_client_id, settings.service_bus_resource_id) == ("c-1", None)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            {"ServiceBus__credential": "workloadidentity"},
            "ServiceBus__credential: Value error, must be managedidentity or empty",
        ),
        (
            {"ServiceBus__clientId": "hush", "ServiceBus__managedIdentityResourceId": "/hush"},
            "ServiceBus__managedIdentityResourceId: Value error, set this or ServiceBus__clientId, not both",
        ),
    ],
)
def test_an_identity_that_the_sender_cannot_use_is_refused(load, wrong, problem):
    assert sentence(load, **wrong) == f"Settings are missing or wrong: {problem}."


def test_everything_that_is_missing_is_named_at_once(load):
    text = sentence(load, **dict.fromkeys(REQUIRED))

    assert text == (
        "Settings are missing or wrong: "
        "ServiceBus__fullyQualifiedNamespace: Value error, set it, or set ServiceBus to a connection string; "
        "DATAVERSE_URL: Field required; SPOTLER_KEY: Field required; SPOTLER_SECRET: Field required; "
        "STATE: Field required."
    )


def test_everything_that_is_wrong_is_named_at_once_and_without_its_value(load):
    wrong = {
        "DATAVERSE_URL": "http://hush.example.org",
        "DATAVERSE_CLIENT_SECRET": "hush-hush",
        "DATAVERSE_PARALLEL": "53",
        "SPOTLER_TIMEOUT": "hush",
        "SPOTLER_PARALLEL": "0",
        "JOB_LEASE_SECONDS": "-1",
        "JOB_GIVE_UP_HOURS": "0",
        "TIME_ZONE": "Europe/hush",
    }

    text = sentence(load, **wrong, SPOTLER_KEY=None)

    assert all(f"{name}: " in text for name in [*wrong, "SPOTLER_KEY"])
    assert "hush" not in text


@pytest.mark.parametrize(
    "url",
    [
        "http://org.example.org",
        "org.example.org",
        "ftp://localhost",
        "https://",
        "https://[hush",
        "https://hush\u2100.example.org",
        "http://127.0.0.1.example.org",
    ],
)
@pytest.mark.parametrize("name", ["DATAVERSE_URL", "DATAVERSE_AUTHORITY", "SPOTLER_URL"])
def test_credentials_travel_over_tls_only(load, name, url):
    assert sentence(load, **{name: url}) == (
        f"Settings are missing or wrong: {name}: Value error, must be an https address."
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://localhost:1"])
def test_a_stand_in_on_this_machine_may_do_without(load, url):
    assert load(SPOTLER_URL=f"{url}/").spotler_url == url


@pytest.mark.parametrize("given", [{}, {"DATAVERSE_CLIENT_ID": "c"}, {"DATAVERSE_TENANT_ID": "t"}])
def test_a_secret_without_its_owner_is_refused(load, given):
    assert "DATAVERSE_CLIENT_SECRET: " in sentence(load, DATAVERSE_CLIENT_SECRET="hush", **given)


def test_a_secret_with_its_owner_is_taken(load):
    settings = load(DATAVERSE_CLIENT_SECRET="hush", DATAVERSE_CLIENT_ID="c", DATAVERSE_TENANT_ID="t")

    assert settings.dataverse_client_secret.get_secret_value() == "hush"


@pytest.mark.parametrize("zone", ["Europe", "/etc/hush", "CEST+hush", "hush\0"])
def test_a_time_zone_that_is_none_is_refused(zone):
    with pytest.raises(ValidationError, match="must be a time zone such as Europe/Amsterdam"):
        Settings(**REQUIRED, time_zone=zone)


@pytest.mark.parametrize(("given", "kinds"), [(" Opened, clicked,", {"opened", "clicked"}), (",", set())])
def test_kinds_of_interactions_are_listed_with_commas(load, given, kinds):
    assert load(INTERACTIONS=given).interaction_kinds == kinds


def test_a_kind_of_interactions_that_does_not_exist_is_refused(load):
    with pytest.raises(Misconfigured, match="some of sent, opened, clicked, bounced"):
        load(INTERACTIONS="opened,read")


def test_time_zones_are_known_on_a_machine_that_has_none():
    code = "from zoneinfo import ZoneInfo; print(ZoneInfo('Europe/Amsterdam'))"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code], env={"PYTHONTZPATH": ""}, capture_output=True, text=True, check=True
    )

    assert done.stdout == "Europe/Amsterdam\n"


def test_no_secret_shows_in_a_log_of_the_settings(load):
    settings = load(DATAVERSE_CLIENT_SECRET="hush", DATAVERSE_CLIENT_ID="c", DATAVERSE_TENANT_ID="t")

    assert "hush" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_the_settings_of_the_bus_can_be_read_while_any_other_is_wrong(load, monkeypatch):
    sentence(load, DATAVERSE_URL="nowhere", SPOTLER_KEY=None, SPOTLER_PARALLEL="many", DATAVERSE_USER_ID="u-1")

    settings = load_settings(BusSettings)

    assert (settings.service_bus.get_secret_value(), settings.dataverse_user_id) == (BUS, "u-1")
    monkeypatch.delenv("ServiceBus")
    with pytest.raises(Misconfigured, match="ServiceBus"):
        load_settings(BusSettings)


def test_settings_are_read_once_per_process(load):
    load()
    get_settings.cache_clear()
    try:
        assert get_settings() is get_settings()
    finally:
        get_settings.cache_clear()


def test_the_example_names_settings_that_exist_and_is_complete_once_it_is_filled_in(load):
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    known = {(field.validation_alias or name.upper()) for name, field in Settings.model_fields.items()}
    of_the_host = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}

    assert {name for name in example if not name.endswith("_SCHEDULE")} - of_the_host <= known
    assert load(**{name: value or "filled-in" for name, value in example.items()})


def test_every_setting_is_explained():
    page = (ROOT / "docs" / "settings.md").read_text()
    names = [field.validation_alias or name.upper() for name, field in Settings.model_fields.items()]

    assert [name for name in names if f"`{name}`" not in page] == []


LEADS = {
    "LEADS_ACCOUNT": "c0ffee00-0000-4000-8000-000000000001",
    "LEADS_CLIENT_ID": "id",
    "LEADS_CLIENT_SECRET": "hush",
    "LEADS_USER": "user",
    "LEADS_PASSWORD": "hush",
}


def test_spotler_leads_is_configured_as_a_whole_or_not_at_all(load):
    assert load().leads_account is None
    assert load(**LEADS).leads_account == LEADS["LEADS_ACCOUNT"]


@pytest.mark.parametrize("missing", sorted(LEADS))
def test_a_missing_setting_of_spotler_leads_is_named(load, missing):
    said = sentence(load, **{**LEADS, missing: None})

    assert missing in said
    assert "hush" not in said


def test_an_account_of_spotler_leads_is_a_guid(load):
    said = sentence(load, **{**LEADS, "LEADS_ACCOUNT": "my-account"})

    assert "LEADS_ACCOUNT" in said
    assert "my-account" not in said
