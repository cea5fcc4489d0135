"""Who signs in for a set-up: what the commands say to somebody who is no administrator, or is not signed in."""

import subprocess

import pytest
from azure.core.exceptions import ClientAuthenticationError
from typer.testing import CliRunner

from connector.cli.app import app
from connector.cli.output import error_text
from connector.dataverse.api import Forbidden
from connector.dataverse.api.errors import refusal
from connector.errors import Misconfigured
from connector.setup.connecting import connect_setup, explained
from sandbox.dataverse.server import running
from sandbox.launch import ROOT

OWN = ("--own-sign-in",)


@pytest.fixture(scope="module")
def installed():
    """An environment in which the connector runs, as its application user."""
    with running() as ready:
        yield ready


@pytest.fixture(scope="module")
def empty():
    with running("--empty") as ready:
        yield ready


@pytest.fixture
def planned(monkeypatch, tmp_path):
    """What `setup plan` says, with the credentials of the connector, on a machine without az and azd."""

    def run(ready, *options: str) -> str:
        monkeypatch.chdir(tmp_path)
        values = {
            "REQUESTS_CA_BUNDLE": ready.ca_file,
            "MAPPING_FILE": str(ROOT / "mappings" / "default.json"),
            "DATAVERSE_URL": ready.url,
            "DATAVERSE_AUTHORITY": ready.url,
            "DATAVERSE_TENANT_ID": ready.tenant_id,
            "DATAVERSE_CLIENT_ID": ready.client_id,
            "DATAVERSE_CLIENT_SECRET": ready.client_secret,
            "PATH": str(tmp_path),
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        ended = CliRunner().invoke(app, ["setup", "plan", *options])
        assert ended.exit_code == 1
        return error_text(ended.exception)

    return run


def test_an_application_that_is_no_administrator_is_told_who_can_set_up(planned, installed):
    assert planned(installed) == (
        "[DATAVERSE_FORBIDDEN] The application DATAVERSE_CLIENT_ID lacks the privilege prvReadorganization. "
        "Set up as a System Administrator: with --own-sign-in, or with an application that is one."
    )


def test_the_advice_is_in_dutch_too(planned, installed, monkeypatch):
    monkeypatch.setenv("RESULT_LANGUAGE", "nl")

    assert "met --own-sign-in" in planned(installed)


def test_an_application_without_a_user_is_named_by_its_setting(planned, empty):
    assert "The application DATAVERSE_CLIENT_ID has no user in the environment" in planned(empty)


def test_without_az_and_azd_nobody_is_signed_in_and_no_secret_is_asked_for(planned, installed):
    assert planned(installed, *OWN) == (
        "[MISCONFIGURED] No token for Dataverse: you are not signed in on this machine. "
        "Run az login or azd auth login, or leave out --own-sign-in."
    )


@pytest.fixture
def az(tmp_path):
    """A machine with az, which answers this."""

    def answers(text: str) -> None:
        file = tmp_path / "az"
        file.write_text(f"#!/bin/sh\necho '{text}' >&2\nexit 1\n", encoding="utf-8")
        file.chmod(0o755)
        assert subprocess.run([file], check=False, capture_output=True).returncode == 1  # noqa: S603 - made here

    return answers


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("Please run az login to setup account.", "you are not signed in on this machine."),
        ("AADSTS70043: The refresh token has expired.", "Microsoft Entra refused your sign-in (AADSTS70043)."),
    ],
)
def test_what_az_answers_is_said_without_names_and_ids(planned, installed, az, answer, sentence):
    az(answer)

    assert planned(installed, *OWN).startswith(f"[MISCONFIGURED] No token for Dataverse: {sentence}")


def test_whoever_signs_in_without_rights_or_user_is_told_so_and_no_setting_is_named():
    denied = Forbidden("x. Missing privilege: prvReadRole.", status=403, dataverse_code="0x80040220")
    own, other = explained(denied, own_sign_in=True), explained(refusal(401, {}, None, "GET WhoAmI"), own_sign_in=True)

    assert (own.status, own.dataverse_code) == (403, "0x80040220")
    assert own.for_people == (
        "[DATAVERSE_FORBIDDEN] You lack the privilege prvReadRole. "
        "Setting up takes the role System Administrator in this environment."
    )
    assert "DATAVERSE_CLIENT_ID" not in other.for_people
    assert explained(Forbidden(), own_sign_in=True).sentence == "You lack the privilege that it takes."


def test_the_code_of_entra_is_found_wherever_it_stands(monkeypatch):
    class Refusing:
        def get_token(self, *_scopes):
            raise ClientAuthenticationError("AADSTS50076: for somebody@example.org")

    monkeypatch.setattr("connector.setup.connecting._signed_in", Refusing)
    calls, dataverse = connect_setup(type("Settings", (), {"dataverse_url": "https://localhost"})(), own_sign_in=True)
    with pytest.raises(Misconfigured, match="AADSTS50076") as refused:
        calls.get("WhoAmI")
    dataverse.close()

    assert "somebody" not in str(refused.value)
