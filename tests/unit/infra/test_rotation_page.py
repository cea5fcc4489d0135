"""The commands of the page about rotating keys: valid, and no secret is in an argument or on the screen."""

import re
import subprocess
from textwrap import dedent

import pytest

from tests.infra.ours import ROOT, deployed
from tests.unit.infra.az_standin import run

PAGE = (ROOT / "docs/operators/rotate-keys.md").read_text(encoding="utf-8")
BLOCKS = [dedent(block) for _, block in re.findall(r"^( *)```bash\n(.+?)^\1```", PAGE, flags=re.MULTILINE | re.DOTALL)]
STORE = next(block for block in BLOCKS if block.startswith("store()"))
NAMES = {"GROUP": "rg", "APP": "func", "VAULT": "kv-test", "NAMESPACE": "sb"}


def block_with(text):
    (found,) = (block for block in BLOCKS if text in block)
    return found


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][:40])
def test_every_block_is_valid_for_the_shell(block):
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)  # noqa: S607

    assert done.returncode == 0, done.stderr


def test_every_command_of_azure_is_in_a_block_that_is_tried():
    assert PAGE.count("az ") == "".join(BLOCKS).count("az ")
    assert "--value" not in PAGE


def test_a_secret_is_stored_by_standard_input_only(tmp_path):
    (call,), shown = run(f"{STORE}store spotler-key", tmp_path, "kéy %s\\n\n", **NAMES)

    assert (call.option("--name"), call.given) == ("spotler-key", "kéy %s\\n")
    assert "kéy" not in " ".join((*call.words, shown))


def test_what_is_stored_is_what_the_template_refers_to():
    stored = set(re.findall(r"^ *store ([a-z-]+)$", PAGE, flags=re.MULTILINE))
    stored |= set(re.findall(r"--name ([a-z-]+) --file", PAGE))

    assert stored == set(str(deployed("full").outputs["SECRETS_TO_SET"]).split())


def test_the_new_secret_of_the_application_user_goes_from_entra_to_the_vault_unseen(tmp_path):
    calls, shown = run(block_with("credential reset"), tmp_path, **NAMES)

    stored = calls[-1]
    assert (stored.option("--name"), stored.given) == ("dataverse-client-secret", "printed"), "without a line feed"
    reset = next(call for call in calls if "reset" in call.words)
    assert "--append" in reset.words, "the old secret stays valid"
    assert shown == "printed\n", "of the list of key ids only"


def test_a_setting_changes_so_that_the_app_reads_its_secrets(tmp_path):
    (call,), shown = run(block_with("SECRETS_AS_OF"), tmp_path, **NAMES)

    assert re.fullmatch(r"SECRETS_AS_OF=\d{4}-\d\d-\d\dT\d\d:\d\d", call.option("--settings"))
    assert "--output none" in " ".join(call.words), "Azure would show all settings"
    assert shown == "printed\n"


def test_the_keys_change_in_the_order_of_the_rehearsal(tmp_path):
    """tests/contract/servicebus/test_rotating_keys.py follows the same order."""
    blocks = [block for block in BLOCKS if "keys renew" in block]

    calls, _ = run("".join(blocks), tmp_path, **NAMES)

    assert [call.option("--key") for call in calls] == ["SecondaryKey", "PrimaryKey", "SecondaryKey"]
    assert {call.option("--name") for call in calls} == {"dataverse-send"}
