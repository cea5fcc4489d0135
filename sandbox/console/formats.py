"""How values are written on the page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

#: What stands for a time that there is not.
NOTHING: Final = "-"


def clock_time(text: str | None) -> str:
    """The time of day of an ISO 8601 text, to the second."""
    return datetime.fromisoformat(text).strftime("%H:%M:%S") if text else NOTHING


def exact_time(text: str | None) -> str:
    """The same to the millisecond, where there are any."""
    if not text:
        return NOTHING
    moment = datetime.fromisoformat(text)
    return moment.strftime("%H:%M:%S.%f")[:-3] if "." in text else moment.strftime("%H:%M:%S")


def day_time(text: str | None) -> str:
    """Day and time."""
    return datetime.fromisoformat(text).strftime("%d %b %H:%M:%S") if text else NOTHING


def duration(run: Mapping[str, Any]) -> str:
    """How long a run took."""
    if not run["ended"]:
        return "not over yet"
    took = (datetime.fromisoformat(run["ended"]) - datetime.fromisoformat(run["began"])).total_seconds()
    return f"{took * 1000:.0f} ms" if took < 1 else f"{took:.1f} s"


def words(slug: str) -> str:
    """`sync_records` as people read it."""
    return slug.replace("_", " ").replace("-", " ").capitalize()


def combine(fields: Mapping[str, object], more: Mapping[str, object]) -> dict[str, object]:
    """Both together."""
    return {**fields, **more}


FILTERS: Final[dict[str, Callable[..., object]]] = {
    "clock": clock_time,
    "exact": exact_time,
    "day": day_time,
    "duration": duration,
    "words": words,
    "combine": combine,
}
