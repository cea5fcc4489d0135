"""A context without systems, and how a check is made."""

from datetime import UTC, datetime

import pytest

from connector.doctor.context import CheckContext
from connector.doctor.run import CHECKS, _look

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
ALL = {check.code: check for check in CHECKS}


@pytest.fixture
def context():
    made = CheckContext({}, lambda: NOW, lambda _: None)
    yield made
    made.close()


@pytest.fixture
def diagnose():
    """Makes one check, whatever it needs; returns its verdict, sentence and remedy."""

    def _diagnose(context, code):
        found = _look(context, ALL[code])
        return found.verdict.value, found.sentence, found.remedy

    return _diagnose
