"""One running system with its console and one Chromium for all journeys; a page and people of its own for each."""

import os
from collections.abc import Iterator

import pytest

from sandbox.console.chromium import NoChromium, chromium
from sandbox.people import People
from sandbox.sample_setup import create_setup
from sandbox.small_world import find_by_address
from sandbox.system import Options, console, running
from tests.console.desk import Desk

#: The sweep runs by itself, all other timers when a journey says so.
SETTINGS = {
    "SWEEP_SCHEDULE": "*/2 * * * * *",
    "JOB_SWEEP_AFTER_SECONDS": "3",
    "FEED_FIRST_DAYS": "1",
    "NEW_SUBSCRIBERS": "contact",
    # More than all journeys cause together.
    "BRAKE_LEAST": "40",
}
#: Short locks and leases: what a killed engine leaves is taken over in seconds.
LOCK_SECONDS = 6.0


# Not for the session: while Playwright runs, no other test of this process can run an event loop.
@pytest.fixture(scope="module")
def browser():
    try:
        with chromium() as browser:
            yield browser
    except NoChromium as reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))


@pytest.fixture(scope="module")
def town(request, tmp_path_factory):
    """The running system with its console, and what a user of Dynamics may do without it."""
    request.getfixturevalue("browser")  # without one, nothing is started
    folder = tmp_path_factory.mktemp("console")
    options = Options(automatic=True, lock_seconds=LOCK_SECONDS, settings=SETTINGS)
    with running(options, folder=folder) as system, console(system, folder) as part:
        find_by_address(system.spotler)
        people = People(system.dataverse)
        yield part, people, create_setup(people)


@pytest.fixture
def desk(browser, town) -> Iterator[Desk]:
    part, people, ids = town
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    desk = Desk(context.new_page(), part.get("url"), people, ids)
    yield desk
    problems = desk.problems
    desk.calm()
    context.close()
    assert problems == []
