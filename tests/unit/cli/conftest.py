import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from connector.cli import consent
from connector.cli.app import app
from connector.errors import Misconfigured
from connector.settings import get_settings


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def environment(_no_settings_of_this_machine, monkeypatch, tmp_path):
    """The environment of a command, without settings; what the command adds to it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    with patch.dict(os.environ, {"COLUMNS": "40"}):  # of a terminal that is none: nothing may be cut to it
        os.environ.pop("REQUESTS_CA_BUNDLE", None)  # some machines trust authorities of their own
        get_settings.cache_clear()
        yield os.environ
    get_settings.cache_clear()


@pytest.fixture
def cli(environment, monkeypatch, capsys):  # noqa: ARG001 - the place where it runs
    """Runs a command as a person would."""

    def _cli(*arguments: str) -> Ended:
        from connector.cli.app import main

        monkeypatch.setattr(sys, "argv", ["connector", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return _cli


@pytest.fixture
def settings_file(world, tmp_path):
    """The settings of a system that runs, as a file."""
    from sandbox.system import write_settings

    path = tmp_path / "running.settings.json"
    settings = world.services.settings
    values = {
        "ServiceBus": "Endpoint=sb://localhost/",
        "DATAVERSE_URL": settings.dataverse_url,
        "DATAVERSE_AUTHORITY": settings.dataverse_authority,
        "DATAVERSE_TENANT_ID": settings.dataverse_tenant_id,
        "DATAVERSE_CLIENT_ID": settings.dataverse_client_id,
        "DATAVERSE_CLIENT_SECRET": settings.dataverse_client_secret.get_secret_value(),
        "SPOTLER_URL": settings.spotler_url,
        "SPOTLER_KEY": settings.spotler_key.get_secret_value(),
        "SPOTLER_SECRET": settings.spotler_secret.get_secret_value(),
        "STATE": settings.state.get_secret_value(),
        "REQUESTS_CA_BUNDLE": world.ready.ca_file,
    }
    write_settings(path, values)
    return path


@pytest.fixture
def run(world, monkeypatch):
    """Runs a command; returns its exit code and what it printed."""
    monkeypatch.setattr(consent, "get_services", lambda: world.services)
    monkeypatch.setattr(consent, "dataverse", lambda: nullcontext(world.services.dataverse))

    def _run(*arguments):
        result = CliRunner().invoke(app, ["consent", *map(str, arguments)])
        if isinstance(result.exception, Misconfigured):
            return 1, str(result.exception)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return _run
