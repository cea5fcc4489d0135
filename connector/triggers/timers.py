"""What runs by the clock. The schedules are settings, so that an administrator can change them without a release."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import azure.functions as func

from connector.triggers import guard

if TYPE_CHECKING:
    from connector.services import Services

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("sweep_jobs")
@blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def sweep_jobs(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the engine passes it by name
    """Wake up the jobs whose wake-up was lost."""
    from connector.jobs.sweep import sweep  # noqa: PLC0415 - heavy, loaded when used

    await _run("sweep-jobs", sweep)


@blueprint.function_name("refresh_automations_daily")
@blueprint.timer_trigger(
    arg_name="timer", schedule="%REFRESH_AUTOMATIONS_SCHEDULE%", run_on_startup=False, use_monitor=True
)
async def refresh_automations_daily(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the engine passes it by name
    """Copy the published automations and campaigns into Dataverse."""
    from connector.pulls.automations import refresh_automations  # noqa: PLC0415 - heavy, loaded when used

    await _run("refresh-automations-daily", refresh_automations)


@blueprint.function_name("refresh_permissions_daily")
@blueprint.timer_trigger(
    arg_name="timer", schedule="%REFRESH_PERMISSIONS_SCHEDULE%", run_on_startup=False, use_monitor=True
)
async def refresh_permissions_daily(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the engine passes it by name
    """Copy the names of the permissions into the environment variable."""
    from connector.pulls.permissions import refresh_permissions  # noqa: PLC0415 - heavy, loaded when used

    await _run("refresh-permissions-daily", refresh_permissions)


@blueprint.function_name("clean_up_jobs")
@blueprint.timer_trigger(arg_name="timer", schedule="%CLEAN_UP_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def clean_up_jobs(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the engine passes it by name
    """Delete old jobs."""
    from connector.jobs.clean_up import clean_up  # noqa: PLC0415 - heavy, loaded when used

    await _run("clean-up-jobs", clean_up)


async def _run(name: str, work: "Callable[[Services], object]") -> None:
    from connector.services import get_services  # noqa: PLC0415 - heavy, loaded when used

    await guard.run_timer(name, lambda: work(get_services()))
