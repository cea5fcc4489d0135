"""A quiet day as it stands in the tables: everything runs, some jobs fail for good reasons, one call was throttled."""

from functools import cache

from tests.unit.infra_watch.rows import Tables, line, metric, together

#: Minutes between two runs of each timer, and minutes since its last run.
TIMERS = {
    "sweep-jobs": (2, 1),
    "read-updates": (15, 12),
    "read-interactions": (60, 15),
    "read-visitors": (60, 55),
    "doctor-hourly": (60, 40),
    "refresh-automations-daily": (720, 360),
    "refresh-permissions-daily": (1440, 390),
    "read-bounces": (1440, 645),
    "refresh-lists": (1440, 615),
    "clean-up-jobs": (1440, 540),
}
FEEDS = {"updates": 12, "interactions-opened": 15, "bounces": 645, "visitors": 55}
GAUGES = ("spotler.jobs.waiting", "spotler.jobs.oldest", "spotler.brake.held", "spotler.quarantine")


@cache
def quiet_day() -> Tables:
    """The rows. Whoever gets them must not change them."""
    parts = [
        metric("spotler.timer.runs", 1, minutes=minutes, timer=timer, outcome="ok")
        for timer, (interval, last) in TIMERS.items()
        for minutes in range(last, 1500 if interval > 60 else 180, interval)
    ]
    parts += [metric(name, 0, minutes=minutes) for name in GAUGES for minutes in (1, 3, 5)]
    parts += [metric("spotler.checkpoint.age", 60.0 * age, minutes=1, feed=feed) for feed, age in FEEDS.items()]
    parts += [
        metric("spotler.jobs", 120, operation="add-tag", status="Completed", code="OK"),
        metric("spotler.jobs", 3, operation="add-tag", status="Failed", code="CONTACT_OPTOUT"),
        metric("spotler.job.duration", 410.0, operation="add-tag", status="Completed"),
        metric("spotler.calls", 400, system="spotler", outcome="ok"),
        metric("spotler.calls", 1, system="spotler", outcome="throttled"),
        metric("spotler.limiter.parallel", 12, system="spotler"),
        metric("spotler.reconcile.remainder", 0, minutes=2000),
        metric("spotler.doctor", 0, check="dataverse-token"),
        metric("spotler.backlog", 2, entity="dataverse"),
        metric("spotler.dead_letters", 0, entity="spotler-jobs/add-tag"),
        line("Job 1 Completed: OK", level=1, job="1", operation="add-tag", status="Completed", code="OK"),
        line("3 stalled jobs were requeued.", level=2, count="3"),
        {"Usage": [{"TimeGenerated": "2026-03-04T02:00:00", "Quantity": 12.0, "IsBillable": True}]},
    ]
    return together(parts)
