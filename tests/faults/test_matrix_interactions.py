"""The fault matrix finds a connector that doubles interactions or loses them."""

import uuid

import pytest

from connector.pulls import interactions
from connector.sync.interactions.events import MailingEvent
from tests.faults.matrix.cells import Matrix, cells_of
from tests.faults.matrix.faults import FAULTS
from tests.faults.matrix.works import works

NAME = "read-interactions"


@pytest.fixture
def problems():
    """What the cells of some faults say."""

    def _problems(*faults):
        fresh, chosen = Matrix(), [FAULTS[fault] for fault in faults]
        cells = [cell for cell in cells_of(fresh, works()[NAME], 1) if cell.fault in chosen]
        return [problem for cell in cells for problem in fresh.run(cell).problems()]

    return _problems


def test_a_row_that_does_not_have_the_key_of_its_event_is_found(problems, monkeypatch):
    assert problems("answer-lost", "death-after") == []
    monkeypatch.setattr(MailingEvent, "key", property(lambda _: uuid.uuid4().hex))

    assert any("has interactions" in each for each in problems("answer-lost", "death-after"))


def test_a_feed_that_believes_that_all_was_stored_is_found(problems, monkeypatch):
    store = interactions.store_events

    def careless(*arguments):
        try:
            return store(*arguments)
        except Exception:  # noqa: BLE001 - what a broken connector does
            return {}

    monkeypatch.setattr(interactions, "store_events", careless)

    assert any("has interactions" in each for each in problems("503"))
