"""JSON that somebody has edited by hand: each part of a sound value is removed, doubled or replaced by an odd one."""

import copy
import json
from collections.abc import Iterator
from typing import Final

#: What stands in the place of a part.
ODD: Final = (
    None, True, False, 0, 1, -1, 2, 0.5, 1e300, -62135596800, 253402300800, 10**30, float("nan"), float("inf"),
    "", " ", "x", "1", "None", "\x00", "\ud800", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00",
    "2026-03-01T12:00:00", "2026-13-01", "../x", "a/b", "A B", "x" * 5000,
    [], [None], ["x"], [[]], [1, 2, 3, 4, 5, 6], {}, {"x": None}, {"": {}},
)  # fmt: skip


def damaged(value: object) -> Iterator[object]:
    """The value with one part changed, in every way; the whole of it is a part too."""
    yield from copy.deepcopy(ODD)
    if isinstance(value, dict):
        for key in value:
            yield {name: each for name, each in value.items() if name != key}
            yield {f"{key} ": value[key]} | {name: each for name, each in value.items() if name != key}
            for part in damaged(value[key]):
                yield {**value, key: part}
    elif isinstance(value, list):
        yield [*value, *value]
        for place, each in enumerate(value):
            yield [*value[:place], *value[place + 1 :]]
            for part in damaged(each):
                yield [*value[:place], part, *value[place + 1 :]]


def damaged_objects(value):
    """The damaged forms that can be written in the state at all."""
    for each in damaged(value):
        try:
            json.dumps(each, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            continue
        if isinstance(each, dict):
            yield each


def overwrite(state, name, value):
    """Write a value whatever is there, as somebody by hand."""
    stored = state.read(name)
    state.write(name, value, version=stored.version if stored else None)
