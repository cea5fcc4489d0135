"""The browser that the tests and the pictures of the console use: Debian's Chromium, driven by Playwright."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: Root needs no sandbox of Chromium's own; the last one spares the page that every window keeps ready below its address
#: bar; the others keep it from asking hosts of the internet.
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
)
#: Automations are marked with emoji, which need a font.
PACKAGES: Final = ("chromium", "fonts-noto-color-emoji")
#: A slow mirror takes minutes for 100 MB.
INSTALL_SECONDS: Final = 900


class NoChromium(Exception):
    """There is no Chromium, and it cannot be installed here; the text says why."""


def find_chromium() -> Path:
    """Chromium, installed from Debian's packages where this is root on Debian or Ubuntu.

    Raises:
        NoChromium: it is not there and cannot be installed.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise NoChromium("Chromium is missing. Install the package chromium, as root: apt-get install chromium")
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(  # noqa: S603 - the commands stand above
            command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, capture_output=True, text=True,
            timeout=INSTALL_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise NoChromium(f"Chromium is missing, and {' '.join(command)} failed: {done.stderr.strip()[-300:]}")
    if found := shutil.which("chromium"):
        return Path(found)
    raise NoChromium("Chromium is missing, although its package was installed.")


@contextmanager
def chromium() -> Iterator["Browser"]:
    """A running Chromium without a window."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow to load, and only this needs it

    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
