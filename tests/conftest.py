"""Every test begins with nothing logged: what other tests met neither hides a line nor mutes an alert."""

import pytest


@pytest.fixture(autouse=True)
def _no_problem_logged_before(monkeypatch):
    from connector import telemetry
    from connector.problem_log import ProblemLog

    monkeypatch.setattr(telemetry, "_problems", ProblemLog())
