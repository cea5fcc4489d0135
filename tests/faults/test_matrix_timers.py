"""The fault matrix has a work of every timer: a timer that is added needs one."""

from connector.triggers import timers
from tests.faults.matrix.app import ENTRY
from tests.faults.matrix.works import works

#: The works of each timer; the doctor only looks.
TIMERS = {
    "sweep_jobs": {"sweep-jobs"},
    "refresh_automations_daily": {"refresh-automations-daily"},
    "refresh_permissions_daily": {"refresh-permissions-daily", "read-updates-again"},
    "read_updates": {"read-updates", *(f"new-subscribers-{table}" for table in ("contact", "lead", ENTRY))},
    "read_bounces": {"read-bounces"},
    "read_visitors": {"read-visitors"},
    "refresh_lists": {"refresh-lists", "compare-permission-lists"},
    "read_interactions": {"read-interactions"},
    "clean_up_jobs": {"clean-up-jobs", "old-interactions"},
    "reconcile_weekly": {"reconcile-weekly"},
    "doctor_hourly": set(),
}


def test_every_timer_has_a_work():
    assert TIMERS.keys() == {each._function.get_function_name() for each in timers.blueprint._function_builders}
    assert set.union(*TIMERS.values()) <= works().keys()
