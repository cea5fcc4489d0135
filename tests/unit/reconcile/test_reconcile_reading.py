"""Contacts are read in pages and worked on in blocks: each knows when its page was read."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from connector.reconcile.reading import shown_contacts
from connector.spotler import SpotlerContact
from connector.sync.all_records import CHUNK

START = datetime(2026, 3, 1, 10, tzinfo=UTC)


class Pages:
    """Two pages of contacts, each of more than one block."""

    size = 2 * CHUNK

    def updates(self, _start, _end, *, after, before_page=lambda: None):
        for number in range(after, 2 * self.size):
            if number % self.size == 0:
                before_page()
            yield SpotlerContact(external_id=f"00000000-0000-4000-8000-{number:012}")


def test_a_contact_was_seen_before_its_page_was_read_however_late_its_block_is_worked_on():
    minutes = iter(range(1000))
    services = SimpleNamespace(
        now=lambda: START + timedelta(minutes=next(minutes)),
        spotler=SimpleNamespace(feeds=Pages()),
    )
    seen = []
    for block in shown_contacts(services, 0):
        services.now()  # the block is worked on
        seen.append({each.update.seen_on for each in block})

    first, second, third, fourth = seen
    assert first == second
    assert third == fourth
    assert len(first) == len(third) == 1
    assert max(first) < min(third)
