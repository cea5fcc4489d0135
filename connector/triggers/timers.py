"""What runs by the clock. The schedules are settings, so that an administrator can change them without a release."""

import asyncio

import azure.functions as func

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("sweep_jobs")
@blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def sweep_jobs(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the engine passes it by name
    """Wake up the jobs whose wake-up was lost."""
    await asyncio.to_thread(_sweep)


def _sweep() -> None:
    from connector.jobs.sweep import sweep  # noqa: PLC0415 - heavy, loaded when used
    from connector.services import get_services  # noqa: PLC0415

    sweep(get_services())
