"""Every test begins with nothing logged, and none is judged by how fast the machine is."""

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _no_problem_logged_before(monkeypatch):
    """What other tests met neither hides a line nor mutes an alert."""
    from connector import telemetry
    from connector.problem_log import ProblemLog

    monkeypatch.setattr(telemetry, "_problems", ProblemLog())
