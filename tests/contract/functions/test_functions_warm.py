"""Engines that are copies of a process that has loaded much: as if each had been started by itself."""

import sys

from sandbox.forking import Forked
from sandbox.functions.engines import index

APP = """import sys
sys.modules["azure.servicebus"]  # loaded already
import connector, azure.functions as func
assert connector.NAME == "of the app"
assert not [name for name in sys.modules if name.startswith("connector.")]
app = func.FunctionApp()
@app.timer_trigger(arg_name="t", schedule="0 0 0 * * *")
def nightly(t: func.TimerRequest) -> None: ...
"""


def test_the_app_of_a_copied_engine_has_its_own_modules(tmp_path):
    other = Forked("sandbox.console", [], {}, sys.stderr)  # which loads the connector's names
    (tmp_path / "host.json").write_text('{"version": "2.0"}', "utf-8")
    (tmp_path / "function_app.py").write_text(APP, "utf-8")
    (tmp_path / "connector").mkdir()
    (tmp_path / "connector" / "__init__.py").write_text('NAME = "of the app"\n', "utf-8")

    try:
        assert list(index(tmp_path)) == ["nightly"]
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
