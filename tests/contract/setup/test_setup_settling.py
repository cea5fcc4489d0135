"""The patience of a set-up with what Dataverse makes: it waits for what comes later, and confirms nothing unseen."""

import pytest

from connector.setup.applying import apply_setup
from connector.setup.component import NUMBERED_BY_ENVIRONMENT, full_name
from connector.setup.errors import SetupIncomplete
from connector.setup.keys import KeyPart
from connector.setup.patience import Patience
from sandbox.dataverse.customizing.knobs import SLOW
from tests.setup_world import SMALL, named, one_of_each

VISITOR = "dh_websitevisitor"
KEY = f"key {VISITOR}.dh_externalid_key"
COLUMN = f"column {VISITOR}.dh_domain"
SHOWN = (COLUMN, f"view {VISITOR}.all", f"view {VISITOR}.active", f"form {VISITOR}")


def without_a_column(world):
    """One component of every kind, but for a column and what shows it."""
    every = one_of_each(world.form_of_contacts, world.environment.settings.client_id)
    world.install_version("0.9.0.0", [each for each in every if full_name(each) not in SHOWN])


def test_views_and_forms_that_name_a_new_column_wait_until_rows_show_it(world, every):
    world.once(without_a_column)
    world.parts = every
    world.applied()

    assert sum(world.slept) >= SLOW.column_seconds
    assert world.planned().writes == ()


def test_a_column_that_rows_never_show_ends_the_set_up_with_its_table(world, every):
    world.once(without_a_column)
    world.environment.customizing.knobs.column_seconds = 9_999
    world.parts = every

    with pytest.raises(SetupIncomplete, match="dh_websitevisitors does not show its new columns"):
        world.applied()


def test_a_key_with_duplicates_is_told_when_its_index_has_failed_and_not_after_ten_minutes(world):
    parts = named(*SMALL)
    world.install_version("0.9.0.0", [each for each in parts if not isinstance(each, KeyPart)])
    for _ in range(2):
        world.load(VISITOR, dh_externalid="a")
    world.parts = parts

    with pytest.raises(SetupIncomplete, match=f"{KEY} is not active: its rows may have duplicates"):
        world.applied()
    assert sum(world.slept) < 60
    rows = world.rows(VISITOR)
    world.calls.delete(f"dh_websitevisitors({rows[0]['dh_websitevisitorid']})")
    report = world.applied()  # the index is built again

    assert KEY in report.done
    assert world.planned().writes == ()


def test_what_came_into_the_default_solution_only_is_put_into_ours(world, every, monkeypatch):
    """As where something between drops the header, or has another name for it."""
    monkeypatch.setattr("connector.setup.calls.SOLUTION_HEADER", "MSCRM.SolutionName")
    world.parts = [each for each in every if each.component_type != NUMBERED_BY_ENVIRONMENT]
    world.applied()
    target = world.target()
    outside = [
        full_name(each)
        for each in world.parts
        if (found := each.read(target)) is not None and not target.is_member(each, found)
    ]

    assert outside == []


@pytest.mark.parametrize("path", ["roles", "savedqueries", "EntityDefinitions", "sdkmessageprocessingsteps"])
def test_what_dataverse_confirms_and_never_makes_is_named(world, every, path):
    world.parts = every
    world.lost = lambda _number, _method, asked: asked == path

    with pytest.raises(SetupIncomplete, match="was made, but cannot be read"):
        world.applied()


def test_how_far_it_is_is_told_before_each_component(world):
    world.parts = named(*SMALL)
    plan, told = world.planned(), []
    apply_setup(plan, world.target(), world.parts, Patience(world.clock), lambda *each: told.append(each))
    names = [each.component for each in plan.writes][:-1]  # the version is written at the end

    assert told == [*enumerate(names), (len(names), "publish"), (len(names), KEY)]
