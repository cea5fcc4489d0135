"""`python3 dev.py screenshots`: the pictures of the console in the documentation, from a system that runs for them.

They are taken anew whenever the console has changed, so that they show what there is.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from sandbox.console.chromium import NoChromium, chromium
from sandbox.launch import ROOT, DidNotStart, Part
from sandbox.people import People
from sandbox.run import LOCK_SECONDS, SETTINGS
from sandbox.small_world import create_small_world, find_by_address
from sandbox.system import Options, console, running

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER: Final = ROOT / "docs" / "images"
#: The width for which the console is made, and a common height.
SIZE: Final = {"width": 1280, "height": 900}
#: Milliseconds that anything may take.
PATIENCE: Final = 120_000
#: A page of documentation loads quickly.
LARGEST_BYTES: Final = 300_000


def main() -> int:
    """Take the pictures and return the exit code."""
    FOLDER.mkdir(exist_ok=True)
    try:
        with TemporaryDirectory(prefix="console-") as folder, chromium() as browser:
            options = Options(automatic=True, leads=True, settings=SETTINGS, lock_seconds=LOCK_SECONDS)
            with running(options, folder=Path(folder)) as system, console(system, Path(folder)) as part:
                find_by_address(system.spotler)
                ids = create_small_world(People(system.dataverse))
                page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
                page.set_default_timeout(PATIENCE)
                take(page, part, ids)
    except (NoChromium, DidNotStart) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def take(page: "Page", part: Part, ids: dict[str, str]) -> None:
    """The journey through the pictures."""
    page.goto(part.get("url"))
    page.locator("#spotler li", has_text="Zoë").wait_for()
    _keep(page, "console-start.png")

    page.goto(
        f"{part.get('address')}/?d=new-job&op=start-automation&auto={ids['welcome']}&r=contact:{ids['anna']}&s=contact"
    )
    fields = page.locator("#dynamics textarea")
    fields.fill("invoiceEmail=anna@example.org\npayUrl=https://shop.example.org/pay/1\nbasket=p-1,p-2")
    page.mouse.move(0, 0)
    _keep(page, "console-job-form.png")
    page.locator("#save-job").click()
    page.locator("#dynamics .title .pill", has_text="Completed").wait_for()
    page.locator("#spotler li", has_text="Welcome").wait_for()
    page.locator("#story li.spotler").first.wait_for()
    page.locator("#close-notice").click()
    page.locator(".notice").wait_for(state="detached")
    page.locator("#functions li", has_text="Start automation").wait_for()
    page.mouse.move(0, 0)
    _keep(page, "console.png")

    page.locator("#fault-spotler-outage").click()
    page.locator("#new-job").click()
    page.locator("#op").select_option("add-tag")
    page.locator("#dh_tag").fill("Summer sale")
    page.locator("#save-job").click()
    page.locator("#story li", has_text="Waits").first.wait_for()
    page.locator("#bus .pill", has_text="later").first.wait_for()
    page.mouse.move(0, 0)
    _keep(page, "console-outage.png")


def _keep(page: "Page", name: str) -> None:
    """Take a picture; too large a file is an error, because it would stay in the history for ever."""
    taken = page.screenshot(path=FOLDER / name)
    if len(taken) > LARGEST_BYTES:
        raise ValueError(f"{name} has {len(taken)} bytes, more than {LARGEST_BYTES}")
    print(f"docs/images/{name}  {len(taken) // 1000} kB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
