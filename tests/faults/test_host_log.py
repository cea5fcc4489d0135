"""What the host and the engine write down themselves: no personal data, key or body of anybody, whatever happens."""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.dataverse.choices import Operation
from connector.dataverse.names import Account, Flags, Job
from connector.triggers.guard import DeliverAgain, TimerFailed
from sandbox.launch import ROOT
from sandbox.system import Options, System, running
from tests.acceptance.records import SETS
from tests.acceptance.world import World, job_row
from tests.faults.planted import ADDRESS, NAME, PLANTS, SAS, SENTENCE, VALUE

#: The connector with errors in every place where one could leave a function: the text of each quotes what is private.
APP_WITH_MISTAKES = f"""
import azure.functions as func

from connector.routing import router
from connector.jobs import batch
from connector.pulls import automations
from connector.spotler import Spotler
from connector.triggers import jobs, routing, timers


def mistaken(*_, **__):
    raise ValueError({SENTENCE + SAS!r})


def run_batch(services, operation, bodies):
    return mistaken() if operation.slug == "remove-tag" else runs(services, operation, bodies)


def parse_message(body, **properties):
    return mistaken() if b"a message that is mistaken" in body else parse(body, **properties)


runs, parse = batch.run_batch, router.parse_message
batch.run_batch, router.parse_message = run_batch, parse_message
Spotler.add_tags = automations.refresh_automations = mistaken

app = func.FunctionApp()
for blueprint in (routing.blueprint, jobs.blueprint, timers.blueprint):
    app.register_functions(blueprint)
"""


@contextmanager
def app_running(folder: Path, **settings: str) -> Iterator[tuple[World, System]]:
    app = folder / "app"
    app.mkdir()
    (app / "function_app.py").write_text(APP_WITH_MISTAKES, encoding="utf-8")
    for name in ("connector", "mappings", "host.json"):
        (app / name).symlink_to(ROOT / name)
    with running(Options(app=app, settings=settings), folder=folder) as system:
        world = World(system)
        yield world, system
        world.bus.close()


def leaks(log: str, system: System) -> list[str]:
    """The lines that hold what is private, or a key of the app."""
    connection = dict(part.partition("=")[::2] for part in system.settings["ServiceBus"].split(";"))
    names = ("SPOTLER_KEY", "SPOTLER_SECRET", "DATAVERSE_CLIENT_SECRET")
    keys = [connection["SharedAccessKey"], *(system.settings[name] for name in names)]
    private = [text.casefold() for text in (*PLANTS, *keys)]
    return [line for line in log.splitlines() if any(text in line.casefold() for text in private)]


def test_good_bad_and_mistaken_work_leaves_nothing_private_in_the_log_of_the_host(tmp_path):
    with app_running(tmp_path) as (world, system):
        record = world.contact(firstname=NAME, lastname=NAME, emailaddress1=ADDRESS, address1_city=VALUE)
        world.sync(record).assert_completed()
        for table, flag in itertools.product(SETS, (Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL)):
            name = {"name": NAME} if table == Account.TABLE else {"firstname": NAME, "lastname": NAME}
            leaving = world.record(table, emailaddress1=ADDRESS, address1_city=VALUE, **name)
            world.permission(leaving, NAME, subscribed=True)
            world.sync(leaving).assert_completed()
            world.change(leaving, **{flag: True})
            world.sync(leaving).assert_completed("ANONYMIZED" if flag == Flags.DO_NOT_EMAIL else "OK")
        bad = {Job.FIELD_NAME: VALUE, Job.FIELD_VALUE: ADDRESS}
        world.run(Operation.SET_CONTACT_FIELD, record, **bad).assert_failed("JOB_NOT_VALID")
        for operation, name in (
            (Operation.ADD_TAG, NAME),
            (Operation.REMOVE_TAG, NAME),
            (Operation.ADD_TAG, f"{NAME}: a message that is mistaken"),
        ):
            world.people.create(Job.SET, job_row(operation, world.contact(), **{Job.NAME: name, Job.TAG: VALUE}))
        world.run_timer("refresh_automations_daily", fails=True)
        world.run_timer("sweep_jobs")
        for function in ("add_tag", "remove_tag", "route_dataverse_message", "refresh_automations_daily"):
            line = re.compile(rf" {function} (Job \S+: )?Internal error: ValueError@")
            world.until(lambda line=line: line.search(world.log()), f"the log has a line like{line.pattern}")
        for error in (DeliverAgain, TimerFailed):
            world.until(lambda name=error.__name__: name in world.log(), f"the host logs a {error.__name__}")

        assert leaks(world.log(), system) == []


WRONG = {"SPOTLER_PARALLEL": SENTENCE, "SPOTLER_URL": f"http://{NAME}:{SAS}@example.org", "DATAVERSE_URL": SAS}


def test_wrong_settings_are_one_alert_and_leave_nothing_private_in_the_log_of_the_host(tmp_path):
    with app_running(tmp_path, **WRONG) as (world, system):
        world.job(Operation.ADD_TAG, world.contact(lastname=NAME, emailaddress1=ADDRESS), dh_tag=VALUE)
        for _ in range(2):
            world.run_timer("sweep_jobs", fails=True)
            world.run_timer("clean_up_jobs", fails=True)
        world.until(lambda: " add_tag Settings are missing or wrong" in world.log(), "the message is put back")

        assert leaks(world.log(), system) == []
        levels = [line.split()[2] for line in world.log().splitlines() if "Settings are missing or wrong" in line]
        assert levels == ["ERROR"] + ["WARNING"] * 2, "the first is an alert, and equal ones are one line"
        assert "Traceback" not in world.log()
