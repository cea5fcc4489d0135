"""Figures of an example, as rows of Azure Monitor: a day at a customer with 40,000 contacts, and a little trouble."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

NOW: Final = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)

type Tables = dict[str, list[dict[str, object]]]

#: Jobs an hour at noon, and mean seconds, of some operations.
_OPERATIONS: Final = {"sync-contact": (420, 3.1), "add-tag": (130, 2.4), "start-automation": (45, 2.9)}
_FAILURES: Final = (
    ("add-tag", "CONTACT_OPTOUT", 9),
    ("start-automation", "AUTOMATION_INACTIVE", 4),
    ("sync-contact", "INVALID_PROPERTY", 2),
)
_TIMERS: Final = {
    "sweep-jobs": (1, 0),
    "read-updates": (12, 0),
    "read-interactions": (15, 1),
    "read-visitors": (55, 0),
    "clean-up-jobs": (720, 0),
    "refresh-lists": (795, 0),
}
_FEEDS: Final = {"updates": 720, "interactions-opened": 940, "bounces": 49_500, "visitors": 3300}


def tables() -> Tables:
    """The rows by table."""
    return {"AppMetrics": list(_metrics()), "AppTraces": list(_lines()), "Usage": list(_usage())}


def _row(
    minutes: float, name: str, value: float, count: int = 1, longest: float | None = None, **dimensions: str
) -> dict[str, object]:
    top = value if longest is None else longest
    return {
        "TimeGenerated": NOW - timedelta(minutes=minutes),
        "Name": name,
        "Sum": value,
        "ItemCount": count,
        "Min": value,
        "Max": top,
        "Properties": dimensions,
        "AppRoleInstance": f"i{int(minutes) % 3}",
    }


def _metrics() -> Iterator[dict[str, object]]:
    for hour in range(24):
        minutes = 60 * hour + 5
        busy = 0.1 + max(0.0, math.sin((15 - hour) % 24 / 24 * 2 * math.pi - math.pi / 2))
        for operation, (jobs, seconds) in _OPERATIONS.items():
            number = round(jobs * busy) + 1
            yield _row(minutes, "spotler.jobs", number, operation=operation, status="Completed", code="OK")
            yield _row(
                minutes,
                "spotler.job.duration",
                number * seconds,
                number,
                seconds * 9,
                operation=operation,
                status="Completed",
            )
        yield _row(minutes, "spotler.calls", round(900 * busy) + 20, system="spotler", outcome="ok")
        yield _row(minutes, "spotler.calls", round(1400 * busy) + 60, system="dataverse", outcome="ok")
        if 2 <= hour <= 5:
            yield _row(minutes, "spotler.calls", 14 - 2 * hour, system="dataverse", outcome="throttled")
        yield _row(minutes, "spotler.limiter.parallel", 6 if 2 <= hour <= 5 else 12, system="dataverse")
        yield _row(minutes, "spotler.limiter.parallel", 8, system="spotler")
        yield _row(minutes, "spotler.quarantine", 2 if hour < 6 else 0)
        yield _row(minutes, "spotler.consent.changes", round(8 * busy), source="spotler", state="off")
        yield _row(minutes, "spotler.consent.changes", round(11 * busy), source="person", state="on")
    yield from _state()


def _state() -> Iterator[dict[str, object]]:
    """What there is one row of, or a few."""
    for operation, code, number in _FAILURES:
        yield _row(95, "spotler.jobs", number, operation=operation, status="Failed", code=code)
    for timer, (minutes, failed) in _TIMERS.items():
        yield _row(minutes, "spotler.timer.runs", 1, timer=timer, outcome="ok")
        if failed:
            yield _row(minutes + 60, "spotler.timer.runs", 1, timer=timer, outcome="failed")
    for feed, seconds in _FEEDS.items():
        yield _row(1, "spotler.checkpoint.age", seconds, feed=feed)
    for entity, waiting, dead in (
        ("dataverse", 3, 0),
        ("spotler-jobs/add-tag", 12, 0),
        ("spotler-jobs/start-automation", 0, 0),
    ):
        yield _row(1, "spotler.backlog", waiting, entity=entity)
        yield _row(1, "spotler.dead_letters", dead, entity=entity)
    for name, value in (
        ("spotler.jobs.oldest", 74.0),
        ("spotler.brake.held", 0),
        ("spotler.reconcile.remainder", 0),
        ("spotler.quarantine", 2),
    ):
        yield _row(1, name, value)
    for check, result in (("settings", 0), ("dataverse-token", 0), ("dataverse-secret-expiry", 1), ("spotler-key", 0)):
        yield _row(20, "spotler.doctor", result, check=check)


def _lines() -> Iterator[dict[str, object]]:
    for number in range(60):
        for operation, (_, seconds) in _OPERATIONS.items():
            took = {"seconds": f"{seconds * (0.5 + number / 40):.1f}"}
            yield _line(
                number * 20, 1, "Job ended", job=str(number), operation=operation, status="Completed", code="OK", **took
            )
    yield _line(
        40,
        2,
        "The automation is not active. Publish and activate it in Spotler.",
        operation="start-automation",
        code="AUTOMATION_INACTIVE",
        count="4",
    )
    yield _line(
        220, 2, "Dataverse answered 429; the call is repeated.", operation="sync-contact", code="TRANSIENT", count="28"
    )


def _line(minutes: float, level: int, text: str, **dimensions: str) -> dict[str, object]:
    return {
        "TimeGenerated": NOW - timedelta(minutes=minutes),
        "Message": text,
        "SeverityLevel": level,
        "ItemCount": 1,
        "Properties": dimensions,
    }


def _usage() -> Iterator[dict[str, object]]:
    for day in range(30):
        for table, megabytes in (("AppTraces", 11.0), ("AppRequests", 4.0), ("AppMetrics", 2.5)):
            size = megabytes * (1.4 if day % 7 < 5 else 0.4)
            yield {
                "TimeGenerated": NOW - timedelta(days=day, hours=1),
                "DataType": table,
                "Quantity": size,
                "IsBillable": True,
            }
