"""The fault matrix finds a connector that believes that a call about an audience which was never answered is over."""

import pytest

from connector.sync.lists.membership import AudienceMembers, MemberStanding
from tests.faults.matrix.cells import SEEDS, Matrix, cells_of
from tests.faults.matrix.faults import FAULTS
from tests.faults.matrix.works import works

NAME = "sync-marketing-list-back"
LATE = FAULTS["answer-lost-after-lease"]


@pytest.fixture(scope="module")
def matrix():
    return Matrix()


def problems(matrix, seed):
    """What the cells say in which a removal takes effect after those who were removed have come back."""
    cells = [cell for cell in cells_of(matrix, works()[NAME], seed) if cell.fault is LATE]
    touches = matrix.without_fault(works()[NAME], seed).touches
    late = [
        cell for cell in cells if (what := touches[cell.touch - 1].what).startswith("DELETE") and "audience" in what
    ]
    assert len(late) > 1
    return [problem for cell in late for problem in matrix.run(cell).problems()]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_removal_that_comes_late_keeps_nobody_away_who_came_back(matrix, seed):
    assert problems(matrix, seed) == []


def test_a_connector_that_forgets_calls_that_were_never_answered_is_found(matrix, monkeypatch):
    monkeypatch.setattr(MemberStanding, "in_the_end", property(lambda standing: standing.is_member))
    monkeypatch.setattr(AudienceMembers, "is_open", lambda *_: False)

    assert any("has audiences None" in each for each in problems(matrix, 1))
