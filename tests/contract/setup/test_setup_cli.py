"""The commands `setup plan`, `setup check` and `setup apply`, against an empty stand-in. Nothing is installed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import certifi
import pytest
from typer.testing import CliRunner

import dev
from connector.cli.app import app
from connector.cli.setup_environment import environment
from connector.setup.applying import SetupReport
from connector.setup.errors import SetupPlanOutdated, SetupRefused
from connector.setup.plan import read_plan
from connector.setup.users import UserPart
from sandbox.dataverse.app import Application
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.limits import LimitSettings
from sandbox.dataverse.server import Ready, ready_of, running
from sandbox.dataverse.settings import Settings
from sandbox.launch import ROOT
from tests.in_process import reached_without_a_network

SECRET = "a-key-that-nobody-may-see"


@contextmanager
def in_this_process(url: str, *, is_empty: bool) -> Iterator[Ready]:
    """A stand-in without a network, and without limits: plans of many tests are more calls than a user has."""
    environment = Environment(Settings(empty=is_empty, limits=LimitSettings(enabled=False)))
    environment.addresses = (url,)
    with reached_without_a_network({url: Application(environment)}):
        yield ready_of(environment.settings, url, None, certifi.where())


@pytest.fixture(scope="module")
def empty():
    with in_this_process("https://empty.localhost", is_empty=True) as ready:
        yield ready


def settings_of(ready: Ready) -> dict[str, str]:
    """To sign in as its administrator."""
    return {
        "REQUESTS_CA_BUNDLE": ready.ca_file,
        "MAPPING_FILE": str(ROOT / "mappings" / "default.json"),
        "ServiceBus": "Endpoint=sb://localhost:1/;SharedAccessKeyName=x;SharedAccessKey=y",
        "SERVICE_ENDPOINT_KEY": SECRET,
        "DATAVERSE_URL": ready.url,
        "DATAVERSE_AUTHORITY": ready.url,
        "DATAVERSE_TENANT_ID": ready.tenant_id,
        "DATAVERSE_CLIENT_ID": ready.admin_client_id,
        "DATAVERSE_CLIENT_SECRET": ready.admin_client_secret,
    }


@pytest.fixture
def cli(empty, monkeypatch, tmp_path):
    """Runs a command with the settings of Dataverse and no others."""
    monkeypatch.chdir(tmp_path)
    for name, value in settings_of(empty).items():
        monkeypatch.setenv(name, value)
    return lambda *arguments, **options: CliRunner().invoke(app, ["setup", *arguments], **options)


def test_a_plan_is_shown_and_kept_in_a_file(cli, empty, tmp_path):
    ended = cli("plan", "--application", empty.client_id, "--out", "plan.json")

    plan = read_plan(tmp_path / "plan.json")
    assert ended.exit_code == 0
    assert f"{len(plan.writes)} create" in ended.stdout
    assert {each.action.value for each in plan.components} == {"create"}
    assert SECRET not in ended.output + (tmp_path / "plan.json").read_text(encoding="utf-8")


def test_a_plan_says_to_developers_whether_all_tables_are_there(cli, monkeypatch):
    assert not dev.has_all_tables(cli("plan", "--json").stdout)
    with in_this_process("https://installed.localhost", is_empty=False) as installed:
        for name, value in settings_of(installed).items():
            monkeypatch.setenv(name, value)
        ended = cli("plan", "--json")

    assert (ended.exit_code, dev.has_all_tables(ended.stdout)) == (1, True)


def test_a_plan_is_shown_in_dutch_and_its_file_does_not_change(cli, empty, monkeypatch, tmp_path):
    monkeypatch.setenv("RESULT_LANGUAGE", "nl")

    ended = cli("plan", "--application", empty.client_id, "--out", "plan.json")

    plan = read_plan(tmp_path / "plan.json")
    assert f"{len(plan.writes)} maken" in ended.stdout
    assert all(text in ended.stdout for text in ("Onderdeel", "Actie", "Waarom", "Het is er niet."))
    assert {each.why for each in plan.components} == {"It is not there."}
    assert "is geen onderdeel van ons." in cli("remove", "--also", "table nosuch").stdout


@pytest.mark.parametrize("option", ["--out", "--propose"])
def test_a_file_for_which_there_is_no_room_is_named(cli, option):
    ended = cli("plan", option, "/dev/full")

    assert ended.exit_code == 1
    assert "/dev/full cannot be written (OSError)" in " ".join(ended.stderr.split())


def test_a_setting_that_is_no_client_id_is_refused_before_anybody_signs_in(cli, monkeypatch):
    monkeypatch.setenv("DATAVERSE_CLIENT_ID", "Spotler")

    ended = cli("plan", "--own-sign-in")

    assert ended.exit_code == 2
    assert "“Spotler” is no client id" in ended.stderr


def test_a_check_says_by_its_exit_code_that_something_is_to_be_done_and_how(cli):
    ended = cli("check", "--json")

    assert ended.exit_code == 2
    assert "setup plan --out FILE" in ended.stderr
    assert json.loads(ended.stdout)["refusals"] == []


def test_a_plan_that_adopts_needs_the_name_of_the_environment(cli, tmp_path):
    (tmp_path / "adopt.json").write_text('{"publisher": "vendor"}', encoding="utf-8")

    cli("plan", "--adopt", "adopt.json", "--out", "plan.json")
    ended = cli("apply", "plan.json", "--confirm", "another")

    assert ended.exit_code == 1
    assert "the environment sandbox: if you mean it, repeat its name with --confirm" in ended.stderr


def test_a_removal_is_shown_first_and_carried_out_only_for_the_environment_that_is_named(cli):
    shown = cli("remove", "--out", "removal.json")
    wrong = cli("remove", "removal.json", "--confirm", "another")
    done = cli("remove", "removal.json", "--confirm", "sandbox")

    assert (shown.exit_code, wrong.exit_code, done.exit_code) == (0, 1, 0)
    assert "0 to remove" in shown.stdout
    assert "the environment sandbox: if you mean it, repeat its name with --confirm" in wrong.stderr
    assert done.stdout.startswith("0 components removed, 0 writes")


def test_a_component_that_there_is_not_cannot_be_named(cli):
    ended = cli("remove", "--also", "table nosuch")

    assert ended.exit_code == 1
    assert "table nosuch is no component of ours" in ended.stdout


def test_a_component_without_its_kind_is_named_as_it_is_to_be_written(cli):
    ended = cli("remove", "--also", "dh_websitevisitor")

    assert "Write it as the plan does: table dh_websitevisitor." in ended.stdout


@pytest.mark.parametrize(
    ("command", "written_with"),
    [
        (("apply",), "setup plan --out FILE"),
        (("remove", "--confirm", "sandbox"), "setup remove --out FILE"),
        (("plan", "--adopt"), "setup plan --propose FILE"),
    ],
)
@pytest.mark.parametrize("content", ["no JSON", '{"format": 0}'])
def test_a_file_that_is_something_else_is_refused_with_the_command_that_writes_it(
    cli, tmp_path, command, written_with, content
):
    (tmp_path / "file.json").write_text(content, encoding="utf-8")

    ended = cli(*command, "file.json")

    assert f"Write it with: python -m connector {written_with}." in str(ended.exception.for_people)


@pytest.mark.parametrize("client_id", ["", "Spotler"])
def test_an_application_is_named_by_its_client_id(cli, client_id):
    ended = cli("plan", "--application", client_id)

    assert ended.exit_code == 2
    assert "is no client id" in ended.stderr


def test_what_is_left_out_is_said_again_below_the_plan_with_the_command_that_comes_next(cli, monkeypatch):
    monkeypatch.delenv("ServiceBus")

    lines = cli("plan", "--out", "plan.json").stdout.splitlines()

    summary = next(number for number, line in enumerate(lines) if line.startswith("sandbox, version 1.0.0.0:"))
    below = lines[summary + 1 :]
    assert below[0].startswith("Left out: service endpoint SpotlerAutomate. No bus is named")
    assert below[1].startswith("Left out: step SpotlerAutomate: Create of dh_spotlerjob and ")
    assert below[2] == (
        "Left out: application user Spotler Connector. No application is named: give its client id with --application."
    )
    assert below[3:] == ["Apply it, with the same options, with: python -m connector setup apply plan.json"]


def test_an_export_of_what_is_not_installed_leaves_no_file(cli, tmp_path):
    ended = cli("export", "solution.zip")

    assert ended.exit_code == 1
    assert "does not have version" in str(ended.exception)
    assert not (tmp_path / "solution.zip").exists()


def test_what_could_be_adopted_is_written_to_a_file(cli, tmp_path):
    cli("plan", "--propose", "adopt.json")

    assert json.loads((tmp_path / "adopt.json").read_text(encoding="utf-8")) == {
        "publisher": "dhconnector",
        "components": [],
    }


def test_without_a_key_a_plan_is_refused_and_one_from_standard_input_counts(cli, monkeypatch):
    monkeypatch.delenv("SERVICE_ENDPOINT_KEY")

    without = cli("plan", "--json")
    given = cli("plan", "--json", "--key-from-stdin", input=f"{SECRET}\n")

    assert without.exit_code == 1
    assert "SERVICE_ENDPOINT_KEY" in json.loads(without.stdout)["refusals"][0]
    assert (given.exit_code, json.loads(given.stdout)["refusals"], SECRET in given.output) == (0, [], False)


def test_what_is_asked_for_beside_the_manifest_stands_in_the_plan(cli, tmp_path):
    cli("check")  # puts the settings into the environment
    with environment(own_sign_in=False) as target:
        forms = target.calls.rows(
            "systemforms?$select=formid&$filter=objecttypecode%20eq%20'lead'%20and%20type%20eq%202"
        )
    form = f"lead:{forms[0]['formid']}"
    ended = cli("plan", "--buttons", "--form", form, "--out", "plan.json")

    plan = read_plan(tmp_path / "plan.json")
    assert ended.exit_code == 0
    assert (plan.extras.buttons, plan.extras.forms) == (True, (form,))
    assert {"button lead.form.sync", f"form tab {form}"} <= {each.component for each in plan.writes}


def test_a_form_that_is_not_there_is_refused_with_its_name_and_so_is_its_plan(cli, tmp_path):
    form = "lead:11111111-0000-4000-8000-000000000000"
    ended = cli("plan", "--form", form, "--out", "plan.json")
    applied = cli("apply", "plan.json")

    plan = read_plan(tmp_path / "plan.json")
    assert ended.exit_code == 1
    missing = f"form tab {form}: There is no main form of lead with this id."
    assert plan.refusals == (f"{missing} The id is in the address of the form in Power Apps.",)
    assert plan.refusals[0] in " ".join(ended.output.split())
    assert [each.why for each in plan.components if each.component == f"form tab {form}"] == [
        "There is no main form of lead with this id."
    ]
    assert isinstance(applied.exception, SetupRefused)


def test_a_mapping_that_names_missing_columns_is_refused_with_all_of_them_and_nothing_is_written(
    cli, empty, monkeypatch, tmp_path
):
    assert cli("plan", "--application", empty.client_id, "--out", "plan.json").exit_code == 0
    rows = [
        {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
        *({"contact": f"new_{number}", "direction": "->", "spotler": f"f{number}"} for number in range(2)),
    ]
    (tmp_path / "mapping.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    monkeypatch.setenv("MAPPING_FILE", str(tmp_path / "mapping.json"))

    planned = cli("plan", "--application", empty.client_id, "--json")
    applied = cli("apply", "plan.json", "--application", empty.client_id)

    refusals = json.loads(planned.stdout)["refusals"]
    assert planned.exit_code == 1
    assert ["new_0" in refusals[0], "new_1" in refusals[1], len(refusals)] == [True, True, 2]
    assert isinstance(applied.exception, SetupRefused)
    assert "no column new_0" in str(applied.exception)
    with environment(own_sign_in=False) as target:
        assert target.solution_id == ""


@pytest.mark.parametrize("form", ["list:11111111-0000-4000-8000-000000000000", "lead:Main", "lead"])
def test_a_form_is_named_by_its_table_and_id(cli, form):
    ended = cli("plan", "--form", form)

    assert ended.exit_code == 2
    assert "is no form" in ended.stderr


def test_what_was_planned_is_not_left_out_because_an_option_is_missing(cli, empty):
    cli("plan", "--application", empty.client_id, "--out", "plan.json")
    ended = cli("apply", "plan.json")

    assert isinstance(ended.exception, SetupPlanOutdated)
    assert "--application" in str(ended.exception)


def test_a_key_that_is_missing_when_a_plan_is_applied_is_asked_for(cli, empty, monkeypatch):
    cli("plan", "--application", empty.client_id, "--out", "plan.json")
    monkeypatch.delenv("SERVICE_ENDPOINT_KEY")

    ended = cli("apply", "plan.json", "--application", empty.client_id)

    assert isinstance(ended.exception, SetupPlanOutdated)
    assert "SERVICE_ENDPOINT_KEY" in str(ended.exception)
    assert "The environment changed" not in str(ended.exception)
    assert "Give setup apply the options and settings that the plan was made with" in str(ended.exception.for_people)


def test_an_applied_plan_ends_with_the_id_that_the_app_needs_of_its_user(cli, empty, monkeypatch):
    application = empty.admin_client_id  # who has a user already
    monkeypatch.setattr("connector.setup.applying.apply_setup", lambda *_: SetupReport((), 0, 0.0))
    monkeypatch.setattr("connector.setup.endpoint_check.check_endpoint", lambda *_: "")
    cli("plan", "--application", application, "--out", "plan.json")
    with environment(own_sign_in=False) as target:
        user_id = UserPart(application).read(target)["systemuserid"]

    ended = cli("apply", "plan.json", "--application", application)

    assert f"The setting DATAVERSE_USER_ID of the app: {user_id}" in ended.stdout.splitlines()


def test_a_terminal_shows_a_bar_with_how_many_components_are_read():
    ours, theirs = os.openpty()
    with running("--empty") as ready:
        command = [sys.executable, "-m", "connector", "setup", "plan", "--application", ready.client_id]
        values = {**os.environ, **settings_of(ready), "TERM": "xterm"}
        with subprocess.Popen(  # noqa: S603 - this interpreter
            command, stdout=subprocess.DEVNULL, stderr=theirs, env=values, cwd=ROOT
        ) as process:
            os.close(theirs)
            shown = _all_of(ours)

    assert process.returncode == 0
    assert "sandbox: components read" in shown
    assert "━" in shown


def _all_of(terminal: int) -> str:
    parts = []
    with suppress(OSError):  # a terminal that nobody writes to any more cannot be read
        while part := os.read(terminal, 65_536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode(errors="replace")
