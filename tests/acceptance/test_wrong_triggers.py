"""A column that does not exist among those that start a sync: the app says so, and no change is lost meanwhile."""

import json
from types import SimpleNamespace

import pytest
import requests

from sandbox.launch import ROOT
from sandbox.system import Options, functions, surroundings
from tests.acceptance.world import World


@pytest.mark.feature("CON-13")
@pytest.mark.feature("OPS-02")
def test_an_unknown_column_is_an_error_at_the_start_and_changes_and_timers_wait_until_it_is_corrected(tmp_path):
    mapping = json.loads((ROOT / "mappings" / "default.json").read_text(encoding="utf-8"))
    del mapping["$schema"]
    file = tmp_path / "mapping.json"
    options = Options(settings={"MAPPING_FILE": str(file)}, automatic=True)
    with surroundings(options, folder=tmp_path) as around:
        world = World(SimpleNamespace(servicebus=around.servicebus, dataverse=around.dataverse, spotler=around.spotler))
        file.write_text(json.dumps(mapping | {"triggers": {"contact": ["firstnam"]}}), encoding="utf-8")
        with functions(around, options) as app:
            record = world.contact()
            world.until(lambda: waiting(world) > 0, "the change waits")
            timer = run_timer(app, "read_updates")
            log = app.log.read_text(encoding="utf-8")
        asked = [*world.spotler.effects(record), *world.spotler.calls_naming("/contact/updates")]
        # What waits comes back a minute later: nobody waits for that here.
        file.write_text(json.dumps(mapping | {"triggers": {"contact": ["firstname"]}}), encoding="utf-8")
        with functions(around, options) as app:
            timer_then = run_timer(app, "read_updates")
            world.change(record, firstname="Bea")
            world.until(lambda: world.spotler.find(record) is not None, "the record is in Spotler")
        world.bus.close()

    assert "there is no column firstnam. Did you mean firstname?" in log
    assert asked == []
    assert (timer["succeeded"], timer_then["succeeded"]) == (False, True)


def run_timer(app, name) -> dict[str, object]:
    return requests.post(f"{app.get('control_url')}/_sandbox/run-timer/{name}", timeout=60).json()


def waiting(world) -> int:
    return world.bus.figures()["spotler-jobs"]["scheduled"]
