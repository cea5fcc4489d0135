from datetime import UTC, datetime

import pytest

from connector.errors import Transient
from connector.spotler import BounceType, InteractionKind
from connector.spotler.feeds import Feeds
from connector.spotler.paging import EMPTY_PAGES, records
from tests.unit.scripted_server import Answer

START, END = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC)


class Book:
    """A list of numbered records, served in pages of one dialect; remembers the offsets asked for."""

    def __init__(self, count: int, page) -> None:
        self.count, self.page, self.asked = count, page, []

    def fetch(self, after: int) -> object:
        self.asked.append(after)
        assert len(self.asked) < 100, "endless"
        return self.page([{"id": number} for number in range(self.count)], after)

    def read(self, size: int) -> list[int]:
        return [each["id"] for each in records(self.fetch, "items", page_size=size)]


def bare(size):
    return lambda rows, after: rows[after : after + size]


def envelope(size, *, next_on_last=False, shape="after"):
    def page(rows, after):
        following = after + size
        link = f"https://public.example/x?pageSize={size}&after={following}"
        more = following < len(rows) or next_on_last
        paging = {"next": link if more else None}
        if shape == "after":
            paging["after"] = following
        elif shape == "echo":
            paging |= {"after": after, "next": "https://public.example/x" if more else None}
        return {"paging": paging, "items": rows[after:following]}

    return page


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
@pytest.mark.parametrize(
    "page",
    [bare(2), envelope(2), envelope(2, next_on_last=True), envelope(2, shape="link"), envelope(2, shape="echo")],
)
def test_every_record_comes_once_in_every_dialect(count, page):
    book = Book(count, page)

    assert book.read(2) == list(range(count))
    assert book.asked == sorted(set(book.asked))


def test_a_bare_list_ends_with_a_short_page():
    book = Book(3, bare(2))
    book.read(2)

    assert book.asked == [0, 2]


def test_an_envelope_without_next_ends_even_with_a_full_page():
    book = Book(4, envelope(2))
    book.read(2)

    assert book.asked == [0, 2]


def test_a_page_cut_smaller_than_asked_for_does_not_lose_the_rest():
    assert Book(10, envelope(3)).read(1000) == list(range(10))


def test_an_empty_page_in_the_middle_does_not_lose_the_rest():
    """The service may filter after it has cut the page."""
    cut = envelope(2)

    def page(rows, after):
        content = cut(rows, after)
        return content | ({"items": []} if after in (2, 4) else {})

    assert Book(8, page).read(2) == [0, 1, 6, 7]


@pytest.mark.parametrize("shape", ["after", "link", "echo"])
def test_empty_pages_that_always_name_a_next_one_end_after_a_few(shape):
    book = Book(2, envelope(2, next_on_last=True, shape=shape))

    assert book.read(2) == [0, 1]
    assert len(book.asked) == 1 + EMPTY_PAGES


def test_a_service_that_ignores_the_offset_is_noticed():
    book = Book(5, lambda rows, _after: rows[:2])

    with pytest.raises(Transient, match="twice"):
        book.read(2)


def test_an_offset_that_does_not_grow_is_replaced_by_counting():
    def page(rows, after):
        return {"paging": {"next": "http://[broken", "after": 0}, "items": rows[after : after + 2]}

    assert Book(5, page).read(2) == list(range(5))


@pytest.mark.parametrize(
    "body",
    [
        "text",
        5,
        None,
        {},
        {"error": 1},
        {"items": "none"},
        {"items": {}},
        {"items": None},
        {"paging": None},
        [None],
        ["x"],
    ],
)
def test_what_is_no_page_is_never_taken_for_an_empty_one(body):
    with pytest.raises(Transient):
        list(records(lambda _after: body, "items", page_size=2))


@pytest.mark.parametrize("body", [[], {"items": []}, {"paging": {}}, {"paging": {}, "items": None}])
def test_empty_pages_come_in_many_forms(body):
    assert list(records(lambda _after: body, "items", page_size=2)) == []


def test_a_record_that_is_no_object_comes_as_an_empty_one_so_that_it_can_be_counted():
    assert list(records(lambda _after: [{"id": 1}, None, "x"], "items", page_size=10)) == [{"id": 1}, {}, {}]


@pytest.mark.parametrize("date", [1718085602000, "2024-06-11T08:00:02.000+02:00"])
@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"paging": {"next": None}, "contacts": rows}])
def test_updates_are_read_from_both_bases(calls, server, date, wrap):
    source = {
        "externalId": None, "encryptedId": "kX3", "lastChanged": date, "created": date, "temporary": False,
        "properties": {"email": "a@example.org"}, "channels": [{"name": "EMAIL", "value": True}, None], "new": {},
    }  # fmt: skip
    server.answer(Answer(body=wrap([source])))

    (contact,) = Feeds(calls).updates(START, END)

    assert contact.last_changed == contact.created == datetime(2024, 6, 11, 6, 0, 2, tzinfo=UTC)
    assert contact.external_id is None
    assert contact.email == "a@example.org"
    assert contact.channels == {"EMAIL": True}


def test_the_window_and_the_page_are_asked_for(calls, server):
    server.answer(Answer(body=[{"externalId": "1"}]), Answer(body=[]))

    assert [contact.external_id for contact in Feeds(calls, page_size=1).updates(START, END)] == ["1"]
    window = "fromDate=2024-05-01T00%3A00%3A00%2B00%3A00&toDate=2024-05-02T00%3A00%3A00%2B00%3A00"
    assert [each.path for each in server.received] == [
        f"/contact/updates/list?{window}&pageSize=1&after=0",
        f"/contact/updates/list?{window}&pageSize=1&after=1",
    ]


def test_a_feed_makes_no_call_before_it_is_read(calls, server):
    Feeds(calls).updates(START, END)
    Feeds(calls).interactions(InteractionKind.SENT, START, END)

    assert server.received == []


def test_bounces_carry_their_contact(calls, server):
    server.answer(
        Answer(body=[
            {"date": 1718085602000, "type": "HARDBOUNCE", "encryptedActId": "m", "contact": {"externalId": "c-7"}},
            {"date": "?", "type": "NEWBOUNCE"},
        ])
    )  # fmt: skip

    first, second = Feeds(calls).bounces(START, END)

    assert (first.type, first.mailing_id, first.contact.external_id) == (BounceType.HARD, "m", "c-7")
    assert (second.type, second.date, second.contact.external_id) == (None, None, None)


@pytest.mark.parametrize("kind", InteractionKind)
def test_interactions_are_asked_for_by_the_date_they_were_recorded(calls, server, kind):
    server.answer(Answer(body={"interactions": [{"id": 9, "bounceType": "SOFT"}, "text"]}))

    event, malformed = Feeds(calls).interactions(kind, START, END)

    assert (event.id, event.kind, event.bounce_type) == ("9", kind, BounceType.SOFT)
    assert (malformed.id, malformed.external_id, malformed.date) == ("", None, None)
    assert server.received[0].path.startswith(f"/mailing-interaction/{kind.value}?fromChangeDate=2024-05-01T")


def test_an_answer_that_is_cut_off_is_transient(calls, server):
    server.answer(Answer(body=b'[{"externalId": "c-1"'))

    with pytest.raises(Transient):
        list(Feeds(calls).updates(START, END))
