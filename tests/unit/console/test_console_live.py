"""What open pages are told; without one nobody is asked."""

import asyncio
import json

from sandbox.console import live
from sandbox.console.live import Live, revisions
from tests.unit.console.fakes import FakeSystems


def test_without_a_page_nobody_is_asked():
    asked = []
    Live(lambda: asked.append(1) or {})

    assert asked == []


def test_a_page_hears_what_changed_and_its_end_ends_the_asking(monkeypatch):
    monkeypatch.setattr(live, "QUICK", 0)
    answers = iter([{"bus": "1", "spotler": "1"}, {"bus": "1", "spotler": "1"}, {"bus": "2", "spotler": "1"}])

    async def watch():
        news = Live(lambda: next(answers, {"bus": "2", "spotler": "1"}))
        stream = news.events()
        heard = [await anext(stream) for _ in range(3)]
        watched = news.watching
        await stream.aclose()
        await asyncio.sleep(0)
        return heard, watched, news.watching

    (_, first, second), watched, afterwards = asyncio.run(watch())

    assert [json.loads(each.partition("data: ")[2]) for each in (first, second)] == [["bus", "spotler"], ["bus"]]
    assert (watched, afterwards) == (True, False)


def test_a_system_that_does_not_answer_is_a_change_too():
    systems = FakeSystems()
    before = revisions(systems)
    systems.spotler.answers.clear()
    after = revisions(systems)

    assert {name for name in before if before[name] != after[name]} == {"spotler"}
