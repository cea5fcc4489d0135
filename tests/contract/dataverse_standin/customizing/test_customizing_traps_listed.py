"""Each of the 29 traps that a set-up of Dataverse can fall into (dataverse-setup, section 26) is played by a test.

Most of these tests have the number in their name; where the rest is shown stands here.
"""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parents[3]
HERE: Final = "contract/dataverse_standin/customizing"
ROLES: Final = f"{HERE}/test_customizing_roles.py"
INTERFACE: Final = f"{HERE}/test_customizing_interface.py"
STEPS: Final = f"{HERE}/test_customizing_steps.py"
SET_UP: Final = "contract/setup"
#: Traps that have tests under other names: file and name of each, for every part of the trap.
ELSEWHERE: Final = {
    20: (
        (ROLES, "test_a_new_role_has_privileges_of_its_own"),
        (ROLES, "test_replacing_takes_all_but_those_of_sharepoint_and_adding_brings_these_back"),
        (ROLES, "test_a_privilege_twice_a_number_as_depth_and_a_depth_that_there_is_not_are_refused"),
        (ROLES, "test_a_role_is_copied_into_other_units_and_only_the_copy_fits_their_users"),
        (ROLES, "test_rights_are_those_of_the_role_one_request_later"),
    ),
    22: ((INTERFACE, "test_trap_12_and_22_lookups_of_buttons_have_capitals_and_their_origin_stays"),),
    23: ((STEPS, "test_a_step_posts_what_it_filters_with_its_image_once_the_endpoint_has_a_key"),),
    27: ((ROLES, "test_an_application_is_nobody_until_it_has_a_user_and_has_only_one"),),
    29: (
        (
            f"{SET_UP}/test_setup_removing_all.py",
            "test_nothing_of_ours_is_left_where_all_tables_are_named_and_then_all_else",
        ),
        (
            f"{SET_UP}/test_setup_standin.py",
            "test_a_form_of_the_customer_gets_one_tab_more_and_buttons_come_when_they_are_asked_for",
        ),
    ),
}


def names_in(file: Path) -> set[str]:
    found = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in found if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_trap_has_a_test():
    names = {name for file in (TESTS / HERE).glob("test_*.py") for name in names_in(file)}
    numbered = {int(match[1]) for name in names if (match := re.match(r"test_trap_(\d+)_", name))}

    assert numbered | ELSEWHERE.keys() == set(range(1, 30))
    assert numbered & ELSEWHERE.keys() == set()


@pytest.mark.parametrize("tests", ELSEWHERE.values(), ids=map(str, ELSEWHERE))
def test_what_is_shown_under_another_name_is_there(tests):
    assert [name for file, name in tests if name not in names_in(TESTS / file)] == []
