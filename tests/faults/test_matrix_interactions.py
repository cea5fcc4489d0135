"""The fault matrix finds a connector that doubles interactions or loses them."""

import uuid

from connector.pulls import interactions
from connector.sync.interactions.events import MailingEvent
from tests.faults.matrix.broken import is_found
from tests.faults.matrix.cells import Matrix


def test_a_row_that_does_not_have_the_key_of_its_event_is_found():
    def breaks(patch):
        patch.setattr(MailingEvent, "key", property(lambda _: uuid.uuid4().hex))

    assert is_found(Matrix(), breaks, "read-interactions", "answer-lost", "death-after", says="has interactions")


def test_a_feed_that_believes_that_all_was_stored_is_found():
    store = interactions.store_events

    def careless(*arguments):
        try:
            return store(*arguments)
        except Exception:  # noqa: BLE001 - what a broken connector does
            return {}

    def breaks(patch):
        patch.setattr(interactions, "store_events", careless)

    assert is_found(Matrix(), breaks, "read-interactions", "503", says="has interactions")
