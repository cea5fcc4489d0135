"""Threads keep the context of whoever started their work."""

import ast
from contextvars import ContextVar
from pathlib import Path
from queue import SimpleQueue

import pytest

from connector.threads import ContextThreadPool, start_thread

ROOT = Path(__file__).parents[2]

number: ContextVar[int] = ContextVar("number", default=0)


@pytest.fixture(autouse=True)
def _seven():
    token = number.set(7)
    yield
    number.reset(token)


def test_work_in_a_pool_sees_the_context_of_its_caller_and_gets_its_arguments():
    with ContextThreadPool(1) as pool:
        first = pool.submit(lambda *more, **named: (number.get(), more, named), 1, two=2)
        number.set(8)
        second = pool.submit(number.get)

        assert first.result() == (7, (1,), {"two": 2})
        assert second.result() == 8


def test_mapped_work_sees_it_too():
    with ContextThreadPool(2) as pool:
        assert list(pool.map(lambda _: number.get(), range(3))) == [7, 7, 7]


def test_work_that_changes_the_context_changes_it_for_itself_only():
    with ContextThreadPool(1) as pool:
        pool.submit(number.set, 9).result()

        assert pool.submit(number.get).result() == 7


def test_a_thread_of_its_own_sees_it():
    seen: SimpleQueue[int] = SimpleQueue()
    start_thread(lambda: seen.put(number.get()))

    assert seen.get(timeout=10) == 7


def names_used_in(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Name)
    }


def test_no_other_module_starts_threads():
    """One that does would lose its log lines in Azure."""
    starters = {"ThreadPoolExecutor", "Thread", "Timer", "to_thread", "start_new_thread"}
    files = [file for file in (ROOT / "connector").rglob("*.py") if names_used_in(file) & starters]

    assert [str(file.relative_to(ROOT)) for file in files] == ["connector/threads.py"]
