"""What a cold start may load, by names and not on a schedule: rates say little on a machine that others share."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: azure-functions, and what it loads by itself.
LIBRARY_OF_AZURE = {"azure", "werkzeug", "markupsafe", "orjson"}

#: What the first batch of jobs loads, as `connector.triggers.jobs` does.
FIRST_BATCH = "connector.operations.registry, connector.jobs.batch, connector.jobs.put_back, connector.services"

#: For the command line, for a managed identity, for checking and drawing up mappings, for the sandbox.
LOADED_WHEN_USED = (
    *("typer", "rich", "connector.cli", "azure.identity", "msal"),
    *("openpyxl", "jsonschema", "sandbox", "tests"),
)


def loaded_by(modules: str) -> set[str]:
    """What is loaded in a fresh process, without any setting, once these modules are."""
    # What the interpreter loads by itself, such as hooks of the virtual environment, is not the app's.
    code = f"import json, sys; own = {{*sys.modules}}; import {modules}; print(json.dumps([*{{*sys.modules}} - own]))"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def packages(modules: set[str]) -> set[str]:
    """Packages that others wrote."""
    return {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"connector", "function_app"}


@pytest.fixture(scope="module")
def start() -> set[str]:
    return loaded_by("function_app")


@pytest.fixture(scope="module")
def first_batch() -> set[str]:
    return loaded_by(FIRST_BATCH)


def test_the_start_of_the_app_loads_no_package_but_the_library_of_azure_functions(start):
    assert packages(start) == LIBRARY_OF_AZURE
    assert {name for name in start if name.count(".") == 1 and name.startswith("azure.")} == {"azure.functions"}


def test_the_start_of_the_app_leaves_the_work_itself_for_the_first_message(start):
    work = ("connector.jobs.batch", "connector.services", "connector.settings", "connector.spotler", "connector.http")

    assert start.isdisjoint(work)


@pytest.mark.parametrize("package", LOADED_WHEN_USED)
def test_the_first_batch_does_not_load(first_batch, package):
    assert {name for name in first_batch if name == package or name.startswith(f"{package}.")} == set()


def test_the_first_batch_loads_the_operations(first_batch):
    assert {
        "connector.operations.tags",
        "connector.operations.contacts",
        "connector.sync.outward.outward",
    } <= first_batch
