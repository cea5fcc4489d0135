"""Which log records of an app arrive: those of a running invocation, as in Azure, and no others."""

import pytest

APP = """
import asyncio
import contextvars
import logging
from concurrent.futures import ThreadPoolExecutor

import azure.functions as func
import azure_functions_runtime as engine

app = func.FunctionApp()
log = logging.getLogger("app")
pool = ThreadPoolExecutor(1)
log.warning("while the app is loaded")


async def log_in_a_task() -> None:
    log.info("in a task of the function")


@app.service_bus_queue_trigger(arg_name="message", queue_name="single", connection="BUS")
async def told(message: func.ServiceBusMessage, context: func.Context) -> None:
    log.info("in the function")
    await asyncio.create_task(log_in_a_task())
    await asyncio.to_thread(log.info, "in a thread with the context only")
    pool.submit(log.info, "in a thread of a pool").result()
    engine.invocation_id_cv.set(context.invocation_id)
    await asyncio.to_thread(log.info, "in a thread with the invocation")
    pool.submit(contextvars.copy_context().run, log.info, "in a pool with the invocation").result()
    pool.submit(log.info, "in a thread of a pool, again").result()


@app.service_bus_queue_trigger(arg_name="message", queue_name="blocking", connection="BUS")
def told_in_a_thread(message: func.ServiceBusMessage) -> None:
    log.info("in a function of the engine's pool")
    pool.submit(log.info, "in a thread of a pool, again").result()
"""


@pytest.fixture
def messages(stage, app_folder, until):
    """The records of the app that arrived, and those of the host, once the functions have run."""
    host = stage.host(app_folder(APP))
    for queue in ("single", "blocking"):
        stage.send(queue, "log")
        until(lambda queue=queue: stage.counts(queue)["completed"] == 1)
    host.stop()
    return {
        "app": [record.message for record in stage.logs if record.category == "app"],
        "host": [record.message for record in stage.logs if record.category == "Host"],
    }


def test_records_arrive_where_the_invocation_is_known_and_the_others_are_lost(messages):
    assert messages["app"] == [
        "in the function",
        "in a task of the function",
        "in a thread with the invocation",
        "in a pool with the invocation",
        "in a function of the engine's pool",
    ]


def test_the_host_says_once_which_logger_loses_records(messages):
    assert messages["host"] == ["Records of the logger app are lost: they belong to no running invocation."]


def test_every_record_names_its_invocation(stage, app_folder, until):
    stage.host(app_folder(APP))
    for _ in range(2):
        stage.send("single", "log")

    def of_the_app() -> list:
        return [record for record in stage.logs if record.category == "app"]

    until(lambda: len(of_the_app()) == 8)

    assert {record.function for record in of_the_app()} == {"told"}
    assert len({record.invocation for record in of_the_app()}) == 2
