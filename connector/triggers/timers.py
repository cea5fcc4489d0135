"""What runs on a schedule. The schedules are settings, so that an administrator can change them without a release."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import azure.functions as func

from connector.triggers import guard

if TYPE_CHECKING:
    from connector.services import Services

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("sweep_jobs")
@blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def sweep_jobs(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Requeue the jobs whose message was lost, and look how much waits."""

    def sweep_and_look(services: "Services") -> None:
        from connector.gauges import gauges  # noqa: PLC0415 - heavy, loaded when used
        from connector.jobs.sweep import sweep  # noqa: PLC0415

        try:
            sweep(services)
        finally:
            gauges.look(services)

    await _run("sweep-jobs", sweep_and_look, context)


@blueprint.function_name("refresh_automations_daily")
@blueprint.timer_trigger(
    arg_name="timer", schedule="%REFRESH_AUTOMATIONS_SCHEDULE%", run_on_startup=False, use_monitor=True
)
async def refresh_automations_daily(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Copy the published automations and campaigns into Dataverse."""
    from connector.pulls.automations import refresh_automations  # noqa: PLC0415 - heavy, loaded when used

    await _run("refresh-automations-daily", refresh_automations, context)


@blueprint.function_name("refresh_permissions_daily")
@blueprint.timer_trigger(
    arg_name="timer", schedule="%REFRESH_PERMISSIONS_SCHEDULE%", run_on_startup=False, use_monitor=True
)
async def refresh_permissions_daily(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Follow what Spotler calls its permissions, and read what changed since yesterday a second time."""

    def refresh(services: "Services") -> None:
        from connector.pulls.permissions import refresh_permissions  # noqa: PLC0415 - heavy, loaded when used
        from connector.pulls.updates import pull_updates_again  # noqa: PLC0415

        refresh_permissions(services)
        pull_updates_again(services)

    await _run("refresh-permissions-daily", refresh, context)


@blueprint.function_name("read_updates")
@blueprint.timer_trigger(arg_name="timer", schedule="%UPDATES_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def read_updates(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Bring what changed in Spotler to the records."""
    from connector.pulls.updates import pull_updates  # noqa: PLC0415 - heavy, loaded when used

    await _run("read-updates", pull_updates, context)


@blueprint.function_name("read_bounces")
@blueprint.timer_trigger(arg_name="timer", schedule="%BOUNCES_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def read_bounces(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Show in Spotler Info which contacts bounced."""
    from connector.pulls.bounces import read_bounces as read  # noqa: PLC0415 - heavy, loaded when used

    await _run("read-bounces", read, context)


@blueprint.function_name("read_visitors")
@blueprint.timer_trigger(arg_name="timer", schedule="%VISITORS_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def read_visitors(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Bring visitors of the website, and the pages that they viewed, from Spotler Leads."""
    from connector.pulls.visitors import read_visitors as read  # noqa: PLC0415 - heavy, loaded when used

    await _run("read-visitors", read, context)


@blueprint.function_name("refresh_lists")
@blueprint.timer_trigger(arg_name="timer", schedule="%LISTS_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def refresh_lists(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Order the sync of every Marketing List that was synced before, and find out who has another permission."""

    def refresh(services: "Services") -> None:
        from connector.pulls.lists import refresh_lists as refresh_synced  # noqa: PLC0415 - heavy, loaded when used
        from connector.sync.permissions.list_watch import sync_changed_members  # noqa: PLC0415

        try:
            refresh_synced(services)
        finally:
            sync_changed_members(services)

    await _run("refresh-lists", refresh, context)


@blueprint.function_name("read_interactions")
@blueprint.timer_trigger(arg_name="timer", schedule="%INTERACTIONS_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def read_interactions(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Store what people did with mailings as Marketing Interactions."""
    from connector.pulls.interactions import read_interactions as read  # noqa: PLC0415 - heavy, loaded when used

    await _run("read-interactions", read, context)


@blueprint.function_name("clean_up_jobs")
@blueprint.timer_trigger(arg_name="timer", schedule="%CLEAN_UP_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def clean_up_jobs(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Delete what is kept for a time only: jobs, interactions, website visitors, and the old values of runs."""
    from connector.jobs.nightly import clean_up_nightly  # noqa: PLC0415 - heavy, loaded when used

    await _run("clean-up-jobs", clean_up_nightly, context)


@blueprint.function_name("reconcile_weekly")
@blueprint.timer_trigger(arg_name="timer", schedule="%RECONCILE_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def reconcile_weekly(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Order a comparison of both sides."""
    from connector.reconcile.starting import start_reconcile  # noqa: PLC0415 - heavy, loaded when used

    await _run("reconcile-weekly", start_reconcile, context)


@blueprint.function_name("doctor_hourly")
@blueprint.timer_trigger(arg_name="timer", schedule="%DOCTOR_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def doctor_hourly(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the engine passes them
    """Look at everything that needs no operator, also during a pause, and log what is wrong."""

    def look() -> None:
        from connector.doctor.hourly import look_around  # noqa: PLC0415 - heavy, loaded when used

        look_around()

    await guard.run_timer("doctor-hourly", look, context)


async def _run(name: str, work: "Callable[[Services], object]", context: func.Context) -> None:
    def run() -> str | None:
        from connector import telemetry  # noqa: PLC0415
        from connector.services import get_pause, get_services, get_state  # noqa: PLC0415 - heavy, loaded when used
        from connector.state.successes import record_success  # noqa: PLC0415

        pause = get_pause()
        if pause.is_on():
            pause.log_once()
            return guard.PAUSED
        work(get_services())
        telemetry.succeeded(name)
        record_success(get_state, name, datetime.now(UTC))
        return None

    await guard.run_timer(name, run, context)
