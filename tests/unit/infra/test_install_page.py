"""The page about installing says what the template and the tools do, and its commands are right."""

import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import dev
from connector.cli.app import app as commands
from connector.servicebus.entities import ENTITIES_FILE
from tests.infra.ours import INFRA, MAIN, ROOT, deployed
from tests.infra.syntax import read
from tests.infra.tree import Literal, Output, Parameter
from tests.unit.infra.az_standin import run

FOLDER = ROOT / "docs/administrators"
PAGE = (FOLDER / "install.md").read_text(encoding="utf-8")
WORKFLOW = (FOLDER / "github-workflow.yml").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.+?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
PARAMETERS = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]


def variables():
    """The variable of azd by which a parameter is set."""
    found = {name: re.fullmatch(r"\$\{(\w+)(=.*)?\}", str(each["value"])) for name, each in PARAMETERS.items()}
    return {name: match[1] for name, match in found.items() if match}


def rows():
    """The table of parameters: variable and default of each."""
    table = PAGE.partition("\n## Parameters\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)? ?\| (.*?) ?\|", table, flags=re.MULTILINE)
    return {name: (variable, default.strip("`")) for name, variable, default in found}


def test_every_parameter_is_in_the_table_and_no_other():
    assert list(rows().keys() ^ {each.name for each in read(MAIN).of_kind(Parameter)}) == []


def test_each_parameter_has_its_variable():
    assert {name: variable for name, (variable, _) in rows().items() if variable} == variables()


def test_each_parameter_has_its_default():
    def shown(default):
        match default:
            case None:
                return "required"
            case Literal(value):
                return str(value).lower() if isinstance(value, bool) else str(value)
        return None  # an expression, which the page describes

    declared = {each.name: shown(each.default) for each in read(MAIN).of_kind(Parameter)}

    assert {name: rows()[name][1] for name, default in declared.items() if default is not None} == {
        name: default for name, default in declared.items() if default is not None
    }


def test_what_the_page_asks_of_azd_exists():
    outputs = {each.name for each in read(MAIN).of_kind(Output)}

    assert set(re.findall(r"azd env get-value (\w+)", PAGE)) - outputs == set()
    assert set(re.findall(r"azd env set (\w+)", PAGE)) - {*variables().values(), "VARIABLE"} == set()
    assert set(re.findall(r"azd (\w+)", "".join(BLOCKS))) == {"auth", "env", "provision", "up", "deploy", "down"}


def test_the_number_of_functions_is_that_of_the_app():
    import function_app

    assert f"there are {len(function_app.app.get_functions())}:" in PAGE


def test_every_required_parameter_is_given_on_both_ways():
    required = {each.name for each in read(MAIN).of_kind(Parameter) if each.default is None}
    with_cli = next(block for block in BLOCKS if "az deployment sub" in block)
    with_azd = set(re.findall(r"azd env set (\w+)", PAGE)) | {"AZURE_ENV_NAME"}

    assert required - set(re.findall(r"(\w+)=", with_cli)) == set()
    assert {variables()[name] for name in required} - with_azd == set()


def test_the_table_of_secrets_is_what_the_template_refers_to():
    table = dict(re.findall(r"^\| `([a-z-]+-[a-z]+)` \| `(\w+)` \|", PAGE, flags=re.MULTILINE))

    assert table.keys() == set(str(deployed("full").outputs["SECRETS_TO_SET"]).split())
    assert all(setting == name.upper().replace("-", "_") for name, setting in table.items())


def test_names_of_the_bus_are_those_of_the_definition():
    (rule,) = json.loads(ENTITIES_FILE.read_text(encoding="utf-8"))["authorizationRules"]

    assert f"--queue-name {rule['queue']} --name {rule['name']}" in PAGE


def test_the_resource_group_is_named_as_the_template_names_it():
    group = str(deployed("least").outputs["AZURE_RESOURCE_GROUP"]).replace("test", "production")

    assert set(re.findall(r"rg-[\w-]+", "".join(BLOCKS))) == {group}
    assert f"`{group.replace('production', 'NAME')}`" in PAGE


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][:40])
def test_every_block_is_valid_for_the_shell(block):
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)  # noqa: S607

    assert done.returncode == 0, done.stderr


def test_every_command_of_ours_exists():
    for name in re.findall(
        r"python3 dev\.py (\w+)", PAGE + WORKFLOW + (ROOT / "azure.yaml").read_text(encoding="utf-8")
    ):
        assert name in dev.COMMANDS


def test_secrets_reach_the_vault_by_standard_input_only(tmp_path):
    """The block of the page, run with a stand-in for the Azure CLI that records what it is given."""
    block = next(block for block in BLOCKS if "keyvault secret set" in block)

    calls, shown = run(
        block, tmp_path, "kéy %s\\n\n  two words  \n", VAULT="kv-test", SECRETS="spotler-key spotler-secret"
    )

    first, second = calls
    assert first.option("--name") == "spotler-key"
    assert first.given == "kéy %s\\n", "as it was typed, without a line feed"
    assert (second.option("--name"), second.given) == ("spotler-secret", "  two words  ")
    assert not re.search("kéy|two", " ".join((*first.words, *second.words, shown)))


def test_the_names_for_the_next_steps_are_found_without_azd(tmp_path):
    block = next(block for block in BLOCKS if "az keyvault list " in block)

    calls, shown = run(f'{block}\necho "$GROUP $APP $VAULT $NAMESPACE $SECRETS"', tmp_path)

    assert {call.option("--resource-group") for call in calls} == {"rg-production-spotler"}
    assert shown.split() == ["rg-production-spotler", *["printed"] * 3, "spotler-key", "spotler-secret"]


def test_who_deploys_from_github_gets_a_trust_and_a_role_and_no_secret(tmp_path):
    block = next(block for block in BLOCKS if "federated-credential" in block)

    calls, _ = run(block, tmp_path, GROUP="rg", APP="func")

    trust = next(call for call in calls if "federated-credential" in call.words)
    role = next(call for call in calls if call.words[:3] == ["role", "assignment", "create"])
    given = json.loads(trust.option("--parameters"))
    assert given["issuer"] == "https://token.actions.githubusercontent.com"
    assert given["subject"].endswith(f":environment:{yaml.safe_load(WORKFLOW)['jobs']['deploy']['environment']}")
    assert role.option("--scope") == "printed", "the app only"
    assert not [call for call in calls if "credential" in call.words and "reset" in call.words]


# azure.yaml and the workflow


def test_azd_deploys_the_staged_folder_as_it_is():
    service = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))["services"]["connector"]

    assert service["remoteBuild"] is False
    assert (service["language"], service["host"]) == ("python", "function")
    project = (ROOT / service["project"]).resolve()
    assert project == ROOT / "build/app"
    assert (project / ".gitkeep").exists(), "azd reads azure.yaml before the hook makes the folder"


def test_the_service_has_the_name_by_which_azd_finds_the_app():
    (site,) = (each for each in deployed("least").all() if each.kind == "Microsoft.Web/sites")
    (name,) = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))["services"]

    assert site.body["tags"] == {"azd-env-name": "test", "azd-service-name": name}


def test_the_hook_builds_the_package_on_every_system():
    services = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))["services"]
    hook = services["connector"]["hooks"]["prepackage"]
    from_folder = ROOT / "build/app"

    assert hook.keys() == {"posix", "windows"}
    for each in hook.values():
        _, script, command = each["run"].split()
        assert (from_folder / script).resolve() == Path(dev.__file__)
        assert command == "package"


def test_the_workflow_pins_every_action_and_keeps_no_secret():
    workflow = yaml.safe_load(WORKFLOW)
    actions = re.findall(r"uses: (\S+)", WORKFLOW)

    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []
    assert "secrets." not in WORKFLOW
    assert workflow["permissions"] == {"contents": "read", "id-token": "write"}
    assert workflow[True] == {"workflow_dispatch": None}, "only when somebody starts it"


def test_the_workflow_deploys_with_the_command_of_the_page():
    def command(text):
        (found,) = set(re.findall(r"az functionapp deployment source config-zip (?:.*\\\n)*.*", text))
        return found.replace("\\\n", " ").split()

    assert command(WORKFLOW) == command(PAGE)
    assert set(re.findall(r"vars\.(\w+)", WORKFLOW)) - set(re.findall(r"`(AZURE_\w+)`", PAGE)) == set()


def test_what_the_set_up_needs_is_found_and_the_key_is_not_shown(tmp_path):
    block = next(block for block in BLOCKS if "export SERVICE_ENDPOINT_KEY" in block)
    inner = "bash -c 'echo ${#SERVICE_ENDPOINT_KEY} $DATAVERSE_URL'"

    _, shown = run(
        f'{block}\n{inner}; echo "$CLIENT_ID $ServiceBus__fullyQualifiedNamespace"',
        tmp_path,
        GROUP="rg",
        NAMESPACE="sb",
    )

    assert shown.split() == [
        str(len("printed")), "https://ORGANISATION.crm4.dynamics.com", "printed", "sb.servicebus.windows.net",
    ]  # fmt: skip


def test_commands_of_the_connector_and_their_options_exist():
    found = re.findall(r"^python -m connector (.+)$", "".join(BLOCKS), flags=re.MULTILINE)

    assert len(found) == 2
    for command in found:
        words = command.replace('"$CLIENT_ID"', "id").split()
        groups = list(itertools.takewhile(str.isalpha, words))
        shown = CliRunner(env={"COLUMNS": "200"}).invoke(commands, [*groups, "--help"])
        assert shown.exit_code == 0
        assert all(option in shown.output for option in words if option.startswith("--")), command
